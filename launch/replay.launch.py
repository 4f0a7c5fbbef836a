"""A recording played with /clock, and what can work on it; nothing moves: `ros2 launch f2p replay.launch.py bag:=PATH`.

Player and nodes are in a ROS domain of their own on this machine, where no robot is; `rate:=`, `start:=` and `paused:=`
say how it is played, the services `player/pause` and `player/step` while it is. Without `bag:=` there is no player.
"""

from launch import LaunchDescription

from f2p.ros.launching import describe


def generate_launch_description() -> LaunchDescription:
    """Return every process that a recording needs."""
    return describe("replay")
