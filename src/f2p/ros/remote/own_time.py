"""The robot's own time, which whoever commands it keeps: by a recording's time, what was recorded is fresh."""

from __future__ import annotations

from rcl_interfaces.msg import SetParametersResult
from rclpy.clock import ROSClock
from rclpy.node import Node
from rclpy.parameter import Parameter

USE_SIM_TIME = "use_sim_time"
"""Parameter that every ROS node has."""

OTHER_TIME = (
    f"{USE_SIM_TIME} is set: by the time of a recording what was recorded is as fresh as what the robot says, so "
    "nothing moves; leave it away for the guard"
)
"""Why a guard with another time takes no motions (promises.md 5.27)."""


def keep_own_time(node: Node) -> None:
    """Refuse another time from now on; asked before whatever changes the node's time is."""
    node.add_on_set_parameters_callback(_refuse_other_time)


def other_time(node: Node) -> str:
    """Return why nothing is to move where the node's time is not the robot's, logged as an error too; else empty."""
    clock = node.get_clock()
    if not (isinstance(clock, ROSClock) and clock.ros_time_is_active):
        return ""
    node.get_logger().error(OTHER_TIME, once=True)
    return OTHER_TIME


def _refuse_other_time(changed: list[Parameter]) -> SetParametersResult:
    other = any(one.name == USE_SIM_TIME and one.value is True for one in changed)
    return SetParametersResult(successful=not other, reason=OTHER_TIME if other else "")
