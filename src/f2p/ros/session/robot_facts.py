"""What is heard of a robot within a few seconds: the driver's topics, services and limits, the camera, the frames."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from nav_msgs.msg import Odometry
from rclpy.node import Node
from sensor_msgs.msg import BatteryState, CameraInfo, Image, JointState
from std_msgs.msg import Bool, String
from std_srvs.srv import Trigger
from tf2_msgs.msg import TFMessage

from f2p.clock import Clock, SystemClock
from f2p.ros.base import qos
from f2p.ros.base.client import on_executor
from f2p.ros.messages.convert import stamp_from_msg

STATES: dict[str, Any] = {
    "/stretch/joint_states": JointState, "/odom": Odometry, "/mode": String, "/is_homed": Bool,
    "/battery": BatteryState, "/is_runstopped": Bool, "/joint_limits": JointState,
}  # fmt: skip
CAMERA: dict[str, Any] = {"/camera/depth/image_rect_raw": Image, "/camera/depth/camera_info": CameraInfo}
NEWER = "/is_streaming_position"
"""A topic that only drivers later than the one f2p was written to have."""


@dataclass
class RobotFacts:
    """What was heard."""

    seconds: float
    """How long was listened [s]."""
    last: dict[str, Any] = field(default_factory=dict)
    """Last message of each topic."""
    counts: dict[str, int] = field(default_factory=dict)
    publishers: dict[str, int] = field(default_factory=dict)
    lag_s: float = 0.0
    """Our clock less the stamp of the joint states when they came [s]."""
    parents: dict[str, set[str]] = field(default_factory=dict)
    """Parents that each frame was told to have."""
    services: frozenset[str] = frozenset()
    newer: bool = False

    def rate(self, topic: str) -> float:
        """Messages a second of one topic."""
        return self.counts.get(topic, 0) / self.seconds

    @property
    def heard(self) -> bool:
        """Whether anything of a driver was."""
        return any(self.counts.get(topic) for topic in STATES)


def listen(node: Node, seconds: float, clock: Clock | None = None) -> RobotFacts:
    """Listen for some seconds; asks the driver for its limits, which it tells on request only, and moves nothing."""
    facts, monotonic, pause = RobotFacts(seconds), clock or SystemClock(), threading.Event()

    def hear(topic: str) -> Callable[[Any], None]:
        def store(message: Any) -> None:
            facts.last[topic] = message
            facts.counts[topic] = facts.counts.get(topic, 0) + 1
            if topic == "/stretch/joint_states":
                facts.lag_s = (node.get_clock().now().nanoseconds - stamp_from_msg(message.header.stamp)) / 1e9

        return store

    def frames(message: TFMessage) -> None:
        for item in message.transforms:
            facts.parents.setdefault(item.child_frame_id, set()).add(item.header.frame_id)

    made = [node.create_subscription(kind, topic, hear(topic), qos.STATE) for topic, kind in STATES.items()]
    made += [node.create_subscription(kind, topic, hear(topic), qos.SENSOR) for topic, kind in CAMERA.items()]
    made.append(node.create_subscription(TFMessage, "/tf", frames, qos.TRANSFORMS))
    made.append(node.create_subscription(TFMessage, "/tf_static", frames, qos.STATIC_TRANSFORMS))
    limits = node.create_client(Trigger, "/get_joint_states")
    pause.wait(timeout=min(1.0, seconds / 2.0))  # discovery
    facts.counts.clear()
    began_s = monotonic.monotonic_s()
    while (passed := monotonic.monotonic_s() - began_s) < seconds:
        if limits.service_is_ready() and "/joint_limits" not in facts.last:
            on_executor(node, lambda: limits.call_async(Trigger.Request()))
        pause.wait(timeout=min(0.5, seconds - passed))
    facts.seconds = monotonic.monotonic_s() - began_s
    facts.publishers = {topic: node.count_publishers(topic) for topic in (*STATES, *CAMERA)}
    facts.services = frozenset(name for name, _kinds in node.get_service_names_and_types())
    facts.newer = node.count_publishers(NEWER) > 0
    for one in made:
        node.destroy_subscription(one)
    return facts
