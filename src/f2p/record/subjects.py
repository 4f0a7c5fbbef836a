"""What the recorder listens to: topics that matter for understanding a failure, with their types and delivery."""

from __future__ import annotations

from dataclasses import dataclass

SENSOR, STATE, LATCHED = "sensor", "state", "latched"
"""Kinds of delivery: the newest or nothing; every value; the last value for late joiners too."""


@dataclass(frozen=True)
class Subject:
    """One topic worth recording."""

    name: str
    """As a node of the stack says it: relative to the stack's namespace unless it begins with a slash."""
    kind: str
    delivery: str = STATE
    bulky: bool = False
    """Whether it is an image or a cloud: compressed while it waits in memory, and with a budget of its own."""
    kept: int = 0
    """How many of its last values are part of every recording, however old they are."""


def latched(name: str, kind: str, kept: int = 1) -> Subject:
    """Return a topic whose last value holds until the next."""
    return Subject(name, kind, LATCHED, kept=kept)


IMAGE, INFO, CLOUD = "sensor_msgs/msg/Image", "sensor_msgs/msg/CameraInfo", "sensor_msgs/msg/PointCloud2"
COLOUR = "sensor_msgs/msg/CompressedImage"

SUBJECTS: tuple[Subject, ...] = (
    Subject("/joint_states", "sensor_msgs/msg/JointState"),
    Subject("/stretch/joint_states", "sensor_msgs/msg/JointState"),
    Subject("/odom", "nav_msgs/msg/Odometry"),
    Subject("/mode", "std_msgs/msg/String"),
    Subject("/is_runstopped", "std_msgs/msg/Bool"),
    Subject("/stretch/cmd_vel", "geometry_msgs/msg/Twist"),
    Subject("/tf", "tf2_msgs/msg/TFMessage"),
    latched("/tf_static", "tf2_msgs/msg/TFMessage", kept=20),
    latched("/robot_description", "std_msgs/msg/String"),
    latched("scene", "f2p_msgs/msg/SegmentedScene"),
    latched("plan", "f2p_msgs/msg/Plan"),
    latched("failure", "f2p_msgs/msg/Failure"),
    latched("weights", "f2p_msgs/msg/WeightsState"),
    latched("guard_state", "f2p_msgs/msg/GuardState"),
    Subject("lease", "f2p_msgs/msg/Lease"),
    Subject("guarded_twist", "f2p_msgs/msg/GuardedTwist"),
    Subject("/joy", "sensor_msgs/msg/Joy"),
    Subject("operator", "f2p_msgs/msg/OperatorWord"),
    latched("help", "f2p_msgs/msg/Help"),
    latched("plan_status", "std_msgs/msg/String"),
    Subject("perceive/_action/feedback", "f2p_msgs/action/PerceiveScene_FeedbackMessage"),
    Subject("achieve_goal/_action/feedback", "f2p_msgs/action/AchieveGoal_FeedbackMessage"),
    Subject("execute_skill/_action/feedback", "f2p_msgs/action/ExecuteSkill_FeedbackMessage"),
    latched("achieve_goal/_action/status", "action_msgs/msg/GoalStatusArray"),
    latched("execute_skill/_action/status", "action_msgs/msg/GoalStatusArray"),
    Subject("/stretch_sim/ground_truth", "f2p_msgs/msg/GroundTruth", SENSOR),
)
"""Besides the camera, whose topics are settings. Images of 20 Hz apart they are some 100 KB/s."""


def camera(depth: str, info: str, cloud: str, colour: str) -> tuple[Subject, ...]:
    """Return the camera's topics; an empty name leaves one out."""
    every = (
        Subject(depth, IMAGE, SENSOR, bulky=True), Subject(info, INFO, SENSOR),
        Subject(cloud, CLOUD, SENSOR, bulky=True), Subject(colour, COLOUR, SENSOR, bulky=True),
    )  # fmt: skip
    return tuple(one for one in every if one.name)


_FOREVER = "sec: 9223372036, nsec: 854775807"


def qos_text(delivery: str) -> str:
    """Return the offered QoS of a topic as rosbag2 writes it, so that players publish it likewise."""
    reliability, durability = (2 if delivery == SENSOR else 1), (1 if delivery == LATCHED else 2)
    lines = (
        "- history: 1", "  depth: 10", f"  reliability: {reliability}", f"  durability: {durability}",
        f"  deadline: {{{_FOREVER}}}", f"  lifespan: {{{_FOREVER}}}", "  liveliness: 1",
        f"  liveliness_lease_duration: {{{_FOREVER}}}", "  avoid_ros_namespace_conventions: false",
    )  # fmt: skip
    return "\n".join(lines)
