"""What is done to a process of the running graph, and how the graph gets over it."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from rclpy.node import Node
from std_srvs.srv import Trigger

from f2p.bench.faults import PASSES_S
from f2p.clock import SystemClock
from f2p.errors import F2pError
from f2p.graph import graph
from f2p.graph.supervisor import Supervisor
from f2p.ros.base.client import ServiceCaller
from f2p.ros.base.heartbeat import Watch
from f2p.ros.base.shared_memory import sweep
from f2p.ros.remote.guard import GuardClient
from f2p.ros.session.motions import MotionWatch
from f2p.ros.session.network import DELAY_S, LOST, delaying, dropping

SIGNALS = {"kill": signal.SIGKILL, "stop": signal.SIGSTOP, "hang": signal.SIGUSR1, "jump": signal.SIGUSR2}
"""It is gone; all its threads stand still; its callbacks do; its clock is ahead for a while. See `hangable`."""

NETWORK: dict[str, Callable[[int], contextlib.AbstractContextManager[None]]] = {
    "cut": partial(dropping, share=1.0), "lose": partial(dropping, share=LOST),
    "delay": partial(delaying, after_s=DELAY_S),
}  # fmt: skip
"""Packets from and to it are lost, or late, for a while, see `network`."""

FAULTS = (*SIGNALS, *NETWORK)

MOVE_WITHOUT = "guard", "stretch_sim"
"""Motions are not ended because the guard missed their heartbeats (they are spared of that), but end with them. Theirs
are the only clocks that motions are timed by: a beat counts from when it is heard, whatever its stamp says."""


class Harm:
    """Does harm to the children of a supervisor that others keep up.

    Args:
        node: That listens, and drives.
        supervisor: Whose children.
    """

    def __init__(self, node: Node, supervisor: Supervisor) -> None:
        self._supervisor, self._clock = supervisor, SystemClock()
        self._names = [spec.name for spec in supervisor.specs]
        self._watch = Watch(node, self._names)
        self.motions = MotionWatch(node)
        self.robot = GuardClient(node, self._watch)
        self._resume = ServiceCaller(node, Trigger, "guard/resume", "guard", self._watch)

    def spares(self, name: str, fault: str) -> bool:
        """Tell whether motions are to go on though a fault befalls a process."""
        return name not in MOVE_WITHOUT and (fault == "jump" or bool(graph.node(name).spared))

    def do(self, name: str, fault: str) -> None:
        """Do it now. Raises OSError where it cannot be done."""
        pid = self.pids()[name]
        if fault in SIGNALS:
            os.kill(pid, SIGNALS[fault])
            return
        rules, pause = contextlib.ExitStack(), threading.Event()
        rules.enter_context(NETWORK[fault](pid))

        def heal() -> None:
            with rules:
                pause.wait(timeout=PASSES_S[fault])

        threading.Thread(target=heal, name="f2p-heal").start()

    def pids(self) -> dict[str, int]:
        """Return the process of each name that runs."""
        found = {name: child.process for name, child in self._supervisor.children.items()}
        return {name: one.pid for name, one in found.items() if one is not None}

    def all_back(self, without: Mapping[str, int], within_s: float) -> float | None:
        """Wait until all are active, none as the process in `without`; how long it took, None where it is too long."""
        began_s, pause = self._clock.monotonic_s(), threading.Event()

        def back(name: str) -> bool:
            pid = self.pids().get(name)
            return pid != without.get(name) and self._watch.life(name).pid == pid and self._watch.active(name)

        while not all(map(back, self._names)):
            if self._clock.monotonic_s() - began_s > within_s:
                return None
            pause.wait(timeout=0.02)
        return self._clock.monotonic_s() - began_s

    def settle(self, until_s: float) -> None:
        """Wait until a stamp."""
        threading.Event().wait(timeout=max(0.0, until_s - self.motions.now_s()))

    def unlatch(self) -> bool:
        """Resume as an operator would, where a fault ended in the latch; False while the runstop is pressed."""
        with contextlib.suppress(F2pError):
            return bool(self._resume.call(Trigger.Request(), 5.0).success)
        return False

    def left(self, pids: Mapping[str, int], name: str) -> int:
        """Return how much is left of a process that is gone: itself, and shared memory that nobody owns."""
        gone = pids[name] != self.pids().get(name)
        return int(gone and Path(f"/proc/{pids[name]}").exists()) + int(sweep() > 0)
