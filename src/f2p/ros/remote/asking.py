"""The operator as the loop asks one: a call for help on a topic, takeovers as the guard tells them, and the answer."""

from __future__ import annotations

import copy
import re
import threading
from collections.abc import Callable

from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.node import Node

from f2p.clock import Clock, SystemClock
from f2p.loop.errors import DeadlineError
from f2p.loop.operator import Choice, Plea
from f2p.robot.errors import TakenOverError
from f2p.ros.base import qos
from f2p.ros.base.client import Patience, never
from f2p.ros.errors import wire_code
from f2p.ros.messages.bounds import only_within
from f2p.ros.messages.convert import duration_to_msg, skeleton_to_msg
from f2p_msgs.msg import GuardState, Help, Limits, OperatorWord

WORDS = "operator"
"""Topic of what operators say; whoever publishes it can be asked."""

HOW = {
    "console": "the console (node {}): Resume, Step is done, Skip step or Give up",
    "teleop": "the gamepad (node {}): the button that gives the robot back has the stack look again and plan afresh; "
              "f2p teleop and f2p console have the other answers",
    "f2p_teleop": "f2p teleop (node {}): r look again and plan afresh, y the step is done, k skip it, G give up",
    "f2p_console": "f2p console (node {}): Resume, Step is done, Skip step or Give up",
}  # fmt: skip
"""How one answers, by the beginning of the name of the node that says it; a process has its number behind."""


UNNAMED = "_NODE_NAME_UNKNOWN_"
"""What rmw calls a node whose name has not been told yet: for a moment, since names come by a topic of their own."""


def place_text(node: str) -> str:
    """Say where and how one answers, by the name of the node that would say it."""
    return HOW.get(re.sub(r"_\d+$", "", node), "the node {}").format(node)


class AskedOperator:
    """Implements `loop.operator.Operator`; callbacks store, the worker asks.

    Args:
        node: Whose executor listens.
        clock: Order of takeovers and answers.
    """

    def __init__(self, node: Node, clock: Clock | None = None) -> None:
        self._node, self._clock = node, clock or SystemClock()
        self._shared = _Heard()
        self._wait_s: float = 0.0
        self._canceled: Callable[[], bool] = never
        self._help = node.create_publisher(Help, "help", qos.LATCHED)
        group = MutuallyExclusiveCallbackGroup()
        node.create_subscription(OperatorWord, WORDS, only_within(self._on_word), qos.STATE, callback_group=group)
        node.create_subscription(GuardState, "guard_state", only_within(self._on_guard), qos.LATCHED,
                                 callback_group=group)  # fmt: skip

    def bound(self, canceled: Callable[[], bool], wait_s: float) -> AskedOperator:
        """Return the same for one goal: its cancellation, and the longest wait [s]; what was said before counts not."""
        out = copy.copy(self)
        out._canceled, out._wait_s = canceled, wait_s
        self._shared.word = None
        return out

    @property
    def places(self) -> tuple[str, ...]:
        """Where somebody could answer, and how."""
        found = self._node.get_publishers_info_by_topic(self._node.resolve_topic_name(WORDS))
        return tuple(sorted({place_text(one.node_name) for one in found if one.node_name != UNNAMED}))

    @property
    def patience_s(self) -> float:
        """Longest wait for an answer [s]."""
        return self._wait_s

    @property
    def takeovers(self) -> int:
        """How often an operator took the robot."""
        return self._shared.takeovers

    def ask(self, plea: Plea) -> Choice | None:
        """Call for help and wait; after a takeover for its hand-back, which may have come already. See `Operator.ask`.

        Raises:
            CanceledError: The goal was canceled.
        """
        taken = TakenOverError.code in (plea.error.code, getattr(plea.error, "remote_code", 0))
        if not taken:
            self._shared.word = None
        self._tell(plea, wanted=True)
        patience = Patience("an operator's answer", "an operator", self._wait_s, None, self._canceled)
        try:
            patience.until(lambda: self._shared.word is not None and not self._shared.operated)
        except DeadlineError:
            return None
        finally:
            self._tell(plea, wanted=False)
        with self._shared.lock:
            word, self._shared.word = self._shared.word, None
        return None if word is None else Choice(word.choice)

    def _tell(self, plea: Plea, wanted: bool) -> None:
        message = Help(
            wanted=wanted, plan_id=plea.plan.id if plea.plan is not None else "", failure_id=plea.failure_id,
            error_code=wire_code(plea.error), reason=str(plea.error)[: Limits.MOST_TEXT],
            patience=duration_to_msg(self._wait_s),
        )  # fmt: skip
        if plea.step is not None:
            (message.step,) = skeleton_to_msg([plea.step])
        message.header.stamp = self._node.get_clock().now().to_msg()
        self._help.publish(message)

    def _on_word(self, word: OperatorWord) -> None:
        if word.choice in {one.value for one in Choice}:
            with self._shared.lock:
                self._shared.word = word

    def _on_guard(self, state: GuardState) -> None:
        operated = state.mode == GuardState.OPERATOR
        with self._shared.lock:
            if operated and not self._shared.operated:
                self._shared.takeovers += 1
                self._shared.word = None
            self._shared.operated = operated


class _Heard:
    """What the callbacks heard; shared by what is bound to single goals."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.word: OperatorWord | None = None
        self.takeovers, self.operated = 0, False
