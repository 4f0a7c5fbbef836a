"""What the simulated driver does, heard from outside: where base and joints are, and which commands it took."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from itertools import pairwise

from action_msgs.msg import GoalStatusArray
from geometry_msgs.msg import Twist
from nav_msgs.msg import Odometry
from rclpy.node import Node
from sensor_msgs.msg import JointState

from f2p.graph import outside
from f2p.ros.base import qos
from f2p.ros.messages.convert import stamp_from_msg

KEPT = 4000
"""Measurements that are kept: two minutes at the driver's 30 Hz."""

STILL = 2e-4
"""Change from one measurement to the next that is no movement [m, rad] (ours: below 0.01 m/s at 30 Hz)."""

STATUS_TOPIC = f"{outside.ACTION}/_action/status"
"""Goals that the driver took, with when."""


@dataclass(frozen=True)
class Sample:
    """One measurement: stamp [s] and positions [m, rad]."""

    at_s: float
    positions: tuple[float, ...]


class MotionWatch:
    """Listens from now on; may be asked from any thread. Times are stamps of the driver [s]."""

    def __init__(self, node: Node) -> None:
        self._lock = threading.Lock()
        self._base, self._joints = deque[Sample](maxlen=KEPT), deque[Sample](maxlen=KEPT)
        self._goals: dict[bytes, float] = {}
        self._twists = deque[float](maxlen=KEPT)
        self._node = node
        node.create_subscription(Odometry, "/odom", self._on_odometry, qos.STATE)
        node.create_subscription(JointState, "/stretch/joint_states", self._on_joints, qos.STATE)
        node.create_subscription(GoalStatusArray, STATUS_TOPIC, self._on_status, qos.LATCHED)
        node.create_subscription(Twist, "/stretch/cmd_vel", self._on_twist, qos.STATE)

    def now_s(self) -> float:
        """Return the time that stamps are made from [s]."""
        return self._node.get_clock().now().nanoseconds / 1e9

    def base_x(self) -> float:
        """Return where the base is along its rails [m]; 0 before it was heard."""
        with self._lock:
            return self._base[-1].positions[0] if self._base else 0.0

    def moving(self) -> bool:
        """Tell whether base or joints moved in the last three measurements."""
        with self._lock:
            return any(_moved(list(kept)[-4:]) for kept in (self._base, self._joints))

    def stood_s(self, since_s: float, until_s: float) -> float:
        """Return how long after `since_s` the last movement was seen [s]."""
        with self._lock:
            moved = [at for kept in (self._base, self._joints) for at in _moved(_between(kept, since_s, until_s))]
        return max(moved, default=since_s) - since_s

    def travel(self, since_s: float, until_s: float) -> float:
        """Return how far the base was from where it was heard to be last before `since_s`, at the most [m]."""
        with self._lock:
            before, some = _between(self._base, 0.0, since_s), _between(self._base, since_s, until_s)
        if not some:
            return 0.0
        x, y = (before[-1] if before else some[0]).positions[:2]
        return max(((one.positions[0] - x) ** 2 + (one.positions[1] - y) ** 2) ** 0.5 for one in some)

    def begun(self, since_s: float, until_s: float) -> list[float]:
        """Return when the driver took commands of motion."""
        with self._lock:
            return [at for at in (*self._goals.values(), *self._twists) if since_s < at <= until_s]

    def _on_odometry(self, message: Odometry) -> None:
        at, where = stamp_from_msg(message.header.stamp) / 1e9, message.pose.pose
        with self._lock:
            self._base.append(Sample(at, (where.position.x, where.position.y, where.orientation.z)))

    def _on_joints(self, message: JointState) -> None:
        with self._lock:
            self._joints.append(Sample(stamp_from_msg(message.header.stamp) / 1e9, tuple(message.position)))

    def _on_status(self, message: GoalStatusArray) -> None:
        with self._lock:
            for one in message.status_list:
                name = bytes(one.goal_info.goal_id.uuid)
                self._goals.setdefault(name, stamp_from_msg(one.goal_info.stamp) / 1e9)

    def _on_twist(self, message: Twist) -> None:
        if message.linear.x or message.angular.z:
            with self._lock:
                self._twists.append(self.now_s())


def _between(kept: deque[Sample], since_s: float, until_s: float) -> list[Sample]:
    return [one for one in kept if since_s <= one.at_s <= until_s]


def _moved(samples: list[Sample]) -> list[float]:
    """Return the stamps at which something was elsewhere than before."""
    return [
        after.at_s
        for before, after in pairwise(samples)
        if any(abs(a - b) > STILL for a, b in zip(before.positions, after.positions, strict=False))
    ]
