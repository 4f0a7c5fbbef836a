"""The whole graph with the simulated Stretch: `ros2 launch f2p sim.launch.py`."""

from launch import LaunchDescription

from f2p.ros.launching import describe


def generate_launch_description() -> LaunchDescription:
    """Return every process of the simulated robot."""
    return describe("sim")
