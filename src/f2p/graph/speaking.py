"""What each node says and hears over ROS, as data: the page of interfaces and the SROS2 policy are made from it.

A test holds it against the endpoints that the running nodes have. Names without a slash at their beginning are in the
namespace of the nodes; those with one belong to the driver, the camera or ROS itself.
"""

from __future__ import annotations

from f2p.graph.endpoints import Endpoints
from f2p.graph.graph import HEARTBEAT_PREFIX, NodeSpec, members
from f2p.graph.names import ACTIONS, SERVICES, TOPICS
from f2p.graph.viewing import MARKERS
from f2p.record.subjects import SUBJECTS, camera

_MOVES = Endpoints(
    publishes=("guarded_twist", "lease"), subscribes=("guard_state", "/odom", "/stretch/joint_states"),
    calls=("guard/stop",), asks=("guarded_move",), watches=("guard",),
)  # fmt: skip
"""Of whoever moves the robot through the guard."""

_STATE = ("/stretch/joint_states", "/odom", "/mode", "/is_runstopped", "/battery")
_MODES = ("/switch_to_position_mode", "/switch_to_navigation_mode")
_DRIVER = "/stretch_controller/follow_joint_trajectory"
_DEPTH = ("/camera/depth/image_rect_raw", "/camera/depth/camera_info")
_ASKED = ("execute_skill", "fine_tune", "perceive", "plan_goal")

_STATION = _MOVES + Endpoints(
    publishes=("operator",), subscribes=("help", "lease"), calls=("guard/resume",)
)  # fmt: skip
"""Of an operator's hands, with whatever they drive."""

_CONSOLE = _STATION + Endpoints(
    subscribes=("achieve_goal/_action/feedback", "achieve_goal/_action/status", "failure", "fine_tune/_action/feedback",
                "fine_tune/_action/status", "graph", "particles", "plan", "plan_status", "recorder_state", "scene",
                "weights", "/diagnostics"),
    calls=("model_server/get_parameters", "monitor/get_parameters", "publish_weights", "record/mark", "record/start",
           "record/stop", "refuse_weights", "rollback_weights"),
    asks=("achieve_goal", "perceive"), watches=("guard", "model_server", "orchestrator", "perception", "recorder"),
)  # fmt: skip
"""Of an operator's web view, in the graph or beside it."""

OWN: dict[str, Endpoints] = {
    "manager": Endpoints(publishes=("graph",)),
    "stretch_sim": Endpoints(
        publishes=(*_STATE, *_DEPTH, "/imu_mobile_base", "/imu_wrist", "/is_homed", "/joint_limits", "/joint_states",
                   "/magnetometer_mobile_base", "/robot_description", "/stretch_sim/ground_truth", "/tf", "/tf_static",
                   "/tool"),
        subscribes=("/stretch/cmd_vel",),
        serves=(*_MODES, "/switch_to_trajectory_mode", "/get_joint_states", "/home_the_robot", "/runstop",
                "/self_collision_avoidance", "/stop_the_robot", "/stow_the_robot", "/stretch_sim/press_runstop",
                "/stretch_sim/reset"),
        executes=(_DRIVER,),
    ),
    "guard": Endpoints(
        publishes=("guard_state", "/stretch/cmd_vel"), subscribes=(*_STATE, "guarded_twist", "lease"),
        serves=("guard/resume", "guard/stop"), calls=(*_MODES, "/runstop", "/stop_the_robot"),
        executes=("guarded_move",), asks=(_DRIVER,), watches=("executor", "manager", "orchestrator", "perception"),
    ),
    "perception": _MOVES + Endpoints(
        publishes=("scene", "/tf_static"), subscribes=(*_DEPTH, "/tf", "/tf_static"), serves=("forget",),
        executes=("perceive",),
    ),
    "model_server": Endpoints(
        publishes=("weights",),
        serves=("detect_relations", "predict", "publish_weights", "refuse_weights", "rollback_weights"),
    ),
    "planner": Endpoints(
        publishes=("plan",), subscribes=("weights",), calls=("detect_relations", "predict"), executes=("plan_goal",),
        watches=("model_server",),
    ),
    "executor": _MOVES + Endpoints(executes=("execute_skill",)),
    "monitor": Endpoints(
        publishes=("failure",), subscribes=("operator", "plan"), serves=("check_outcome",), calls=("detect_relations",),
        watches=("model_server",),
    ),
    "finetune": Endpoints(
        publishes=("particles",), calls=("publish_weights",), executes=("fine_tune",), watches=("model_server",),
    ),
    "orchestrator": Endpoints(
        publishes=("help", "plan_status"), subscribes=("guard_state", "operator"),
        calls=("check_outcome", "rollback_weights"), executes=("achieve_goal",), asks=_ASKED,
        watches=("executor", "finetune", "model_server", "monitor", "perception", "planner"),
    ),
    "recorder": Endpoints(
        publishes=("recorder_state",),
        subscribes=tuple(one.name for one in (*SUBJECTS, *camera(*_DEPTH, "", "/camera/color/image_raw/compressed"))),
        serves=("record/mark", "record/start", "record/stop"), calls=("perception/get_parameters",),
    ),
    "teleop": _STATION + Endpoints(subscribes=("/joy",)),
    "markers": Endpoints(
        publishes=tuple(MARKERS.values()), subscribes=("failure", "particles", "plan", "plan_status", "scene"),
    ),
    "console": _CONSOLE,
}  # fmt: skip
"""Of our own nodes; a node of another package says its own in its `NodeSpec`."""

TOOLS: dict[str, Endpoints] = {
    "f2p_run": Endpoints(subscribes=("/diagnostics",), asks=("achieve_goal",), watches=("orchestrator",)),
    "f2p_record": Endpoints(calls=("record/mark", "record/start", "record/stop"), watches=("recorder",)),
    "f2p_weights": Endpoints(
        calls=("publish_weights", "refuse_weights", "rollback_weights"), watches=("model_server",)
    ),
    "f2p_teleop": _STATION,
    "f2p_console": _CONSOLE,
}
"""Of the commands that an operator types while the processes run."""

LIFECYCLE = ("change_state", "get_available_states", "get_available_transitions", "get_state", "get_transition_graph")
PARAMETERS = (
    "describe_parameters", "get_parameter_types", "get_parameters", "list_parameters", "set_parameters",
    "set_parameters_atomically",
)  # fmt: skip

FROM_JAZZY = "get_type_description"
"""A service of every node from that distribution on."""


def endpoints(spec: NodeSpec) -> Endpoints:
    """Return all that a node has: its own, and what comes with being a node, with a heartbeat and with a lifecycle."""
    own = OWN.get(spec.name, spec.endpoints)
    name, served = spec.name, (*PARAMETERS, FROM_JAZZY, *(LIFECYCLE if spec.lifecycle else ()))
    out = own + being_a_node() + Endpoints(
        publishes=("/diagnostics", spec.heartbeat_topic, *((f"{name}/transition_event",) if spec.lifecycle else ())),
        serves=tuple(f"{name}/{one}" for one in served),
    )  # fmt: skip
    if name == "manager":
        led = tuple(one.name for one in members() if one.lifecycle)
        out += Endpoints(calls=tuple(f"{one}/change_state" for one in led), watches=led)
    return _with_heartbeats(out)


def tool(name: str) -> Endpoints:
    """Return all that the node of a command has. Raises KeyError where there is none of that name."""
    served = tuple(f"{name}/{one}" for one in (*PARAMETERS, FROM_JAZZY))
    return _with_heartbeats(TOOLS[name] + being_a_node() + Endpoints(serves=served))


def is_special(name: str) -> bool:
    """Tell whether an endpoint says something of its node: every node has the others."""
    common = (*PARAMETERS, FROM_JAZZY, *LIFECYCLE, "transition_event")
    return not (
        name.startswith(HEARTBEAT_PREFIX)
        or name in (*being_a_node().publishes, "/diagnostics")
        or name.rpartition("/")[2] in common
    )


def being_a_node() -> Endpoints:
    """Return what every node of ROS says."""
    return Endpoints(publishes=("/parameter_events", "/rosout"))


def _with_heartbeats(one: Endpoints) -> Endpoints:
    return one + Endpoints(subscribes=tuple(HEARTBEAT_PREFIX + name for name in one.watches))


def type_of(kind: str, name: str) -> str:
    """Return the ROS type of an endpoint, such as f2p_msgs/msg/Plan; empty where its node's package says nothing of it.

    Args:
        kind: One of `KINDS`.
        name: As the endpoint has it.
    """
    if name.startswith(HEARTBEAT_PREFIX):
        return "f2p_msgs/msg/Heartbeat"
    table = {"publishes": TOPICS, "subscribes": TOPICS, "serves": SERVICES, "calls": SERVICES}.get(kind, ACTIONS)
    return table.get(name) or table.get(f"~/{name.rpartition('/')[2]}", "")
