"""The kinds of delivery the graph uses, stated once (ros.md 3)."""

from __future__ import annotations

from rclpy.duration import Duration
from rclpy.qos import DurabilityPolicy, HistoryPolicy, LivelinessPolicy, QoSProfile, ReliabilityPolicy

SENSOR = QoSProfile(
    history=HistoryPolicy.KEEP_LAST, depth=1, reliability=ReliabilityPolicy.BEST_EFFORT,
    durability=DurabilityPolicy.VOLATILE,
)  # fmt: skip
"""Images and clouds: the newest or nothing."""

STATE = QoSProfile(
    history=HistoryPolicy.KEEP_LAST, depth=1, reliability=ReliabilityPolicy.RELIABLE,
    durability=DurabilityPolicy.VOLATILE,
)  # fmt: skip
"""Joint states, odometry, mode: the driver's own profile."""

LATCHED = QoSProfile(
    history=HistoryPolicy.KEEP_LAST, depth=1, reliability=ReliabilityPolicy.RELIABLE,
    durability=DurabilityPolicy.TRANSIENT_LOCAL,
)  # fmt: skip
"""The last value, for late joiners too."""

TRANSFORMS = QoSProfile(
    history=HistoryPolicy.KEEP_LAST, depth=100, reliability=ReliabilityPolicy.RELIABLE,
    durability=DurabilityPolicy.VOLATILE,
)  # fmt: skip
"""/tf; /tf_static is the same with TRANSIENT_LOCAL."""

STATIC_TRANSFORMS = QoSProfile(
    history=HistoryPolicy.KEEP_LAST, depth=100, reliability=ReliabilityPolicy.RELIABLE,
    durability=DurabilityPolicy.TRANSIENT_LOCAL,
)  # fmt: skip


def perishable(life_s: float) -> QoSProfile:
    """Return the delivery of a question that nobody shall hear once it is as old as that [s], nor its answer.

    A service's questions are kept and sent again until they are heard: one that was asked while the network was cut
    was heard three seconds later, 1.6 s after the network was back (measured, Fast DDS 2.14.5).
    """
    return QoSProfile(
        history=HistoryPolicy.KEEP_LAST, depth=10, reliability=ReliabilityPolicy.RELIABLE,
        durability=DurabilityPolicy.VOLATILE, lifespan=Duration(seconds=life_s),
    )  # fmt: skip


def heartbeat(period_s: float, lease_s: float, depth: int = 1) -> QoSProfile:
    """Return a heartbeat every `period_s`, with a deadline of two periods and manual liveliness (promises.md 0.7).

    Manual by topic: only the ticking timer asserts it, so that a hung callback counts as silence. A listener that ends
    whoever is silent keeps more than the last, so that forged ones do not push out the one that counts.
    """
    return QoSProfile(
        history=HistoryPolicy.KEEP_LAST, depth=depth, reliability=ReliabilityPolicy.RELIABLE,
        durability=DurabilityPolicy.VOLATILE, deadline=Duration(seconds=2 * period_s),
        liveliness=LivelinessPolicy.MANUAL_BY_TOPIC, liveliness_lease_duration=Duration(seconds=lease_s),
    )  # fmt: skip
