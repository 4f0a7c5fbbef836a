"""The console between fake nodes over real DDS: every button asks what it says, and what is heard is shown."""

from __future__ import annotations

import json
import shutil
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("rclpy", reason="no rclpy: run the set-up (make test) first")
pytest.importorskip("viser", reason="no viser: run the set-up (make test) first")

from diagnostic_msgs.msg import DiagnosticStatus
from rcl_interfaces.msg import ParameterValue
from rcl_interfaces.srv import GetParameters
from rclpy.action import ActionServer, CancelResponse
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.node import Node
from std_srvs.srv import Trigger

from f2p.clock import SystemClock
from f2p.console.buttons import Press
from f2p.console.errors import NotNowError
from f2p.errors import F2pError
from f2p.graph import graph
from f2p.loop.errors import RemoteError
from f2p.ros.base import qos
from f2p.ros.base.dozing import AWAKE_S
from f2p.ros.base.heartbeat import Pulse
from f2p.ros.console.session import ASKED, Console, ConsoleConfig
from f2p.ros.messages.convert import goal_from_msg, scene_to_msg
from f2p.ros.remote.goal import spinning
from f2p.ros.remote.weights import PROMOTE, REFUSE, ROLL_BACK, ask_stack
from f2p.settings import overridden
from f2p.weights.golden import golden_scene
from f2p_msgs.action import AchieveGoal, PerceiveScene
from f2p_msgs.msg import Failure, GuardState, Help, Lease, OperatorWord, SegmentedScene, WeightsState
from f2p_msgs.srv import PublishWeights, RefuseWeights, RollbackWeights

pytestmark = pytest.mark.together

UP_S = 150.0
"""Longest wait on a busy machine [s]."""

IDS = ("a" * 64, "b" * 64)


class FakeStack:
    """Beats as the nodes that are asked, writes down what it is asked, and has a guard that obeys leases."""

    def __init__(self, node: Node, folder: Path) -> None:
        self.node, self.folder, self.clock = node, folder, SystemClock()
        self.asked: list[str] = []
        self.words: list[OperatorWord] = []
        self.refuses, self.latched, self.taken_s = "", False, float("-inf")
        self.beating = set(ASKED)
        group = ReentrantCallbackGroup()
        self._guard = node.create_publisher(GuardState, "guard_state", qos.LATCHED)
        self.publishers = {
            name: node.create_publisher(kind, name, qos.LATCHED)
            for name, kind in (("scene", SegmentedScene), ("weights", WeightsState), ("failure", Failure),
                               ("help", Help), ("recorder_state", DiagnosticStatus))
        }  # fmt: skip
        node.create_subscription(Lease, "lease", self._on_lease, qos.STATE)
        node.create_subscription(OperatorWord, "operator", self.words.append, qos.STATE)
        for name in ("guard/stop", "guard/resume", "record/start", "record/stop", "record/mark"):
            node.create_service(Trigger, name, self._trigger(name), callback_group=group)
        node.create_service(PublishWeights, "publish_weights", self._publish, callback_group=group)
        node.create_service(RefuseWeights, "refuse_weights", self._refuse, callback_group=group)
        node.create_service(RollbackWeights, "rollback_weights", self._roll_back, callback_group=group)
        for server in ("monitor", "model_server"):
            node.create_service(GetParameters, f"{server}/get_parameters", self._parameters, callback_group=group)
        ActionServer(node, PerceiveScene, "perceive", self._perceive, callback_group=group)
        ActionServer(node, AchieveGoal, "achieve_goal", self._achieve, callback_group=group,
                     cancel_callback=lambda _handle: CancelResponse.ACCEPT)  # fmt: skip
        self._pulses = {name: Pulse(node, graph.node(name)) for name in ASKED}
        node.create_timer(graph.BEAT_S, self._beat)

    def tell(self, name: str, message: Any) -> None:
        self.publishers[name].publish(message)

    def _beat(self) -> None:
        for name in self.beating:
            self._pulses[name].beat("active")
        taken = self.clock.monotonic_s() - self.taken_s < 0.3
        mode = GuardState.OPERATOR if taken else GuardState.AUTONOMY
        self._guard.publish(GuardState(mode=mode, epoch=1, latched=self.latched, reason="the runstop was pressed"))

    def _on_lease(self, lease: Lease) -> None:
        assert lease.epoch == 1
        if lease.rank == Lease.OPERATOR:
            self.taken_s = self.clock.monotonic_s()

    def _trigger(self, name: str) -> Callable[[Any, Any], Any]:
        def answer(_request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
            self.asked.append(name)
            if name == "guard/resume":
                self.latched = False
            response.success, response.message = not self.refuses, self.refuses or f"{name} was done"
            return response

        return answer

    def _publish(self, request: PublishWeights.Request, response: PublishWeights.Response) -> PublishWeights.Response:
        self.asked.append(f"publish {request.weights_id}")
        response.ok, response.serving = True, request.weights_id
        return response

    def _refuse(self, request: RefuseWeights.Request, response: RefuseWeights.Response) -> RefuseWeights.Response:
        self.asked.append(f"refuse {request.weights_id}: {request.reason}")
        response.ok, response.refused = True, request.weights_id
        return response

    def _roll_back(
        self, request: RollbackWeights.Request, response: RollbackWeights.Response
    ) -> RollbackWeights.Response:
        self.asked.append(f"rollback: {request.reason}")
        response.ok, response.serving = True, IDS[1]
        return response

    def _parameters(self, request: GetParameters.Request, response: GetParameters.Response) -> GetParameters.Response:
        response.values = [ParameterValue(type=4, string_value=str(self.folder / request.names[0]))]
        return response

    def _perceive(self, handle: Any) -> PerceiveScene.Result:
        self.asked.append("perceive")
        result = PerceiveScene.Result()
        if self.refuses:
            result.error_code, result.error_msg = 150, self.refuses
            handle.abort()
        else:
            result.scene = scene_to_msg(golden_scene())
            handle.succeed()
        return result

    def _achieve(self, handle: Any) -> AchieveGoal.Result:
        goal = goal_from_msg(handle.request.goal)
        steps = [f"{one.skill}({one.object})" for one in handle.request.proposal]
        self.asked.append(f"achieve {goal} by {steps} learn from {handle.request.learn_from}")
        handle.publish_feedback(AchieveGoal.Feedback(stage="plan", attempt=1, detail="planning"))
        handle.succeed()
        return AchieveGoal.Result(success=True)


@pytest.fixture
def stack(ros_domain: int, tmp_path: Path) -> Iterator[FakeStack]:
    with spinning("fake_stack") as node:
        yield FakeStack(node, tmp_path)


@pytest.fixture
def console(stack: FakeStack, until: Callable[..., float]) -> Iterator[Console]:
    config = overridden(ConsoleConfig(), {"port": 0, "guard.silent_s": 5.0})
    with spinning("console") as node:
        made = Console(node, config)
        made.url = made.open()  # type: ignore[attr-defined]
        until(lambda: made.listener.waits() == "" and made.listener.view().command.mode == "autonomy", UP_S, "it is up")
        yield made
        made.close()


def test_the_robot_is_held_taken_given_back_and_unlatched(
    stack: FakeStack, console: Console, until: Callable[..., float]
) -> None:
    press = console.desk.press
    with pytest.raises(NotNowError, match="not this console's to give back, and the stack asks for nobody"):
        press(Press.RESUME, "operator 1")
    assert "guard/stop was done; the robot stands" in press(Press.HOLD, "operator 1")
    assert stack.asked == ["guard/stop"]
    until(lambda: console.listener.view().command.here, UP_S, "it is shown whose it is")
    assert not stack.words, "nothing is given back by taking"
    for given, word in ((Press.RESUME, "resume"), (Press.DONE, "done"), (Press.SKIP, "skip"),
                        (Press.GIVE_UP, "give_up")):  # fmt: skip
        assert "the robot stands" in press(Press.PAUSE, "operator 1")
        assert press(given, "operator 1") == f"handed back: {word}"
        until(lambda word=word: stack.words[-1:] and stack.words[-1].choice == word, UP_S, word)
    stack.tell("help", Help(wanted=True, reason="it is unclear", failure_id="failure-1"))
    until(lambda: console.listener.view().plea is not None, UP_S, "the call for help is shown")
    assert press(Press.DONE, "operator 1") == "handed back: done"
    until(lambda: stack.words[-1].failure_id == "failure-1", UP_S, "the answer names the failure")
    stack.latched = True
    until(lambda: console.listener.view().command.latched, UP_S, "the latch is shown")
    with pytest.raises(NotNowError, match=r"the guard is latched \(the runstop was pressed\)"):
        press(Press.RESUME, "operator 1")
    assert press(Press.UNLATCH, "operator 1") == "guard/resume was done"


def test_looks_goals_weights_and_recordings_are_asked_of_who_does_them(
    stack: FakeStack, console: Console, until: Callable[..., float]
) -> None:
    press = console.desk.press
    stack.tell("scene", scene_to_msg(golden_scene()))
    assert press(Press.LOOK, "operator 1") == f"{len(golden_scene().segments)} things are seen"
    for button, name in ((Press.MARK, "mark"), (Press.RECORD, "start"), (Press.STOP_RECORD, "stop")):
        assert press(button, "operator 1") == f"record/{name} was done" and stack.asked[-1] == f"record/{name}"
    assert press(Press.ROLL_BACK, "operator 1") == f"{IDS[1][:12]} serves again"
    assert stack.asked[-1] == "rollback: operator 1 at the console"
    with pytest.raises(NotNowError, match="no weights wait for approval"):
        press(Press.APPROVE, "operator 1")
    with pytest.raises(F2pError, match="there is no goal yet"):
        press(Press.RUN, "operator 1")
    until(lambda: console.listener.view().scene is not None, UP_S, "the scene is seen")
    console.draft.add("above", "box", "table_b", True, console.listener.view().scene)
    console.draft.steps = "pick_place(box)"
    assert press(Press.RUN, "operator 1") == "asked for above(box, table_b)"
    until(lambda: any("above(box, table_b): reached" in one for one in console.desk.notes), UP_S, "the goal ends")
    assert stack.asked[-1] == "achieve above(box, table_b) by ['pick_place(box)'] learn from misses"
    with pytest.raises(NotNowError, match="no goal that was run from here is pursued"):
        press(Press.CANCEL, "operator 1")
    stack.refuses = "the disk is full"
    with pytest.raises(NotNowError, match="the disk is full"):
        press(Press.MARK, "operator 1")
    with pytest.raises(RemoteError, match="the disk is full"):
        press(Press.LOOK, "operator 1")
    stack.tell("recorder_state", DiagnosticStatus(message="listening"))
    until(lambda: console.listener.view().recorder == "listening", UP_S, "what the recorder does is shown")
    stack.beating.discard("recorder")
    until(lambda: not console.listener.view().recorder, UP_S, "the recorder is gone")
    with pytest.raises(NotNowError, match="recorder is silent: start the stack with recorder:=true"):
        press(Press.RECORD, "operator 1")


def test_weights_that_wait_are_approved_or_refused(
    stack: FakeStack, console: Console, until: Callable[..., float]
) -> None:
    """By the services that `f2p weights --running` asks, so that their store may be on another machine."""
    state = WeightsState(serving=IDS[0], champion=IDS[0], waiting=IDS[1], skills=["pick_place", "push"])
    stack.tell("weights", state)
    until(lambda: console.listener.view().weights.waiting == IDS[1], UP_S, "who waits is shown")
    assert console.listener.view().weights.skills == ("pick_place", "push")
    assert console.desk.press(Press.APPROVE, "operator 1") == f"{IDS[1][:12]} serves"
    assert stack.asked[-1] == f"publish {IDS[1]}" and ask_stack(PROMOTE, "waiting", "", "") == "waiting"
    assert stack.asked[-1] == "publish waiting"
    assert console.desk.press(Press.REFUSE, "operator 1") == f"{IDS[1][:12]} is refused"
    assert stack.asked[-1] == f"refuse {IDS[1]}: refused by operator 1 at the console"
    assert ask_stack(REFUSE, IDS[1], "why", "") == IDS[1] and stack.asked[-1] == f"refuse {IDS[1]}: why"
    assert ask_stack(ROLL_BACK, "", "why", "") == IDS[1] and stack.asked[-1] == "rollback: why"
    stack.tell("weights", WeightsState(serving=IDS[0], champion=IDS[0]))
    until(lambda: not console.listener.view().weights.waiting, UP_S, "nobody waits any more")
    with pytest.raises(NotNowError, match="no weights wait for approval"):
        console.desk.press(Press.REFUSE, "operator 1")


def test_a_stack_on_this_machine_has_its_lineage_shown(
    stack: FakeStack, console: Console, until: Callable[..., float]
) -> None:
    from f2p.weights.modules import open_store

    store = open_store(stack.folder / "store")
    stack.tell("weights", WeightsState(serving=store.champion, champion=store.champion))
    until(lambda: bool(console.listener.view().weights.rows), UP_S, "the lineage is shown")
    (row,) = console.listener.view().weights.rows
    assert row.roles == ("champion",) and row.skills == tuple(store.manifest(store.champion).config["skills"])


def test_failures_are_shown_with_their_pages_and_nothing_else_is_sent(
    stack: FakeStack, console: Console, until: Callable[..., float]
) -> None:
    case = stack.folder / "folder" / "failure-1"
    case.mkdir(parents=True)
    (case / "case.json").write_text(json.dumps({"no": "failure"}))
    (case / "report.html").write_text("why it failed")
    (stack.folder / "secret.html").write_text("a secret")
    failure = Failure(id="failure-1", cause="model", message="it fell")
    failure.step.skill, failure.step.object = "pick_place", "box"
    stack.tell("failure", failure)
    until(lambda: any(row.page for row in console.listener.view().failures), UP_S, "the failure and its page")
    (row,) = console.listener.view().failures
    assert (row.id, row.step, row.cause, row.message) == ("failure-1", "pick_place(box)", "model", "it fell")
    url = console.url  # type: ignore[attr-defined]
    with urllib.request.urlopen(f"{url}case/failure-1", timeout=10) as answer:
        assert answer.read() == b"why it failed"
    for wanted in ("../../secret.html", "%2e%2e", "failure-2", ""):
        assert console.listener.page(wanted) is None
    shutil.rmtree(case)
    assert console.listener.page("failure-1") is None


def test_a_console_nobody_looks_at_rests_and_wakes_for_a_press(
    stack: FakeStack, console: Console, until: Callable[..., float]
) -> None:
    until(lambda: not console._group.awake, AWAKE_S + 20.0, "it rests")
    stack.tell("scene", scene_to_msg(golden_scene()))
    assert console.desk.press(Press.MARK, "operator 1") == "record/mark was done"
    until(lambda: console.listener.view().scene is not None, UP_S, "what came meanwhile is shown")


def test_without_a_stack_the_command_says_what_it_waits_for_and_a_taken_port_ends_it(
    processes: Any, until: Callable[..., float]
) -> None:
    first = processes.start("first", "-m", "f2p", "console", "--port", "0", "--namespace", "nowhere")
    until(lambda: "http://127.0.0.1:" in processes.log("first"), UP_S, "the address")
    took_s = until(lambda: "no stack is running in /nowhere/f2p" in processes.log("first"), UP_S, "what it waits for")
    assert took_s < 30.0
    port = processes.log("first").split("http://127.0.0.1:")[1].split("/")[0]
    second = processes.start("second", "-m", "f2p", "console", "--port", port)
    assert second.wait(timeout=UP_S) == 2
    assert "error 980" in processes.log("second") and "another --port" in processes.log("second")
    first.terminate()
    assert first.wait(timeout=20) == 0
