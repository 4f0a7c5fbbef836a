"""Names that are not ours: the driver's, the camera's and TF's. They are global, and may be moved to a namespace.

Two robots on one network have drivers, cameras and transforms in a namespace each; our nodes are told by remapping.
"""

from __future__ import annotations

import re

from f2p.graph.errors import GraphError

ACTION = "/stretch_controller/follow_joint_trajectory"
"""The driver's trajectory action."""

TOPICS = (
    "/stretch/joint_states", "/joint_states", "/stretch/cmd_vel", "/odom", "/mode", "/tool", "/battery", "/is_homed",
    "/is_runstopped", "/is_streaming_position", "/joint_limits", "/imu_mobile_base", "/magnetometer_mobile_base",
    "/imu_wrist", "/robot_description", "/tf", "/tf_static", "/camera/depth/image_rect_raw",
    "/camera/depth/camera_info", "/camera/depth/color/points", "/camera/color/image_raw/compressed", "/joy",
)  # fmt: skip

SERVICES = (
    "/switch_to_position_mode", "/switch_to_navigation_mode", "/switch_to_trajectory_mode", "/stop_the_robot",
    "/home_the_robot", "/stow_the_robot", "/get_joint_states", "/runstop", "/self_collision_avoidance",
    "/stretch_sim/reset", "/stretch_sim/press_runstop", "/stretch_sim/ground_truth",
)  # fmt: skip

POSITION_MODE = "/switch_to_position_mode"
"""Asks for the only mode in which f2p commands joints."""

NEEDED = ("/stop_the_robot", POSITION_MODE, "/runstop", "/get_joint_states", f"{ACTION}/_action/send_goal")
"""Services without which a driver is none for us; whether they are there is looked at before autonomy."""

ACTION_PARTS = ("send_goal", "cancel_goal", "get_result", "feedback", "status")
"""An action is five names to ROS, and each is remapped by itself."""


def moved(namespace: str) -> tuple[tuple[str, str], ...]:
    """Return every name that is not ours with what it is in a namespace; nothing for the global one.

    Raises:
        GraphError: It is no absolute namespace.
    """
    if namespace in ("", "/"):
        return ()
    if not re.fullmatch(r"(/[A-Za-z_][A-Za-z0-9_]*)+", namespace):
        raise GraphError(f"the driver's namespace {namespace!r}: write an absolute one, e.g. /left, or nothing")
    names = (*TOPICS, *SERVICES, *(f"{ACTION}/_action/{part}" for part in ACTION_PARTS))
    return tuple((name, f"{namespace}{name}") for name in names)
