"""Actions of our nodes: one goal at a time, and every way to end tells its code."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

pytest.importorskip("rclpy", reason="no rclpy: run the set-up (make test) first")

import rclpy
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from rclpy.executors import SingleThreadedExecutor
from rclpy.lifecycle import TransitionCallbackReturn

from f2p.errors import UNFORESEEN, CanceledError
from f2p.ros.base import node as node_module
from f2p.ros.base.client import ActionCaller, ServiceCaller
from f2p.ros.base.node import F2pNode
from f2p.ros.errors import BusyError
from f2p.ros.nodes.executor import ExecutorConfig
from f2p.ros.nodes.model_server import ModelServerNode
from f2p.ros.remote.goal import spinning
from f2p_msgs.action import ExecuteSkill
from f2p_msgs.msg import SkillCall

pytestmark = pytest.mark.together

ACTION = "test/skill"
WITHIN_S = 60.0


@pytest.fixture
def begun(ros_domain: int) -> Iterator[threading.Event]:
    """An active node whose skill "wait" goes on until it is canceled, and whose others fail; set when one waits."""
    begun, ended = threading.Event(), threading.Event()

    def job(handle: Any) -> ExecuteSkill.Result:
        if handle.request.call.skill != "wait":
            raise ZeroDivisionError("a fault nobody foresaw")
        begun.set()
        while not handle.is_cancel_requested:
            assert not ended.wait(timeout=0.02)
        raise CanceledError("it was taken back")

    rclpy.init()
    node = F2pNode("executor", ExecutorConfig())
    node.state_label = "active"
    node.act(ExecuteSkill, ACTION, job, WITHIN_S)
    executor = SingleThreadedExecutor()
    executor.add_node(node)

    def spin() -> None:
        while not ended.is_set():
            executor.spin_once(timeout_sec=0.1)

    thread = threading.Thread(target=spin)
    thread.start()
    yield begun
    ended.set()
    thread.join(timeout=10)
    node.close()
    node.destroy_node()
    rclpy.try_shutdown()


def test_busy_canceled_and_failed_goals_say_so(begun: threading.Event) -> None:
    taken_back = threading.Event()
    with spinning("test_node") as node, ThreadPoolExecutor(1) as pool:
        caller = ActionCaller(node, ExecuteSkill, ACTION, "executor", None)
        failed = caller.run(ExecuteSkill.Goal(call=SkillCall(skill="fail")), WITHIN_S)
        assert (failed.error_code, failed.error_msg) == (UNFORESEEN, "ZeroDivisionError: a fault nobody foresaw")
        first = pool.submit(caller.run, ExecuteSkill.Goal(call=SkillCall(skill="wait")), WITHIN_S, taken_back.is_set)
        assert begun.wait(timeout=WITHIN_S)
        second = caller.run(ExecuteSkill.Goal(call=SkillCall(skill="wait")), WITHIN_S)
        assert second.error_code == ExecuteSkill.Result.BUSY == BusyError.code and "another goal" in second.error_msg
        taken_back.set()
        assert first.result(timeout=WITHIN_S).error_code == ExecuteSkill.Result.CANCELED == CanceledError.code


@pytest.fixture
def ros(ros_domain: int) -> Iterator[None]:
    rclpy.init()
    yield
    rclpy.try_shutdown()


def test_every_worker_is_kept_to_its_deadlines_and_joined_at_exit(ros: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The model server's loader hung and nobody noticed; a load at exit aborted the process."""
    ends: list[int] = []
    monkeypatch.setattr(node_module.os, "_exit", ends.append)
    monkeypatch.setattr(node_module, "CLOSE_S", 0.4)
    node, gate, begun = ModelServerNode(), threading.Event(), threading.Event()
    beats: list[str] = []
    monkeypatch.setattr(node._pulse, "beat", beats.append)

    def hangs() -> None:
        begun.set()
        gate.wait(timeout=WITHIN_S)

    loading = node._loader.submit(hangs, deadline_s=0.01)
    assert begun.wait(timeout=10)
    threading.Event().wait(timeout=0.1)
    node._tick()
    assert not beats and not ends, "a job past its deadline stops the heartbeat first"
    monkeypatch.setattr(node_module, "OVERDUE_EXIT_S", 0.05)
    node._tick()
    assert ends == [70]
    assert not node.close(), "a thread that has not ended must be told of, or the exit aborts"
    gate.set()
    loading.result(timeout=10)
    assert node.close()
    node.destroy_node()


def test_a_transition_that_does_not_start_from_here_is_answered_and_harms_nothing(begun: threading.Event) -> None:
    """Who asked for it waited for ever: rclpy raised, and answered nothing."""
    with spinning("test_node") as node:
        caller = ServiceCaller(node, ChangeState, "executor/change_state", "executor", None)
        for transition in (Transition(id=Transition.TRANSITION_ACTIVATE), Transition(id=77), Transition(label="fly")):
            assert not caller.call(ChangeState.Request(transition=transition), WITHIN_S).success
        configure = ChangeState.Request(transition=Transition(id=Transition.TRANSITION_CONFIGURE))
        assert caller.call(configure, WITHIN_S).success
        assert not caller.call(configure, WITHIN_S).success


def test_cleanup_is_refused_and_the_node_can_be_activated_again(ros: None) -> None:
    """After a cleanup the node called itself inactive for ever, and nobody could activate it."""
    node = F2pNode("executor", ExecutorConfig())
    assert node.trigger_configure() is TransitionCallbackReturn.SUCCESS
    node._loading.result(timeout=10)
    assert node.trigger_cleanup() is TransitionCallbackReturn.FAILURE
    assert node.trigger_activate() is TransitionCallbackReturn.SUCCESS and node.state_label == "active"
    assert node.trigger_deactivate() is TransitionCallbackReturn.SUCCESS and node.state_label == "inactive"
    assert node.trigger_cleanup() is TransitionCallbackReturn.FAILURE
    assert node.trigger_activate() is TransitionCallbackReturn.SUCCESS and node.state_label == "active"
    assert node.close()
    node.destroy_node()
