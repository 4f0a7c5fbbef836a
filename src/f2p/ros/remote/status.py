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
from f2p.settings import SettingError
from f2p_msgs.msg import Heartbeat

MOST_DOMAIN = 232
"""Largest ROS domain: with a larger one DDS has no port to listen on."""

DEPTH = 50
"""Beats that wait to be looked at (ours: a second of a process's own with 30 forged ones)."""

HUNG_AFTER_S = 30.0
"""A process that has not been active yet, and is silent for this long, is killed and started again [s] (ours: importing
torch on a busy machine holds the interpreter for seconds). One that was active is, after two leases of silence."""

SURE_S = 1.0
"""How long that has to be seen before it is believed [s] (ours: a listener that was late itself has heard again)."""


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
        self._clock = SystemClock()
        self._lock = threading.Lock()
        self._states: dict[str, tuple[str, int]] = {}
        self._silent_since: dict[str, tuple[int, float]] = {}
        self._context = Context()
        with transports():
            rclpy.init(context=self._context)
            self._node = rclpy.create_node("f2p_status", context=self._context, namespace=inner)
        self._node.create_subscription(DiagnosticArray, "graph", self._on_graph, qos.LATCHED)
        self._watch = Watch(self._node, [spec.name for spec in members()], self._clock, DEPTH)
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
        """Return children that run, but have fallen silent for too long; asked again and again.

        By their own heartbeats: the manager, which would say so of the others, may be the one that hangs.
        """
        now, out = self._clock.monotonic_s(), []
        for name, child in children.items():
            pid = child.process.pid if child.process is not None else 0
            if not self._silent(name, pid, now):
                self._silent_since.pop(name, None)
                continue
            silent_pid, since = self._silent_since.setdefault(name, (pid, now))
            if silent_pid != pid:
                self._silent_since[name] = (pid, now)
            elif now - since > SURE_S:
                out.append(name)
                self._silent_since.pop(name)
        return out

    def _silent(self, name: str, pid: int, now_s: float) -> bool:
        """Tell whether a process has beaten before, and not for longer than one that works does not."""
        life = self._watch.life(name)
        if pid == 0 or life.pid != pid:
            return False  # it starts
        return self._watch.gone(name) if life.worked else now_s - life.received_s > HUNG_AFTER_S

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
