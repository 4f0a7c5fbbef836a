"""Types of the topics, services and actions that the nodes have; `~/` stands for a node's own name."""

from __future__ import annotations

from f2p.graph.viewing import MARKERS
from f2p.record.subjects import SUBJECTS

TOPICS: dict[str, str] = {
    **{one.name: one.kind for one in SUBJECTS},
    **dict.fromkeys(MARKERS.values(), "visualization_msgs/msg/MarkerArray"),
    "fine_tune/_action/feedback": "f2p_msgs/action/FineTune_FeedbackMessage",
    "fine_tune/_action/status": "action_msgs/msg/GoalStatusArray",
    "graph": "diagnostic_msgs/msg/DiagnosticArray",
    "particles": "geometry_msgs/msg/PoseArray",
    "recorder_state": "diagnostic_msgs/msg/DiagnosticStatus",
    "/diagnostics": "diagnostic_msgs/msg/DiagnosticArray",
    "/rosout": "rcl_interfaces/msg/Log",
    "/parameter_events": "rcl_interfaces/msg/ParameterEvent",
    "~/transition_event": "lifecycle_msgs/msg/TransitionEvent",
    "/camera/depth/image_rect_raw": "sensor_msgs/msg/Image",
    "/camera/depth/camera_info": "sensor_msgs/msg/CameraInfo",
    "/camera/color/image_raw/compressed": "sensor_msgs/msg/CompressedImage",
    "/battery": "sensor_msgs/msg/BatteryState",
    "/imu_mobile_base": "sensor_msgs/msg/Imu",
    "/imu_wrist": "sensor_msgs/msg/Imu",
    "/is_homed": "std_msgs/msg/Bool",
    "/joint_limits": "sensor_msgs/msg/JointState",
    "/magnetometer_mobile_base": "sensor_msgs/msg/MagneticField",
    "/tool": "std_msgs/msg/String",
}

_TRIGGER, _SET = "std_srvs/srv/Trigger", "std_srvs/srv/SetBool"
_TRANSITIONS = "lifecycle_msgs/srv/GetAvailableTransitions"

SERVICES: dict[str, str] = {
    **dict.fromkeys(("forget", "guard/resume", "guard/stop", "record/mark", "record/start", "record/stop"), _TRIGGER),
    **{one: f"f2p_msgs/srv/{kind}" for one, kind in {
        "check_outcome": "CheckOutcome", "detect_relations": "DetectRelations", "predict": "Predict",
        "publish_weights": "PublishWeights", "refuse_weights": "RefuseWeights", "rollback_weights": "RollbackWeights",
    }.items()},
    **dict.fromkeys((
        "/switch_to_position_mode", "/switch_to_navigation_mode", "/switch_to_trajectory_mode", "/stop_the_robot",
        "/home_the_robot", "/stow_the_robot", "/get_joint_states", "/stretch_sim/reset",
    ), _TRIGGER),
    **dict.fromkeys(("/runstop", "/self_collision_avoidance", "/stretch_sim/press_runstop"), _SET),
    **{f"~/{one}": f"rcl_interfaces/srv/{kind}" for one, kind in {
        "describe_parameters": "DescribeParameters", "get_parameter_types": "GetParameterTypes",
        "get_parameters": "GetParameters", "list_parameters": "ListParameters", "set_parameters": "SetParameters",
        "set_parameters_atomically": "SetParametersAtomically",
    }.items()},
    "~/get_type_description": "type_description_interfaces/srv/GetTypeDescription",
    "~/change_state": "lifecycle_msgs/srv/ChangeState",
    "~/get_state": "lifecycle_msgs/srv/GetState",
    "~/get_available_states": "lifecycle_msgs/srv/GetAvailableStates",
    "~/get_available_transitions": _TRANSITIONS,
    "~/get_transition_graph": _TRANSITIONS,
}  # fmt: skip

ACTIONS: dict[str, str] = {
    "achieve_goal": "f2p_msgs/action/AchieveGoal",
    "execute_skill": "f2p_msgs/action/ExecuteSkill",
    "fine_tune": "f2p_msgs/action/FineTune",
    "guarded_move": "f2p_msgs/action/GuardedMove",
    "perceive": "f2p_msgs/action/PerceiveScene",
    "plan_goal": "f2p_msgs/action/PlanGoal",
    "/stretch_controller/follow_joint_trajectory": "control_msgs/action/FollowJointTrajectory",
}
