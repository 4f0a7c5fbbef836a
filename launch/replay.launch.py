"""What can work on a recording, beside a player; nothing moves: `ros2 launch f2p replay.launch.py use_sim_time:=true`.

`f2p replay BAG --play` plays with /clock and says in which ROS domain: launch this in the same one.
"""

from launch import LaunchDescription

from f2p.ros.launching import describe


def generate_launch_description() -> LaunchDescription:
    """Return every process that a recording needs."""
    return describe("replay")
