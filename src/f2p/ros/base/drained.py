"""Subscriptions that are emptied now and then instead of waking a processor with each message."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.node import Node
from rclpy.qos import QoSProfile

from f2p.clock import Clock, SystemClock
from f2p.ros.base.timers import steady_timer

PERIOD_S = 0.1
"""Time between two looks [s] (ours: to be woken by each of two hundred messages a second takes rclpy a tenth of a
processor, to fetch twenty at once a fiftieth)."""

MOST = 200
"""Messages of one subscription that a look takes (ours: more than a history holds), so that it ends."""

Take = Callable[[bytes, float], None]
"""What is called with a serialized message, and how long ago it came [s]."""


class _Unwaited(MutuallyExclusiveCallbackGroup):
    """Left out of the executor's wait."""

    def can_execute(self, _entity: Any) -> bool:
        """Tell the executor not to wait."""
        return False


class Drained:
    """Takes serialized messages off subscriptions, of all topics in the order in which they came.

    A history has to hold what comes between two looks. When a message came the middleware says, not the look.

    Args:
        node: Whose executor looks.
        clock: The time by which the middleware says when a message came.
    """

    def __init__(self, node: Node, clock: Clock | None = None) -> None:
        self._node, self._clock = node, clock or SystemClock()
        self._unwaited = _Unwaited()
        self._from: list[tuple[Any, Take]] = []
        self._later: list[tuple[int, Take, bytes]] = []
        steady_timer(node, PERIOD_S, self.look, MutuallyExclusiveCallbackGroup())

    def listen(self, kind: Any, name: str, take: Take, delivery: QoSProfile) -> None:
        """Have `take` called with each message of a topic, on the executor's thread."""
        made = self._node.create_subscription(
            kind, name, lambda _: None, delivery, raw=True, callback_group=self._unwaited
        )
        self._from.append((made, take))

    def look(self, last: bool = False) -> None:
        """Take what came until now; what comes while it looks is for the next time, unless this is the last."""
        began_ns, found = self._clock.stamp_ns(), self._later
        for subscription, take in self._from:
            with subscription.handle:
                for _ in range(MOST):
                    one = subscription.handle.take_message(subscription.msg_type, True)
                    if one is None:
                        break
                    found.append((one[1]["received_timestamp"] or began_ns, take, one[0]))
        found.sort(key=lambda one: one[0])
        self._later = [] if last else [one for one in found if one[0] > began_ns]
        for came_ns, take, data in found:
            if last or came_ns <= began_ns:
                take(data, max(0.0, (self._clock.stamp_ns() - came_ns) / 1e9))
