"""Clients of actions: what a server leaves behind when its own code fails is no success."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

pytest.importorskip("rclpy", reason="no rclpy: run the set-up (make test) first")

from rclpy.action import ActionServer, CancelResponse, GoalResponse
from rclpy.node import Node
from rclpy.task import Future

from f2p.errors import CanceledError
from f2p.loop.errors import DeadlineError, RemoteError
from f2p.ros.base.client import ActionCaller
from f2p.ros.errors import F2pError
from f2p.ros.remote.goal import spinning
from f2p_msgs.action import GuardedMove

pytestmark = pytest.mark.together


@pytest.fixture
def node(ros_domain: int) -> Iterator[Node]:
    with spinning("test_client") as made:
        yield made


def raises(_handle: Any) -> GuardedMove.Result:
    raise ZeroDivisionError("a fault nobody foresaw")


def aborts(handle: Any) -> GuardedMove.Result:
    handle.abort()
    return GuardedMove.Result()


def refuses(handle: Any) -> GuardedMove.Result:
    handle.abort()
    return GuardedMove.Result(error_code=961, error_msg="no")


def succeeds(handle: Any) -> GuardedMove.Result:
    handle.succeed()
    return GuardedMove.Result(contact=True)


def ask(node: Node, execute: Callable[[Any], GuardedMove.Result]) -> GuardedMove.Result:
    with spinning("test_server") as server:
        ActionServer(server, GuardedMove, "test/move", execute)
        return ActionCaller(node, GuardedMove, "test/move", "guard", None).run(GuardedMove.Goal(), 30.0)


@pytest.mark.parametrize("execute", [raises, aborts])
def test_a_goal_that_ended_badly_without_a_code_is_an_error(node: Node, execute: Callable[..., Any]) -> None:
    with pytest.raises(RemoteError, match="guard ended the goal with status 6 and without an error code"):
        ask(node, execute)


@pytest.mark.parametrize(("execute", "code"), [(refuses, 961), (succeeds, 0)])
def test_a_result_that_says_why_and_a_good_one_come_back(node: Node, execute: Callable[..., Any], code: int) -> None:
    result = ask(node, execute)
    assert result.error_code == code and result.contact == (code == 0)


@pytest.mark.parametrize(("error", "deadline_s"), [(CanceledError, 30.0), (DeadlineError, 4.0)])
def test_a_goal_accepted_after_nobody_waits_for_it_is_canceled(
    node: Node, error: type[F2pError], deadline_s: float
) -> None:
    """It ran on: there was no handle yet that could have been canceled."""
    asked, answer, taken_back = threading.Event(), threading.Event(), threading.Event()

    def slowly(_goal: object) -> GoalResponse:
        asked.set()
        answer.wait(timeout=60)
        return GoalResponse.ACCEPT

    with spinning("test_server") as server:
        over = Future(executor=server.executor)

        async def execute(handle: Any) -> GuardedMove.Result:
            await over
            handle.canceled()
            return GuardedMove.Result()

        def cancel(_handle: object) -> CancelResponse:
            taken_back.set()
            over.set_result(None)
            return CancelResponse.ACCEPT

        ActionServer(server, GuardedMove, "test/move", execute, goal_callback=slowly, cancel_callback=cancel)
        caller = ActionCaller(node, GuardedMove, "test/move", "guard", None)
        with pytest.raises(error):
            caller.run(GuardedMove.Goal(), deadline_s, lambda: error is CanceledError and asked.is_set())
        assert asked.is_set()
        answer.set()
        assert taken_back.wait(timeout=30)
