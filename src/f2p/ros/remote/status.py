"""What the lifecycle manager says of the graph, heard beside a program that is no node itself."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Mapping

import rclpy
from diagnostic_msgs.msg import DiagnosticArray
from rclpy.context import Context
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor

from f2p.clock import SystemClock
from f2p.graph.graph import members, within
from f2p.graph.supervisor import Child
from f2p.ros.base import qos
from f2p.ros.base.heartbeat import Watch
from f2p.ros.base.transports import transports
from f2p.ros.remote.hung import Hung
from f2p.settings import SettingError
from f2p_msgs.msg import Heartbeat

MOST_DOMAIN = 232
"""Largest ROS domain: with a larger one DDS has no port to listen on."""

DEPTH = 50
"""Beats that wait to be looked at (ours: a second of a process's own with 30 forged ones)."""


def check_domain() -> None:
    """Before `rclpy.init`: see that ROS_DOMAIN_ID is one; rcl ends in a trace otherwise, or DDS ends the process.

    Raises:
        SettingError: It is none.
    """
    told = os.environ.get("ROS_DOMAIN_ID", "")
    if told and not (re.fullmatch(r"0|[1-9][0-9]{0,2}", told) and int(told) <= MOST_DOMAIN):
        raise SettingError(f"ROS_DOMAIN_ID is {told!r}: must be a whole number from 0 to {MOST_DOMAIN}, or not be set")


class GraphStatus:
    """Listens to `graph` on a thread of its own until closed.

    Args:
        namespace: Where the stack is: "" for /f2p, "left" for /left/f2p.

    Raises:
        SettingError: As `check_domain` does.
        GraphError: No namespace is called so.
    """

    def __init__(self, namespace: str = "") -> None:
        check_domain()
        inner = within(namespace)
        clock = SystemClock()
        self._lock = threading.Lock()
        self._states: dict[str, tuple[str, int]] = {}
        self._context = Context()
        with transports():
            rclpy.init(context=self._context)
            self._node = rclpy.create_node("f2p_status", context=self._context, namespace=inner)
        self._node.create_subscription(DiagnosticArray, "graph", self._on_graph, qos.LATCHED)
        self._hung = Hung(Watch(self._node, [spec.name for spec in members()], clock, DEPTH), clock)
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self._node)
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._spin, name="f2p-status", daemon=True)
        self._thread.start()

    def states(self) -> dict[str, str]:
        """Return lifecycle state of each node the manager watches."""
        with self._lock:
            return {name: state for name, (state, _pid) in self._states.items()}

    def all_active(self) -> bool:
        """Tell whether the manager watches nodes and all of them are active."""
        states = self.states()
        return bool(states) and all(state == Heartbeat.ACTIVE for state in states.values())

    def hung(self, children: Mapping[str, Child]) -> list[str]:
        """Return children that run, and hang; to be asked four times a second."""
        return self._hung.among(children)

    def close(self) -> None:
        """Stop listening."""
        self._closed.set()
        self._thread.join(timeout=2.0)
        self._node.destroy_node()
        rclpy.try_shutdown(context=self._context)

    def _spin(self) -> None:
        try:
            while not self._closed.is_set():
                self._executor.spin_once(timeout_sec=0.2)
        except ExternalShutdownException:
            return

    def _on_graph(self, message: DiagnosticArray) -> None:
        with self._lock:
            self._states = {item.name: (item.message, int(item.values[0].value)) for item in message.status}
