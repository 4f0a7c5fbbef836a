"""Processes around a guard for tests: `beat NAME…` is signs of life, `move` drives the base under a lease for ever.

SIGUSR1 hangs the thread that spins: a callback that never returns.
"""

from __future__ import annotations

import signal
import sys
import threading
from pathlib import Path

import rclpy
from rclpy.executors import SingleThreadedExecutor

from f2p.errors import F2pError
from f2p.graph import graph
from f2p.graph.places import comm
from f2p.robot.protocol import TRANSLATE, Motion
from f2p.ros.base.heartbeat import Pulse, Watch
from f2p.ros.base.transports import transports
from f2p.ros.remote.goal import spinning
from f2p.ros.remote.guard import GuardClient


def beat(names: list[str]) -> None:
    """Beat as some nodes of the graph."""
    with transports():
        rclpy.init()
        node = rclpy.create_node("beats", namespace=graph.NAMESPACE)
    if len(names) == 1:
        Path("/proc/self/comm").write_text(comm(names[0]))  # as a process of the graph is called
    signal.signal(signal.SIGUSR1, lambda *_: threading.Event().wait(timeout=1000))
    pulses = [Pulse(node, graph.node(name)) for name in names]
    node.create_timer(graph.BEAT_S, lambda: [pulse.beat("active") for pulse in pulses])
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    while True:
        executor.spin_once(timeout_sec=0.2)


def move() -> None:
    """Drive on and on; after each end say how it came, and wait for a new lease."""
    with spinning("asker") as node:
        robot = GuardClient(node, Watch(node, ["guard"]))
        signal.signal(signal.SIGUSR1, lambda *_: threading.Event().wait(timeout=1000))
        while True:
            try:
                with robot.leased():
                    for _ in range(100):
                        robot.move(Motion((TRANSLATE,), (2.0,), (0.15,)))
            except F2pError as error:
                print(f"END {error.code}: {error}", flush=True)
                return


if __name__ == "__main__":
    if sys.argv[1] == "beat":
        beat(sys.argv[2:])
    else:
        move()
