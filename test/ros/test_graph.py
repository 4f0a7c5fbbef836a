"""Processes of the graph over real DDS: brought up in order, again after a kill; weights swapped under questions."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="no rclpy: run the set-up (make test) first")

from rclpy.node import Node

from f2p.clock import SystemClock
from f2p.loop.errors import DeadlineError, RemoteError
from f2p.plan.errors import StaleWeightsError
from f2p.ros.base import qos
from f2p.ros.base.client import ServiceCaller
from f2p.ros.base.heartbeat import Watch
from f2p.ros.messages.convert import floats, goal_to_msg, scene_to_msg, skeleton_to_msg
from f2p.ros.remote.goal import spinning
from f2p.ros.remote.predictor import RosPredictor
from f2p.ros.remote.status import GraphStatus
from f2p.scene.goals import parse_goal
from f2p.types import Box, Scene, Segment, SkillCall, SkillStep
from f2p_msgs.msg import WeightsState
from f2p_msgs.srv import CheckOutcome, DetectRelations, Predict, PublishWeights, RollbackWeights

pytestmark = pytest.mark.together

UP_S = 150.0
"""Longest bring-up of one process on a busy machine [s]."""

GOAL = parse_goal("above(object, table)")
SKELETON = (SkillStep("pick_place", "object"),)


def scene() -> Scene:
    rng = np.random.default_rng(0)

    def segment(name: str, prior: str, center: tuple[float, ...], size: tuple[float, ...]) -> Segment:
        box = Box(np.array(center), np.array(size))
        return Segment(name, prior, box, box.center + rng.uniform(-0.5, 0.5, (200, 3)) * box.size)

    return Scene((
        segment("table", "table", (0.7, 0.0, 0.475), (0.5, 0.9, 0.05)),
        segment("object", "cuboid", (0.7, 0.1, 0.525), (0.05, 0.05, 0.05)),
    ))  # fmt: skip


@pytest.fixture
def node(ros_domain: int) -> Iterator[Node]:
    with spinning("test_graph") as made:
        yield made


def test_a_killed_node_is_brought_up_again(node: Node, processes: object, until: Callable[..., float]) -> None:
    processes.start("manager", "-m", "f2p.ros.nodes.manager")
    first = processes.start("monitor", "-m", "f2p.ros.nodes.monitor")
    watch, status = Watch(node, ["monitor"]), GraphStatus()
    try:
        until(lambda: watch.active("monitor"), UP_S, "active")
        until(lambda: status.states().get("monitor") == "active", 20, "the manager saying so")
        assert status.states()["planner"] == "starting" and not status.all_active()
        first.kill()
        until(lambda: status.states().get("monitor") == "dead", 20, "the manager noticing")
        second = processes.start("monitor", "-m", "f2p.ros.nodes.monitor")
        until(lambda: watch.active("monitor") and watch.life("monitor").pid == second.pid, UP_S, "active again")
    finally:
        status.close()
    caller = ServiceCaller(node, CheckOutcome, "check_outcome", "monitor", watch)
    with pytest.raises(RemoteError, match="no plan '' is known here") as caught:
        request = CheckOutcome.Request()
        caller.call(request, 30.0)
    assert caught.value.remote_code == 551


def test_a_question_to_nobody_ends_at_its_deadline(node: Node) -> None:
    caller = ServiceCaller(node, DetectRelations, "detect_relations", "model_server", Watch(node, ["model_server"]))
    clock = SystemClock()
    start = clock.monotonic_s()
    with pytest.raises(DeadlineError, match="did not answer within 1 s"):
        caller.call(DetectRelations.Request(), 1.0)
    took = clock.monotonic_s() - start
    assert 0.9 <= took <= 5.0


class Server:
    """A model server with a store of two versions."""

    def __init__(self, node: Node, processes: object, until: Callable[..., float], folder: Path) -> None:
        from f2p.model.factory import create, save_weights
        from f2p.weights.modules import adopt, expected_tensors
        from f2p.weights.store import WeightsStore

        store = WeightsStore(folder / "store", expected_tensors)
        self.ids = []
        for seed in (1, 2):
            save_weights(create(seed=seed), folder / f"{seed}.safetensors", {"made": "a test"})
            self.ids.append(adopt(store, folder / f"{seed}.safetensors", "default"))
        store.publish(self.ids[0], None)
        processes.start("manager", "-m", "f2p.ros.nodes.manager")
        parameters = (f"store:={store.folder}", "serving.measure.most_lost:=1.0")  # its weights know nothing yet
        told = [word for one in parameters for word in ("-p", one)]
        self.arguments = ("-m", "f2p.ros.nodes.model_server", "--ros-args", *told)
        self.process = processes.start("model_server", *self.arguments)
        self.watch = Watch(node, ["model_server"])
        self.states: list[WeightsState] = []
        node.create_subscription(WeightsState, "weights", self.states.append, qos.LATCHED)
        until(lambda: self.watch.active("model_server") and bool(self.states), UP_S, "the model server")
        self.predict = ServiceCaller(node, Predict, "predict", "model_server", self.watch)
        self.detect = ServiceCaller(node, DetectRelations, "detect_relations", "model_server", self.watch)
        self.publish = ServiceCaller(node, PublishWeights, "publish_weights", "model_server", self.watch)
        self.rollback = ServiceCaller(node, RollbackWeights, "rollback_weights", "model_server", self.watch)

    def predictor(self, weights_id: str) -> RosPredictor:
        return RosPredictor(weights_id, self.predict, self.detect)


def test_weights_are_swapped_while_questions_come_and_no_answer_is_mixed(
    node: Node, processes: object, until: Callable[..., float], tmp_path: Path
) -> None:
    server = Server(node, processes, until, tmp_path)
    old, new = server.ids
    parameters = np.random.default_rng(3).uniform(-0.2, 0.2, (20, 1, 4))
    golden = {old: server.predictor(old).score(scene(), SKELETON, parameters, GOAL)}
    (prediction,) = server.predictor(old).predict(scene(), (SkillCall("pick_place", "object", parameters[0, 0]),))
    assert prediction.relations.names == scene().names and prediction.displacements.shape == (2, 3)
    with pytest.raises(StaleWeightsError):
        server.predictor(new).detect(scene())

    request = Predict.Request(
        scene=scene_to_msg(scene()), skeleton=skeleton_to_msg(SKELETON), candidates=20, goal=goal_to_msg(GOAL),
        parameters=floats(parameters),
    )  # fmt: skip
    answers, ended = [], threading.Event()

    def ask() -> None:
        while not ended.is_set():
            answers.append(server.predict.call(request, 60.0))

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        for wanted, parent in ((new, old), (old, new), (new, old)):
            assert server.publish.call(PublishWeights.Request(weights_id=wanted, parent=parent), 90.0, again=False).ok
            golden.setdefault(wanted, server.predictor(wanted).score(scene(), SKELETON, parameters, GOAL))
    finally:
        ended.set()
        asking.join(timeout=90)
    assert {answer.weights_id for answer in answers} == {old, new}
    for answer in answers:
        np.testing.assert_allclose(answer.goal_probability, golden[answer.weights_id], atol=1e-5)
    assert not np.allclose(golden[old], golden[new], atol=1e-4)

    with pytest.raises(RemoteError, match="PARENT_MOVED"):
        server.publish.call(PublishWeights.Request(weights_id=old, parent=old), 90.0, again=False)
    assert server.rollback.call(RollbackWeights.Request(reason="a test"), 60.0, again=False).serving == old
    until(lambda: server.states[-1].serving == old and server.states[-1].champion == old, 20, "the state")


def test_bad_questions_get_codes_and_a_restarted_server_answers_the_same(
    node: Node, processes: object, until: Callable[..., float], tmp_path: Path
) -> None:
    server = Server(node, processes, until, tmp_path)
    parameters = np.zeros((2, 1, 4))
    before = server.predictor(server.ids[0]).score(scene(), SKELETON, parameters, GOAL)
    bad = {
        252: Predict.Request(scene=scene_to_msg(scene()), skeleton=skeleton_to_msg(SKELETON), candidates=3),
        254: Predict.Request(scene=scene_to_msg(scene()), skeleton=skeleton_to_msg((SkillStep("pick_place", "cow"),)),
                             candidates=1, parameters=[0.0] * 4),
        253: Predict.Request(skeleton=skeleton_to_msg(SKELETON), candidates=1, parameters=[0.0] * 4),
        801: None,
    }  # fmt: skip
    for code, request in bad.items():
        with pytest.raises(RemoteError) as caught:
            if request is None:
                server.publish.call(PublishWeights.Request(weights_id="0" * 64), 60.0, again=False)
            else:
                server.predict.call(request, 60.0)
        assert caught.value.remote_code == code, str(caught.value)
    server.process.kill()
    answers: list[np.ndarray] = []
    asking = threading.Thread(
        target=lambda: answers.append(server.predictor(server.ids[0]).score(scene(), SKELETON, parameters, GOAL))
    )
    asking.start()
    processes.start("model_server", *server.arguments)
    asking.join(timeout=UP_S)
    np.testing.assert_allclose(answers[0], before, atol=1e-6)
