"""Ask other nodes from a worker thread: every call has a deadline, notices a dead server, and may be asked again.

Sending happens on the executor's thread, so that an answer cannot overtake its bookkeeping; the caller only waits.
"""

from __future__ import annotations

import concurrent.futures
import threading
from collections.abc import Callable
from typing import Any

from action_msgs.msg import GoalStatus
from rclpy.action import ActionClient
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.node import Node

from f2p.clock import Clock, SystemClock
from f2p.errors import CanceledError
from f2p.loop.errors import DeadlineError, NodeDeadError, RemoteError
from f2p.ros.base.heartbeat import Watch

TELL_S = 3.0
"""A server that is waited for this long is told of [s] (ours: nobody shall wonder for 5 s)."""

POLL_S = 0.05
"""How often a waiting thread looks at deadline, cancellation and life [s]."""


def never() -> bool:
    """Return the `canceled` of a call nobody takes back."""
    return False


class Patience:
    """How long one call may take, whether its server lives, and whether it is still wanted.

    Args:
        what: Name of the call for messages.
        server: Node that answers.
        deadline_s: Longest wait [s].
        watch: Heartbeats; None for a server that has none (the driver).
        canceled: Asked at every poll.
        clock: Time to the deadline.
        poll_s: Time between two polls [s].
    """

    def __init__(
        self, what: str, server: str, deadline_s: float, watch: Watch | None, canceled: Callable[[], bool] = never,
        clock: Clock | None = None, poll_s: float = POLL_S,
    ) -> None:  # fmt: skip
        self._poll_s = poll_s
        self._what, self._server, self._watch, self._canceled = what, server, watch, canceled
        self._clock = clock or SystemClock()
        self._deadline_s = deadline_s
        self._until = self._clock.monotonic_s() + deadline_s
        self._pid: int | None = None

    def pin(self) -> None:
        """From now on the present process of the server must stay alive."""
        if self._watch is not None:
            self._pid = self._watch.life(self._server).pid

    def unpin(self) -> None:
        """Let the server be restarted again."""
        self._pid = None

    def left_s(self) -> float:
        """Time to the deadline [s]."""
        return self._until - self._clock.monotonic_s()

    def check(self) -> None:
        """Raise CanceledError, NodeDeadError or DeadlineError when there is no sense in waiting on."""
        if self._canceled():
            raise CanceledError(f"{self._what} was canceled")
        if self._watch is not None and self._pid is not None:
            life = self._watch.life(self._server)
            if life.pid != self._pid or self._watch.gone(self._server):
                raise NodeDeadError(f"{self._server} went away during {self._what} (pid {self._pid}, {life.state})")
        if self.left_s() <= 0.0:
            raise DeadlineError(f"{self._what}: {self._server} did not answer within {self._deadline_s:.0f} s")

    def until(self, ready: Callable[[], bool]) -> None:
        """Poll until `ready()`; raises like `check`."""
        pause = threading.Event()
        while not ready():
            self.check()
            pause.wait(timeout=self._poll_s)

    def result(self, future: concurrent.futures.Future) -> Any:
        """Return the future's result; raises like `check`, or what the future raises."""
        while True:
            try:
                return future.result(timeout=self._poll_s)
            except concurrent.futures.TimeoutError:
                self.check()

    def until_active(self, tell: Callable[[str], None] = lambda _text: None) -> None:
        """Wait until the server is active, e.g. back after a respawn; what is waited for is told once it takes long."""
        if self._watch is None:
            return
        watch, began_s, told = self._watch, self._clock.monotonic_s(), False

        def active() -> bool:
            nonlocal told
            waited_s = self._clock.monotonic_s() - began_s
            if not told and waited_s > TELL_S:
                state = watch.life(self._server).state if watch.alive(self._server) else "silent"
                tell(f"{self._what} waits for {self._server}, which is {state}, for up to {self.left_s():.0f} s more")
                told = True
            return watch.active(self._server)

        self.until(active)


def on_executor(node: Node, job: Callable[[], Any]) -> concurrent.futures.Future:
    """Run `job` on the thread that spins `node`; its result, or that of the rclpy future it returns, comes back."""
    answer: concurrent.futures.Future = concurrent.futures.Future()

    def settle(future: Any) -> None:
        error = future.exception()
        answer.set_exception(error) if error is not None else answer.set_result(future.result())

    def start() -> None:
        try:
            started = job()
        except Exception as error:
            answer.set_exception(error)
            return
        if hasattr(started, "add_done_callback"):
            started.add_done_callback(settle)
        else:
            answer.set_result(started)

    executor = node.executor
    assert executor is not None
    executor.create_task(start)
    return answer


class ServiceCaller:
    """Calls one service of one node of the graph.

    Args:
        node: Whose executor sends.
        kind: Service type.
        name: Service name.
        server: Node that answers.
        watch: Heartbeats of that node.
    """

    def __init__(self, node: Node, kind: Any, name: str, server: str, watch: Watch | None) -> None:
        self._node, self._name, self._server, self._watch = node, name, server, watch
        self._client = node.create_client(kind, name, callback_group=ReentrantCallbackGroup())

    def call(
        self, request: Any, deadline_s: float, canceled: Callable[[], bool] = never, *, again: bool = True,
        tell: Callable[[str], None] | None = None,
    ) -> Any:  # fmt: skip
        """Ask and wait.

        Args:
            request: The request.
            deadline_s: Longest wait, restarts of the server included [s].
            canceled: Takes the call back.
            again: Whether the question changes nothing, so that it may be asked again after the server died.
            tell: Called with one line when the server is waited for; the node's log unless given.

        Raises:
            RemoteError: the server answered with an error code, which it keeps.
            DeadlineError, NodeDeadError, CanceledError: no answer.
        """
        patience = Patience(self._name, self._server, deadline_s, self._watch, canceled)
        while True:
            try:
                answer = self._once(request, patience, tell or self._node.get_logger().warning)
            except NodeDeadError:
                if not again:
                    raise
                patience.unpin()
                continue
            if getattr(answer, "error_code", 0):
                raise RemoteError(answer.error_msg, int(answer.error_code))
            return answer

    def _once(self, request: Any, patience: Patience, tell: Callable[[str], None]) -> Any:
        patience.until_active(tell)
        patience.until(self._client.service_is_ready)
        patience.pin()
        return patience.result(on_executor(self._node, lambda: self._client.call_async(request)))


class ActionCaller:
    """Runs goals of one action of one node of the graph.

    Args:
        node: Whose executor sends.
        kind: Action type.
        name: Action name.
        server: Node that runs it.
        watch: Heartbeats of that node; None for the driver, which has none.
        poll_s: How often it is looked whether a goal is wanted still [s].
    """

    def __init__(
        self, node: Node, kind: Any, name: str, server: str, watch: Watch | None, poll_s: float = POLL_S
    ) -> None:  # fmt: skip
        self._node, self._name, self._server, self._watch = node, name, server, watch
        self._poll_s = poll_s
        self._client = ActionClient(node, kind, name, callback_group=ReentrantCallbackGroup())

    def run(
        self, goal: Any, deadline_s: float, canceled: Callable[[], bool] = never,
        feedback: Callable[[Any], None] = lambda _feedback: None, tell: Callable[[str], None] | None = None,
    ) -> Any:  # fmt: skip
        """Send a goal and wait for its result; a goal is never sent twice.

        Returns:
            The result message, its error_code for the caller to read.

        Raises:
            RemoteError: the goal was not accepted, or ended otherwise than well without an error code.
            DeadlineError, NodeDeadError, CanceledError: no result; the goal is canceled, now or once it is accepted.
        """
        patience = Patience(self._name, self._server, deadline_s, self._watch, canceled, poll_s=self._poll_s)
        patience.until_active(tell or self._node.get_logger().warning)
        patience.until(self._client.server_is_ready)
        patience.pin()
        sent = on_executor(
            self._node,
            lambda: self._client.send_goal_async(goal, feedback_callback=lambda message: feedback(message.feedback)),
        )
        try:
            handle = patience.result(sent)
        except (CanceledError, DeadlineError, NodeDeadError):
            sent.add_done_callback(self._take_back)
            raise
        if not handle.accepted:
            raise RemoteError(f"{self._name}: {self._server} did not accept the goal", RemoteError.code)
        result = on_executor(self._node, handle.get_result_async)
        try:
            return self._told(patience.result(result))
        except CanceledError:
            return self._canceled(handle, result)
        except DeadlineError:
            on_executor(self._node, handle.cancel_goal_async)
            raise

    def _take_back(self, sent: concurrent.futures.Future) -> None:
        """Cancel a goal that nobody waits for any more, now that the server has said whether it takes it."""
        if sent.exception(timeout=0) is None and sent.result(timeout=0).accepted:
            on_executor(self._node, sent.result(timeout=0).cancel_goal_async)

    def _canceled(self, handle: Any, result: concurrent.futures.Future) -> Any:
        """Cancel, and give the server a moment to stop and say so."""
        on_executor(self._node, handle.cancel_goal_async)
        try:
            return self._told(Patience(self._name, self._server, 5.0, self._watch).result(result))
        except (DeadlineError, NodeDeadError):
            raise CanceledError(f"{self._name} was canceled; {self._server} did not confirm within 5 s") from None

    def _told(self, ended: Any) -> Any:
        """Return the result; raises RemoteError where it does not say why the goal did not succeed.

        A server whose callback fails leaves such a result behind: all its fields are zero, as if all were well.
        """
        if ended.status != GoalStatus.STATUS_SUCCEEDED and not ended.result.error_code:
            raise RemoteError(
                f"{self._name}: {self._server} ended the goal with status {ended.status} and without an error code; "
                "see its log",
                RemoteError.code,
            )
        return ended.result
