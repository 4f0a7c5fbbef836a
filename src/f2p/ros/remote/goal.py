"""Ask a running stack for a goal from a program that is no node itself: one call, progress, Ctrl-C cancels."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import rclpy
from rclpy.context import Context
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node

from f2p.graph.graph import members, within
from f2p.loop.errors import DeadlineError
from f2p.ros.base.client import ActionCaller, Patience, never
from f2p.ros.base.heartbeat import Watch
from f2p.ros.base.transports import transports
from f2p.ros.errors import NoStackError, NotReadyError
from f2p.ros.messages.convert import duration_from_msg, goal_to_msg, skeleton_to_msg
from f2p.ros.remote.status import check_domain
from f2p.ros.remote.waiting import Waiting
from f2p.types import Goal, LearnFrom, SkillStep
from f2p_msgs.action import AchieveGoal

TOLD_AFTER_S = 3.0
"""A wait for the stack this long is talked about [s] (ours: nobody shall wonder for more than five)."""


@dataclass(frozen=True)
class GoalResult:
    """How a goal ended."""

    success: bool
    plan_id: str
    failure_ids: tuple[str, ...]
    attempts: int
    weights_id: str
    error_code: int
    error_msg: str


@contextlib.contextmanager
def spinning(name: str, namespace: str = "", images: bool = False) -> Iterator[Node]:
    """Run a node on an executor thread and a context of its own, for the length of the block.

    Args:
        name: Its name.
        namespace: Where the stack is that it asks: "" for /f2p, "left" for /left/f2p.
        images: Whether it sends or hears images.

    Raises:
        SettingError: ROS_DOMAIN_ID is no domain.
        GraphError: No namespace is called so.
    """
    check_domain()
    namespace = within(namespace)
    context = Context()
    with transports(images):
        rclpy.init(context=context)
        node = rclpy.create_node(name, context=context, namespace=namespace)
    executor = SingleThreadedExecutor(context=context)
    executor.add_node(node)
    ended = threading.Event()

    def spin() -> None:
        with contextlib.suppress(ExternalShutdownException):
            while not ended.is_set():
                executor.spin_once(timeout_sec=0.1)

    thread = threading.Thread(target=spin, name=f"{name}-executor", daemon=True)
    thread.start()
    try:
        yield node
    finally:
        ended.set()
        thread.join(timeout=2.0)
        node.destroy_node()
        rclpy.try_shutdown(context=context)


class GoalClient:
    """AchieveGoal as one method.

    Args:
        node: From `spinning`.
        watch: Heartbeats, which must be of the orchestrator too; its own unless given.
        waiting: What the nodes say of themselves; its own unless given.
    """

    def __init__(self, node: Node, watch: Watch | None = None, waiting: Waiting | None = None) -> None:
        self._node, self._watch = node, watch or Watch(node, ["orchestrator"])
        self._waiting = waiting or Waiting(node)
        self._caller = ActionCaller(node, AchieveGoal, "achieve_goal", "orchestrator", self._watch)

    def find(self, within_s: float, canceled: Callable[[], bool] = never) -> None:
        """Wait until a process of a stack is seen in this ROS domain.

        Args:
            within_s: Longest wait [s].
            canceled: Ends the wait.

        Raises:
            NoStackError: None was seen.
            CanceledError: The wait was ended.
        """
        patience, here = Patience("looking for a stack", "it", within_s, None, canceled), self._node.get_namespace()
        wanted = {(one.name, here) for one in members()}
        try:
            patience.until(lambda: not wanted.isdisjoint(self._node.get_node_names_and_namespaces()))
        except DeadlineError:
            raise NoStackError(os.environ.get("ROS_DOMAIN_ID") or "0", within_s, here, self._elsewhere()) from None

    def _elsewhere(self) -> list[str]:
        """Return the namespaces in this ROS domain in which a stack is."""
        return sorted(space for name, space in self._node.get_node_names_and_namespaces() if name == "manager")

    def wait_ready(
        self, within_s: float, canceled: Callable[[], bool] = never, tell: Callable[[str], None] = lambda _: None
    ) -> None:
        """Wait until the stack can be asked for a goal; tell what it waits for if that takes long, and if it changes.

        Raises:
            NotReadyError: It is not within the time; says what is missing.
            CanceledError: The wait was ended.
        """
        patience, began_s, told = Patience("bring-up", "the stack", within_s, None, canceled), within_s, ""

        def ready() -> bool:
            nonlocal told
            why = self._waiting.why()
            if why != told and began_s - patience.left_s() >= TOLD_AFTER_S:
                told = why
                tell(f"not ready yet: {why}" if why else "not ready yet: nodes start")
            return self._watch.active("orchestrator")

        try:
            patience.until(ready)
        except DeadlineError:
            why = self._waiting.why() or "no node says why; look at the log of the orchestrator"
            raise NotReadyError(f"the stack is not ready within {within_s:.0f} s: {why}") from None

    def achieve(
        self, goal: Goal, proposal: tuple[SkillStep, ...] = (), attempts: int = 0,
        learn_from: LearnFrom = LearnFrom.MISSES, seed: int = 0, deadline_s: float = 1800.0,
        canceled: Callable[[], bool] = never,
        progress: Callable[[str, float, str], None] = lambda _stage, _elapsed_s, _detail: None,
    ) -> GoalResult:  # fmt: skip
        """Pursue a goal and wait for its end.

        Args:
            goal: What shall hold.
            proposal: A skeleton to follow; empty lets the planner search.
            attempts: Plans that may be tried; 0 takes the orchestrator's parameter.
            learn_from: Which failures of the model start learning.
            seed: Of all choices.
            deadline_s: Longest wait [s].
            canceled: Takes the goal back.
            progress: Called with (stage, seconds since the start, one line).

        Raises:
            DeadlineError, NodeDeadError, CanceledError, RemoteError: no result came.
        """
        request = AchieveGoal.Goal(
            goal=goal_to_msg(goal), proposal=skeleton_to_msg(proposal), attempts=attempts,
            learn_from=learn_from.value, seed=seed,
        )  # fmt: skip

        def on_feedback(feedback: Any) -> None:
            progress(feedback.stage, duration_from_msg(feedback.elapsed), feedback.detail)

        result = self._caller.run(request, deadline_s, canceled, on_feedback)
        return GoalResult(
            bool(result.success), result.plan_id, tuple(result.failure_ids), int(result.attempts), result.weights_id,
            int(result.error_code), result.error_msg,
        )  # fmt: skip
