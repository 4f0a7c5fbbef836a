"""Actions of our nodes: one goal at a time, and every way to end tells its code."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

pytest.importorskip("rclpy", reason="no rclpy: run the set-up (make test) first")

import rclpy
from rclpy.executors import SingleThreadedExecutor

from f2p.errors import UNFORESEEN
from f2p.ros.client import ActionCaller
from f2p.ros.errors import BusyError, CanceledError
from f2p.ros.executor_node import ExecutorConfig
from f2p.ros.goal_client import spinning
from f2p.ros.node import F2pNode
from f2p_msgs.action import ExecuteSkill

ACTION = "test/skill"
WITHIN_S = 60.0


@pytest.fixture
def begun(ros_domain: int) -> Iterator[threading.Event]:
    """An active node whose skill "wait" goes on until it is canceled, and whose others fail; set when one waits."""
    begun, ended = threading.Event(), threading.Event()

    def job(handle: Any) -> ExecuteSkill.Result:
        if handle.request.skill != "wait":
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
        failed = caller.run(ExecuteSkill.Goal(skill="fail"), WITHIN_S)
        assert (failed.error_code, failed.error_msg) == (UNFORESEEN, "ZeroDivisionError: a fault nobody foresaw")
        first = pool.submit(caller.run, ExecuteSkill.Goal(skill="wait"), WITHIN_S, taken_back.is_set)
        assert begun.wait(timeout=WITHIN_S)
        second = caller.run(ExecuteSkill.Goal(skill="wait"), WITHIN_S)
        assert second.error_code == ExecuteSkill.Result.BUSY == BusyError.code and "another goal" in second.error_msg
        taken_back.set()
        assert first.result(timeout=WITHIN_S).error_code == ExecuteSkill.Result.CANCELED == CanceledError.code
