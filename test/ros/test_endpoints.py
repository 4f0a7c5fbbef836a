"""What the graph says that each node has is what it has: its endpoints, as ROS lists them once it is configured."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import pytest

pytest.importorskip("rclpy", reason="no rclpy: run the set-up (make test) first")

import rclpy

from f2p.graph.endpoints import KINDS, Endpoints
from f2p.graph.graph import OWN, NodeSpec
from f2p.graph.policy import CLOCK
from f2p.graph.speaking import FROM_JAZZY, TOOLS, endpoints, tool, type_of
from f2p.ros.base.client import ServiceCaller
from f2p.ros.base.heartbeat import Watch
from f2p.ros.remote.goal import GoalClient, spinning
from f2p.ros.remote.weights import WeightsAsker

pytestmark = pytest.mark.together

PART = "/_action/"


def had_by(node: Any, declared: Endpoints) -> dict[str, dict[str, str]]:
    """Names and types of a node, by kind; the five names of an action are one, unless a part is heard by itself."""
    space, out = node.get_namespace(), {kind: {} for kind in KINDS}
    lists = (
        ("publishes", node.get_publisher_names_and_types_by_node),
        ("subscribes", node.get_subscriber_names_and_types_by_node),
        ("serves", node.get_service_names_and_types_by_node),
        ("calls", node.get_client_names_and_types_by_node),
    )
    for kind, listed in lists:
        for full, types in listed(node.get_name(), space):
            name = full.removeprefix(f"{space}/")
            if PART not in name or name in getattr(declared, kind):
                out[kind][name] = types[0]
            elif name.endswith("send_goal"):
                action = name.split(PART)[0]
                out["executes" if kind == "serves" else "asks"][action] = types[0].removesuffix("_SendGoal")
    return out


def check(node: Any, declared: Endpoints) -> None:
    for kind, found in had_by(node, declared).items():
        usual = {name for name in getattr(declared, kind) if name.rpartition("/")[2] != FROM_JAZZY}
        assert {name for name in found if name.rpartition("/")[2] != FROM_JAZZY} - {CLOCK} == usual, kind
        for name, type_ in found.items():
            assert type_of(kind, name) == type_ or name == CLOCK


@pytest.mark.parametrize("spec", OWN, ids=lambda spec: spec.name)
def test_a_node_has_what_the_graph_says_and_nothing_else(
    spec: NodeSpec, ros_domain: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    module = importlib.import_module(spec.module)
    made: list[Callable[[], Any]] = []
    if hasattr(module, "run"):
        monkeypatch.setattr(module, "run", lambda kind, **_: made.append(kind))
        module.main()
    rclpy.init()
    try:
        node = made[0]() if made else module.StretchSim()
        if spec.lifecycle:
            node.connect()
        check(node, endpoints(spec))
        close = getattr(node, "close", None)
        if close is not None:
            close()
        node.destroy_node()
    finally:
        rclpy.try_shutdown()


def test_a_command_has_no_more_than_its_enclave_allows(ros_domain: int) -> None:
    with spinning("f2p_run") as node:
        GoalClient(node)
        check(node, tool("f2p_run"))
    with spinning("f2p_record") as node:
        watch = Watch(node, ["recorder"])
        from std_srvs.srv import Trigger

        for what in ("start", "stop", "mark"):
            ServiceCaller(node, Trigger, f"record/{what}", "recorder", watch)
        check(node, tool("f2p_record"))
    with spinning("f2p_weights") as node:
        WeightsAsker(node, Watch(node, ["model_server"]))
        check(node, tool("f2p_weights"))
    assert {*TOOLS} == {"f2p_run", "f2p_record", "f2p_weights", "f2p_teleop", "f2p_console"}
