"""What a node says of itself on /diagnostics, once a second, under a name that stays: its state, what it waits for."""

from __future__ import annotations

import os

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rclpy.node import Node

from f2p.clock import Clock
from f2p_msgs.msg import Heartbeat

PERIOD_S = 1.0
"""Time between two reports of one node [s] (as diagnostic_updater's default)."""

PATIENCE_S = 3.0
"""A wait this long is told in the log too [s] (ours: bring-up on one machine needs less, and nobody shall wonder)."""

AGAIN_S = 30.0
"""The same wait is told again after this [s] (ours)."""


class OwnDiagnostics:
    """The reports of one node, named by its namespace and name: "f2p/guard".

    Args:
        node: Whose they are.
        clock: Time between two.
    """

    def __init__(self, node: Node, clock: Clock) -> None:
        self._node, self._clock = node, clock
        self._told_s = self._since_s = self._logged_s = float("-inf")
        self._waits, self._error, self._errors = "", "", 0
        self._publisher = node.create_publisher(DiagnosticArray, "/diagnostics", 10)

    def failed(self, text: str) -> None:
        """Note the last request that ended in an error."""
        self._error, self._errors = text, self._errors + 1

    def tell(self, state: str, waits_for: str = "") -> None:
        """Report when it is time, and log a wait that lasts; call it often.

        Args:
            state: Lifecycle state.
            waits_for: What it waits for, and what to do about that; empty when it waits for nothing.
        """
        now = self._clock.monotonic_s()
        self._log_wait(waits_for, now)
        if now - self._told_s < PERIOD_S:
            return
        self._told_s = now
        values = {"pid": os.getpid(), "state": state, "errors": self._errors, "last error": self._error}
        status = DiagnosticStatus(
            level=DiagnosticStatus.OK if state == Heartbeat.ACTIVE else DiagnosticStatus.WARN, hardware_id="f2p",
            name=self._node.get_fully_qualified_name().lstrip("/"),
            message=f"waits for {waits_for}" if waits_for else state,
            values=[KeyValue(key=key, value=str(value)) for key, value in values.items()],
        )  # fmt: skip
        message = DiagnosticArray(status=[status])
        message.header.stamp = self._node.get_clock().now().to_msg()
        self._publisher.publish(message)

    def _log_wait(self, waits_for: str, now: float) -> None:
        if not waits_for or not self._waits:
            self._since_s = now
        changed, self._waits = waits_for != self._waits, waits_for
        if waits_for and now - self._since_s >= PATIENCE_S and (changed or now - self._logged_s >= AGAIN_S):
            self._node.get_logger().warning(f"waits for {waits_for}")
            self._logged_s = now
