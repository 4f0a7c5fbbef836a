"""A short flood over real DDS at every endpoint of the nodes that need no torch: none ends, none says 999."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="no rclpy: run the set-up (make test) first")

import rclpy
from rclpy.executors import SingleThreadedExecutor

from f2p.errors import UNFORESEEN
from f2p.plan.analytic import AnalyticPredictor
from f2p.ros.base.node import F2pNode
from f2p.ros.nodes.executor import ExecutorNode
from f2p.ros.nodes.finetune import FinetuneNode
from f2p.ros.nodes.model_server import ModelServerNode
from f2p.ros.nodes.monitor import MonitorNode
from f2p.ros.nodes.orchestrator import OrchestratorNode
from f2p.ros.nodes.perception import PerceptionNode
from f2p.ros.nodes.planner import PlannerNode
from f2p.ros.remote.goal import spinning
from f2p.ros.session.flood import endpoints, flood
from f2p.sim.protocol import make_simulator
from f2p.weights.store import WeightsStore

pytestmark = pytest.mark.together

KINDS = (ModelServerNode, PlannerNode, MonitorNode, PerceptionNode, ExecutorNode, OrchestratorNode, FinetuneNode)
SECONDS, RATE = 0.4, 200.0


@pytest.fixture
def nodes(ros_domain: int, tmp_path: Path) -> Iterator[list[F2pNode]]:
    """All of them in this process, active, spun by one thread that fails the test when it ends."""
    store = WeightsStore(tmp_path / "weights", lambda manifest: manifest.tensors)
    rclpy.init(args=["--ros-args", "-p", f"folder:={tmp_path / 'cases'}"])
    made, executor, ended = [kind() for kind in KINDS], SingleThreadedExecutor(), threading.Event()
    service = SimpleNamespace(due=lambda: None, echo=lambda: None, asked=lambda _: None, publish=store.publish,
                              refuse=store.refuse, rollback=lambda _: store.resolve("previous"))  # fmt: skip
    for node in made:
        node.connect()
        node.state_label = "active"
        node._store, node._simulator, node._service = store, make_simulator(), service
        node._pin, node._tell_state = lambda _: AnalyticPredictor("w"), lambda **_: None
        executor.add_node(node)

    def spin() -> None:
        while not ended.is_set():
            executor.spin_once(timeout_sec=0.05)

    thread = threading.Thread(target=spin)
    thread.start()
    yield made
    alive = thread.is_alive()
    ended.set()
    thread.join(timeout=20)
    for node in made:
        node.close()
        node.destroy_node()
    rclpy.try_shutdown()
    assert alive, "a message ended the thread that spins all nodes"


def test_no_endpoint_falls_to_a_flood(nodes: list[F2pNode], tmp_path: Path, until: Callable[..., float]) -> None:
    with spinning("f2p_flood") as node:
        until(lambda: len(list(node.get_node_names())) > len(KINDS), 20.0, "discovery")
        found = list(endpoints(node))
        assert {"PlanGoal_Goal", "Predict_Request", "CheckOutcome_Request", "PerceiveScene_Goal", "Plan"} <= {
            one.kind.__name__ for one in found
        }
        for number, one in enumerate(found):
            flood(node, [one], RATE, SECONDS, np.random.default_rng(number))
        sent = sum(one.sent for one in found)
        answers = sum(sum(one.codes.values()) for one in found)
        unforeseen = [one.name for one in found if one.codes[UNFORESEEN]]
    assert sent > 20 * len(found) and answers > len(found) and not unforeseen, unforeseen
    assert not list(tmp_path.glob("cases/*/case.json")), "a check of a forged plan was kept"
