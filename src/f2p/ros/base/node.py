"""What our nodes share: construct / configure / activate, a heartbeat, parameters, and workers beside the executor.

A callback only stores or submits. Work that takes time runs on a worker thread with a deadline; the executor's
thread never runs torch, never waits, and keeps beating. A job that overruns its deadline, on any of the workers, stops
the heartbeat, then the process.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from concurrent.futures import Future as ConcurrentFuture
from typing import Any

import rclpy
from rclpy.action import ActionServer, CancelResponse
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup, ReentrantCallbackGroup
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.impl.implementation_singleton import rclpy_implementation
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from rclpy.signals import SignalHandlerOptions
from rclpy.task import Future

from f2p.clock import SystemClock
from f2p.errors import F2pError
from f2p.events import EventLog
from f2p.graph import ending, graph
from f2p.graph.places import orphaned
from f2p.loop.errors import DeadlineError
from f2p.ros.base.diagnostics import OwnDiagnostics
from f2p.ros.base.goals import RESULT_S, TOLD_S, GoalGate
from f2p.ros.base.heartbeat import Pulse
from f2p.ros.base.parameters import Parameters
from f2p.ros.base.timers import steady_timer
from f2p.ros.base.transitions import answer_transitions
from f2p.ros.base.transports import transports
from f2p.ros.base.worker import Worker
from f2p.ros.errors import BusyError, NotReadyError, wire_code, wire_text
from f2p.ros.messages.bounds import within
from f2p.settings import SettingError
from f2p_msgs.msg import Heartbeat

RCLError = rclpy_implementation.RCLError

OVERDUE_EXIT_S = 5.0
"""A job this long past its deadline ends the process, so that it is restarted [s] (ours)."""

ANSWER_S = 0.3
"""How long a finalized process lives on, so that its answer to the transition goes out [s] (ours)."""

REST_S = 1.5
"""Longest wait at the end for what the process moves to come to rest [s] (ours: the guard's proof, twice)."""

CLOSE_S = 2.0
"""Longest wait at exit for the jobs of all workers together [s] (ours: less than a supervisor's patience of 4 s)."""


class F2pNode(LifecycleNode):
    """Base of the graph's lifecycle nodes.

    Args:
        name: Its name in the graph.
        defaults: Config dataclass whose fields become parameters.
    """

    def __init__(self, name: str, defaults: Any) -> None:
        super().__init__(name, namespace=graph.NAMESPACE)
        answer_transitions(self)
        self.spec = graph.node(name)
        self.monotonic = SystemClock()
        self.parameters = Parameters(self, defaults)
        self._workers: list[Worker] = []
        self.worker = self.new_worker("worker")
        self.together = ReentrantCallbackGroup()
        self.state_label = Heartbeat.UNCONFIGURED
        self._loading: Any = None
        self._running_actions: set[str] = set()
        self._waiting: list[tuple[Future, float, str]] = []
        self._finalized_s: float | None = None
        self._pulse = Pulse(self, self.spec)
        self._diagnostics = OwnDiagnostics(self, self.monotonic)
        steady_timer(self, self.spec.heartbeat_s, self._tick, MutuallyExclusiveCallbackGroup())

    def new_worker(self, role: str) -> Worker:
        """Add one more worker thread, kept to its deadlines and joined at exit as the first one."""
        self._workers.append(Worker(f"{self.spec.name}-{role}"))
        return self._workers[-1]

    def event_log(self, path: str) -> EventLog:
        """Return what takes events: each is one line of the log, and a row of the file `path` where that is named."""
        return EventLog(path, self.spec.name, self.get_logger().info, self.get_logger().warning)

    def connect(self) -> None:
        """Create topics, services and actions (configure; on the executor's thread; opens nothing else)."""

    def load(self) -> None:
        """Fetch what takes time: models, files (configure; on the worker thread)."""

    def waiting_for(self) -> str:
        """Return what it waits for, and what to do about it; it is not activated before. Empty where it is nothing."""
        return ""

    def tick(self) -> None:
        """Do what is due with every heartbeat while active."""

    def lively(self) -> bool:
        """Tell whether all of the process is well, and it may beat; for signs of life beyond the executor's thread."""
        return True

    def halt(self, why: str) -> None:
        """Bring to rest what this process moves; called at every transition out of "active" and before its end."""

    @property
    def resting(self) -> bool:
        """Whether nothing moves any more on its account."""
        return True

    @property
    def over(self) -> bool:
        """Whether the process is to end: a finalized node does nothing any more, and is started anew by who watches."""
        since_s = self._finalized_s
        waited_s = 0.0 if since_s is None else self.monotonic.monotonic_s() - since_s
        return since_s is not None and waited_s > ANSWER_S and (self.resting or waited_s > REST_S)

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Connect, and start loading in the worker; a node that cannot connect says why and ends."""
        try:
            self.connect()
        except Exception as error:
            self.get_logger().error(f"{self.spec.name}: cannot be configured: {wire_text(error)}")
            os._exit(71)
        self._loading = self.worker.submit(self.load, self.spec.ready_within_s)
        self.state_label = Heartbeat.LOADING
        return TransitionCallbackReturn.SUCCESS

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Succeed once nothing is waited for; the manager does not ask before the heartbeat says "inactive"."""
        self._prepare()
        if self.state_label != Heartbeat.INACTIVE:
            return TransitionCallbackReturn.FAILURE
        self.state_label = Heartbeat.ACTIVE
        self.get_logger().info(f"{self.spec.name}: active")
        return super().on_activate(state)

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Refuse work until activated again."""
        self.state_label = Heartbeat.INACTIVE
        self.halt("it was deactivated")
        return super().on_deactivate(state)

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Refuse: what `connect` made lives as long as the process; a restart is the way to a fresh configuration."""
        self.halt("it was asked to clean up")
        self.get_logger().warning(f"{self.spec.name}: cleanup is refused; end the process to have it configured afresh")
        return TransitionCallbackReturn.FAILURE

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Refuse work for good; the process ends, and whoever keeps it up starts it anew."""
        return self._finalize("it was shut down")

    def on_error(self, state: LifecycleState) -> TransitionCallbackReturn:
        """End likewise: what failed in a transition is not known to be whole."""
        self._finalize("a transition failed")
        return TransitionCallbackReturn.FAILURE

    def _finalize(self, why: str) -> TransitionCallbackReturn:
        self.state_label, self._finalized_s = Heartbeat.FINALIZED, self.monotonic.monotonic_s()
        self.halt(why)
        self.get_logger().warning(f"{self.spec.name}: {why}; the process ends")
        return TransitionCallbackReturn.SUCCESS

    def serve(
        self, kind: Any, name: str, job: Callable[[Any, Any], None], deadline_s: float, worker: Worker | None = None
    ) -> None:  # fmt: skip
        """Offer a service whose `job(request, response)` runs on the worker; errors become error_code and error_msg."""

        async def answer(request: Any, response: Any) -> Any:
            try:
                self._require_active()
                await self.work(lambda: job(within(request), response), deadline_s, name, worker)
            except Exception as error:
                response = kind.Response()
                self._tell(name, error, response)
            return response

        self.create_service(kind, name, answer, callback_group=self.together)

    def act(self, kind: Any, name: str, job: Callable[[Any], Any], deadline_s: float) -> None:
        """Offer an action whose `job(goal_handle) -> result` runs on the worker, one goal at a time.

        The job watches `goal_handle.is_cancel_requested` and raises CanceledError.
        """

        def bounded(handle: Any) -> Any:
            within(handle.request)
            return job(handle)

        async def execute(handle: Any) -> Any:
            result = kind.Result()
            try:
                self._require_active()
                if name in self._running_actions:
                    raise BusyError(f"{name} is at work on another goal; ask again when that has ended")
                self._running_actions.add(name)
                try:
                    result = await self.work(lambda: bounded(handle), deadline_s, name)
                finally:
                    self._running_actions.discard(name)
                handle.abort() if result.error_code else handle.succeed()
            except Exception as error:
                self._tell(name, error, result)
                handle.canceled() if handle.is_cancel_requested else handle.abort()
            return result

        ActionServer(
            self, kind, name, execute, callback_group=self.together,
            goal_callback=GoalGate(self.monotonic), cancel_callback=lambda _handle: CancelResponse.ACCEPT,
            result_timeout=int(RESULT_S),
        )  # fmt: skip

    def offer(
        self, job: Callable[[], Any], deadline_s: float, worker: Worker, done: Callable[[], Any]
    ) -> ConcurrentFuture | None:  # fmt: skip
        """Give a worker a job that can be offered again; None where too many wait. `done` is called after it."""
        try:
            future = worker.submit(job, deadline_s)
        except BusyError:
            return None
        future.add_done_callback(lambda _finished: done())
        return future

    async def work(self, job: Callable[[], Any], deadline_s: float, what: str, worker: Worker | None = None) -> Any:
        """Run `job` on the worker and await it. Raises DeadlineError when it takes too long, or what it raised."""
        future = Future(executor=self.executor)
        inner = (worker or self.worker).submit(job, deadline_s)
        self._waiting.append((future, self.monotonic.monotonic_s() + deadline_s, what))

        def done(finished: Any) -> None:
            if future.done():
                return
            error = finished.exception()
            future.set_exception(error) if error is not None else future.set_result(finished.result(timeout=0))
            executor = self.executor
            if executor is not None:
                executor.wake()

        inner.add_done_callback(done)
        return await future

    def close(self) -> bool:
        """Stop all workers; True when their threads have ended."""
        ended = [worker.close(timeout_s=CLOSE_S / len(self._workers)) for worker in self._workers]
        return all(ended)

    def _require_active(self) -> None:
        if self.state_label != Heartbeat.ACTIVE:
            raise NotReadyError(f"{self.spec.name} is {self.state_label}, not active; wait for it to come up")

    def _tell(self, name: str, error: BaseException, answer: Any) -> None:
        answer.error_code, answer.error_msg = wire_code(error), wire_text(error)
        told = f"{name}: error {answer.error_code}: {answer.error_msg}"
        self._diagnostics.failed(told)
        self.get_logger().warning(told, throttle_duration_sec=TOLD_S)

    def _prepare(self) -> str:
        """Return what is waited for, and tell by the state of a node that is not active yet whether it could be."""
        if self._loading is None or not self._loading.done():
            return ""
        waits_for = self.waiting_for()
        if self.state_label in (Heartbeat.LOADING, Heartbeat.WAITING, Heartbeat.INACTIVE):
            self.state_label = Heartbeat.WAITING if waits_for else Heartbeat.INACTIVE
        return waits_for

    def _tick(self) -> None:
        now = self.monotonic.monotonic_s()
        overdue_s = max(worker.overdue_s() for worker in self._workers)
        if overdue_s > OVERDUE_EXIT_S:
            self.get_logger().error(
                f"{self.spec.name}: a job is {overdue_s:.0f} s past its deadline; ending the process"
            )
            os._exit(70)
        if self._loading is not None and self._loading.done() and self._loading.exception() is not None:
            self.get_logger().error(f"{self.spec.name}: cannot be configured: {wire_text(self._loading.exception())}")
            os._exit(71)
        for future, until, what in [item for item in self._waiting if item[1] < now and not item[0].done()]:
            future.set_exception(DeadlineError(f"{what}: no result within its deadline ({now - until:.1f} s past)"))
        self._waiting = [item for item in self._waiting if not item[0].done()]
        if overdue_s == 0.0 and self.lively():
            self._diagnostics.tell(self.state_label, self._prepare())
            self._pulse.beat(self.state_label)
            if self.state_label == Heartbeat.ACTIVE:
                self.tick()


def _made(make: Callable[[], Any]) -> Any:
    """Make the node of this process, or a line about what is wrong with its arguments and exit code 2."""
    try:
        try:
            rclpy.init(args=sys.argv, signal_handler_options=SignalHandlerOptions.NO)
        except (RCLError, rclpy_implementation.UnknownROSArgsError) as error:
            raise SettingError(f"invalid ROS arguments: {error}") from error
        return make()
    except F2pError as error:
        print(f"error {wire_code(error)}: {wire_text(error)}", file=sys.stderr)
        sys.exit(2)


def run(make: Callable[[], Any], images: bool = False) -> None:
    """Be the process of one node until it is told to end; exit code 2 where its parameters do not do.

    A signal ends it as a person means it: what moves comes to rest first, while ROS can still say so.

    Args:
        make: Makes the node.
        images: Whether it sends or hears images.
    """
    ending.heed()
    with transports(images):
        node, clean = _made(make), True
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    try:
        try:
            while rclpy.ok() and not (ending.told.is_set() or orphaned() or node.over):
                executor.spin_once(timeout_sec=0.5)
        finally:
            _rest(executor, node)
    except ExternalShutdownException:
        pass
    finally:
        clean = node.close()
        if clean:
            executor.shutdown(timeout_sec=CLOSE_S)  # by hand: the interpreter's end takes it apart in any order
            rclpy.try_shutdown()
        else:
            os._exit(0)  # a worker deep in C code cannot be joined; nothing is left to lose


def _rest(executor: SingleThreadedExecutor, node: Any) -> None:
    """Bring to rest what the process moves, and see it."""
    node.halt("the process ends")
    clock = SystemClock()
    until_s = clock.monotonic_s() + REST_S
    while rclpy.ok() and not node.resting and clock.monotonic_s() < until_s:
        executor.spin_once(timeout_sec=0.5)
