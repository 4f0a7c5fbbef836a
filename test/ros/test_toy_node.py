"""A node of another package as a process of its own: started, brought up, configured, and up again after its death."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytest.importorskip("rclpy", reason="no rclpy: run the set-up (make test) first")

from rclpy.node import Node
from std_msgs.msg import String

from f2p.graph import graph
from f2p.graph.places import SUPERVISOR
from f2p.graph.supervisor import Supervisor, SupervisorConfig
from f2p.registry import Registry
from f2p.ros.base.heartbeat import Watch
from f2p.ros.remote.goal import spinning
from f2p.ros.remote.status import GraphStatus

pytestmark = pytest.mark.together

TOY = Path(__file__).resolve().parents[1] / "toy_package"
UP_S = 150.0
"""Longest bring-up of a process on a busy machine [s]."""


@pytest.fixture
def node(ros_domain: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[Node]:
    """A node beside a graph that has the toy."""
    monkeypatch.syspath_prepend(TOY)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(TOY), os.environ["PYTHONPATH"]]))
    monkeypatch.setattr(graph, "_OTHERS", Registry("node"))
    monkeypatch.delitem(sys.modules, "toy_spec", raising=False)
    with spinning("test_toy") as made:
        yield made


def test_a_foreign_node_is_started_brought_up_and_restarted(
    node: Node, tmp_path: Path, until: Callable[..., float]
) -> None:
    supervisor = Supervisor(
        [spec for spec in graph.nodes("replay") if spec.name in ("manager", "monitor", "toy")], tmp_path,
        SupervisorConfig(backoff_s=0.1), {SUPERVISOR: str(os.getpid())},
        ("--ros-args",), {"manager": ("-p", "graph:=replay"), "toy": ("-p", "text:=beep")},
    )  # fmt: skip
    said: list[str] = []
    node.create_subscription(String, "toy/said", lambda message: said.append(message.data), 1)
    watch, status = Watch(node, ["toy"]), GraphStatus()

    def looked(condition: Callable[[], bool]) -> Callable[[], bool]:
        def look() -> bool:
            supervisor.poll()
            return condition()

        return look

    try:
        supervisor.start()
        until(looked(lambda: watch.active("toy") and bool(said)), UP_S, "the toy saying something")
        until(looked(lambda: status.states().get("toy") == "active"), 20, "the manager knowing of it")
        assert said[0] == "beep" and "guard" not in status.states(), "of a recording's graph"
        first = watch.life("toy").pid
        supervisor.kill("toy")
        until(looked(lambda: watch.active("toy") and watch.life("toy").pid != first), UP_S, "the toy up again")
    finally:
        status.close()
        supervisor.stop()
