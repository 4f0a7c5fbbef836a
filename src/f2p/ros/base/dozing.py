"""Callbacks that rest while nobody needs them: what they listen to does not even wake the executor."""

from __future__ import annotations

from typing import Any

from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.node import Node

from f2p.clock import Clock, SystemClock

AWAKE_S = 10.0
"""How long callbacks go on after they were needed last [s] (ours: longer than any answer is waited for)."""


class DozingGroup(MutuallyExclusiveCallbackGroup):
    """A group whose subscriptions, timers and clients are left out of the executor's wait until somebody stirs.

    Thirty beats and positions a second each, heard for nobody, cost a console a seventh of a processor. What is latched
    comes with the first look.

    Args:
        node: Whose executor is woken.
        clock: Time since it was needed last.
    """

    def __init__(self, node: Node, clock: Clock | None = None) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._node, self._clock = node, clock or SystemClock()
        self._until_s = self._clock.monotonic_s() + AWAKE_S

    def stir(self) -> None:
        """Need it from now on for a while; from any thread."""
        now_s, asleep = self._clock.monotonic_s(), not self.awake
        self._until_s = now_s + AWAKE_S
        executor = self._node.executor
        if asleep and executor is not None:
            executor.wake()

    @property
    def awake(self) -> bool:
        """Whether callbacks run."""
        return self._clock.monotonic_s() < self._until_s

    def can_execute(self, entity: Any) -> bool:
        """Tell the executor whether to wait for a callback."""
        return self.awake and bool(super().can_execute(entity))  # type: ignore[no-untyped-call]
