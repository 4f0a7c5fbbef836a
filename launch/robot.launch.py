"""The whole graph on a real Stretch, beside `stretch_driver.launch.py mode:=position` and the D435i's launch file."""

from launch import LaunchDescription

from f2p.ros.launching import describe


def generate_launch_description() -> LaunchDescription:
    """Return every process of the real robot."""
    return describe("robot")
