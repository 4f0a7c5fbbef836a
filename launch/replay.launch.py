"""What can work on a recording, beside `ros2 bag play --clock`; nothing moves: `ros2 launch f2p replay.launch.py`."""

from launch import LaunchDescription

from f2p.ros.launching import describe


def generate_launch_description() -> LaunchDescription:
    """Return every process that a recording needs."""
    return describe("replay")
