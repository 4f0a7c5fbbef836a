"""The view of rviz: its topics are those of the graph, and markers are drawn only while somebody looks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

pytest.importorskip("rclpy", reason="no rclpy: run the set-up (make test) first")

from geometry_msgs.msg import Pose, PoseArray
from std_msgs.msg import String
from visualization_msgs.msg import Marker, MarkerArray

from f2p.graph import graph, outside
from f2p.graph.viewing import MARKERS, MARKERS_NODE
from f2p.plan.analytic import AnalyticPredictor
from f2p.plan.tree import StepStatus, plan_tree
from f2p.ros.messages.convert import TASK_FRAME, plan_to_msg, scene_to_msg
from f2p.ros.nodes import markers
from f2p.scene.goals import parse_goal
from f2p.types import Plan, SkillCall
from f2p.weights.golden import golden_scene
from f2p_msgs.msg import Contradiction, Failure

ROOT = Path(__file__).resolve().parents[3]

SHOWN = {
    "/robot_description": "RobotModel", "/camera/depth/color/points": "PointCloud2",
    "/camera/depth/image_rect_raw": "Image",
}  # fmt: skip
"""Which display can show what the driver and the camera publish."""


class Topic:
    """A publisher, and how many look."""

    def __init__(self) -> None:
        self.looking, self.told = 0, []

    def get_subscription_count(self) -> int:
        return self.looking

    def publish(self, message: MarkerArray) -> None:
        self.told.append(message)


@pytest.fixture
def node(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The node without ROS below it: its subscriptions as functions, its publishers as lists."""

    def make(self: Any, *_: object) -> None:
        self.heard, self.offered, self.together = {}, {}, None

    def subscribe(self: Any, kind: type, name: str, store: Callable, *_: object, **__: object) -> None:
        self.heard[name] = (kind, store)

    def offer(self: Any, kind: type, name: str, *_: object) -> Topic:
        self.offered[name] = kind
        return Topic()

    said = SimpleNamespace(warning=lambda *_, **__: None)
    clock = SimpleNamespace(now=lambda: SimpleNamespace(nanoseconds=7_000_000_000))
    for name, value in (
        ("__init__", make), ("create_subscription", subscribe), ("create_publisher", offer),
        ("get_logger", lambda _: said), ("get_clock", lambda _: clock),
    ):  # fmt: skip
        monkeypatch.setattr(markers.F2pNode, name, value)
    out: Any = markers.MarkersNode()
    out.connect()
    return out


def displays(tree: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for one in tree.get("Displays", []):
        yield one
        yield from displays(one)


def test_every_display_of_rviz_shows_a_topic_of_the_graph_by_its_type(node: Any) -> None:
    view = yaml.safe_load((ROOT / "config" / "f2p.rviz").read_text())["Visualization Manager"]
    ours = {f"{graph.within('')}/{name}": name for name in node.offered}
    assert {f"{graph.within('')}/{topic}" for topic in MARKERS.values()} == set(ours)
    seen = set()
    for one in displays(view):
        topic = one.get("Topic", one.get("Description Topic"))
        if topic is None:
            continue
        name, kind = topic["Value"], one["Class"].split("/")[1]
        seen.add(name)
        if name in ours:
            assert node.offered[ours[name]] is MarkerArray and kind == "MarkerArray"
            assert topic["Durability Policy"] == "Transient Local", "who comes late sees nothing"
        else:
            assert name in outside.TOPICS and SHOWN[name] == kind
            assert kind == "RobotModel" or topic["Reliability Policy"] == "Best Effort", "images would not arrive"
    assert seen == {*ours, *SHOWN}


def test_what_it_listens_to_is_published_by_the_graph(node: Any) -> None:
    sources = "\n".join(path.read_text() for path in (ROOT / "src/f2p/ros/nodes").glob("*.py"))
    for name, (kind, _) in node.heard.items():
        short = {"Failure": "FailureMessage", "Plan": "PlanMessage"}.get(kind.__name__, kind.__name__)
        assert f'create_publisher({short}, "{name}", qos.LATCHED)' in sources, name


def test_the_groups_that_rviz_lists_are_those_that_are_drawn(node: Any) -> None:
    view = yaml.safe_load((ROOT / "config" / "f2p.rviz").read_text())["Visualization Manager"]
    listed = {one["Topic"]["Value"]: set(one["Namespaces"]) for one in displays(view) if "Namespaces" in one}
    fill(node)
    for one in node._topics.values():
        one.looking = 1
    node.tick()
    for name, topic in MARKERS.items():
        (told,) = node._topics[name].told
        assert {one.ns for one in told.markers[1:]} == listed[f"{graph.within('')}/{topic}"], name


def fill(node: Any) -> None:
    """Let everything be published once."""
    scene = golden_scene()
    call = SkillCall("pick_place", "box", [0.1, 0.0, 0.0, 0.0])
    predictions = AnalyticPredictor().predict(scene, (call,))
    plan = Plan("plan-1", parse_goal("above(box, table_b)"), (call,), 0.9, predictions, "w", believed=True)
    failure = Failure(id="failure-1", cause="model", message="it fell")
    failure.contradictions = [Contradiction(relation="above", subject="box", object=scene.names[0], predicted=0.9)]
    for name, message in (
        ("scene", scene_to_msg(scene)), ("plan", plan_to_msg(plan, 0)), ("failure", failure),
        ("plan_status", String(data=plan_tree(plan, [StepStatus.DONE]))), ("particles", PoseArray(poses=[Pose()])),
    ):  # fmt: skip
        node.heard[name][1](message)


def test_nothing_is_drawn_while_nobody_looks_and_everything_once_for_who_comes(node: Any) -> None:
    fill(node)
    node.tick()
    assert not any(topic.told for topic in node._topics.values())
    node._topics["plan"].looking = 1
    node.tick()
    node.tick()
    (told,) = node._topics["plan"].told
    assert told.markers[0].action == Marker.DELETEALL and all(one.header.frame_id == TASK_FRAME for one in told.markers)
    assert any("✓ 1 pick_place(box)" in one.text for one in told.markers), "the status, not the bare plan"
    keys = [(one.ns, one.id) for one in told.markers[1:]]
    assert len(set(keys)) == len(keys), "one would take the other's place"
    fill(node)
    node.tick()
    assert len(node._topics["plan"].told) == 2, "drawn again once it changed"
    assert not node._topics["scene"].told


def test_what_cannot_be_drawn_empties_its_display_and_the_others_go_on(node: Any) -> None:
    fill(node)
    bad = scene_to_msg(golden_scene())
    bad.header.frame_id = "map"
    node.heard["scene"][1](bad)
    for name in ("scene", "particles"):
        node._topics[name].looking = 1
    node.tick()
    assert [one.action for one in node._topics["scene"].told[0].markers] == [Marker.DELETEALL]
    assert len(node._topics["particles"].told[0].markers) == 2


def test_the_node_runs_only_when_wanted_and_nothing_moving_depends_on_it() -> None:
    spec = graph.node(MARKERS_NODE)
    assert spec.optional and not spec.by_default and MARKERS_NODE not in graph.VITAL
