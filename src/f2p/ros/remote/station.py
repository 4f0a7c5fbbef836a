"""An operator's seat: what is wanted by hand goes through the guard, under a lease of the operator's rank.

The robot is taken with the first thing that is held, and stays the operator's, standing or moving, until it is given
back by an order; who only falls silent has not given it back.
"""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from rclpy.callback_groups import CallbackGroup, MutuallyExclusiveCallbackGroup
from rclpy.node import Node
from sensor_msgs.msg import Joy
from std_srvs.srv import Trigger

from f2p.clock import Clock, SystemClock
from f2p.errors import F2pError
from f2p.guard.leases import Rank
from f2p.robot.errors import LeaveWithdrawnError, MotionCancelledError, MotionRefusedError, StaleStateError
from f2p.robot.protocol import Ending, RobotState
from f2p.ros.base import qos
from f2p.ros.base.client import ServiceCaller
from f2p.ros.base.heartbeat import Watch
from f2p.ros.messages.bounds import only_within
from f2p.ros.remote.guard import GuardClient, GuardClientConfig
from f2p.teleop.core import Teleop
from f2p.teleop.driven import driven_between
from f2p.teleop.line import status_line
from f2p.teleop.wish import Order, Wish, jog_motion
from f2p_msgs.msg import GuardState, Help, Lease, OperatorWord

PERIOD_S = 0.02
"""Time between two looks at what is wanted [s]; what comes in wakes it at once (ours: a tick of the guard)."""

POLL_S = 0.01
"""How often it is seen during a motion whether it is wanted still [s] (ours: zero has to be out within 0.15 s)."""

ZERO_S = 0.15
"""How long a zero velocity is sent after a drive [s]; then silence says the same (ours)."""

YOUNG_S = 1.0
"""A lease may not have reached the guard before this [s] (ours: lease and motion come on two topics)."""

RIVAL_S = 0.4
"""Silence after which another operator's lease is over [s] (promises.md 4: void after 0.3 s, and a little)."""

HANDED_S = 6.0
"""Longest wait until the guard says that no operator has the robot [s] (ours: as long as it may keep a lease)."""

CHOICES = {Order.RESUME: OperatorWord.RESUME, Order.DONE: OperatorWord.DONE, Order.SKIP: OperatorWord.SKIP,
           Order.GIVE_UP: OperatorWord.GIVE_UP}  # fmt: skip


class Station:
    """Hands, a lease, and words to the stack; works on a thread of its own from `start` to `close`.

    Args:
        node: Whose executor listens and sends.
        watch: Heartbeats; must watch the guard.
        teleop: What the hands want.
        config: Patience with the guard.
        clock: Ages.
        group: Of the callbacks; groups of their own unless given.
    """

    def __init__(
        self, node: Node, watch: Watch, teleop: Teleop, config: GuardClientConfig | None = None,
        clock: Clock | None = None, group: CallbackGroup | None = None,
    ) -> None:  # fmt: skip
        self._node, self._teleop, self._clock = node, teleop, clock or SystemClock()
        self._lock, self._wake, self._ended = threading.Lock(), threading.Event(), threading.Event()
        self._robot = GuardClient(node, watch, config, self._clock, POLL_S, group)
        self._orders: deque[Order] = deque(maxlen=8)
        self._help = Help()
        self._rival, self._rival_s, self._mover, self._mover_s = "", float("-inf"), "", float("-inf")
        self._holding, self._said = False, ""
        self._blocked: frozenset[tuple[str, bool]] = frozenset()
        self._zero_until_s = float("-inf")
        self._words = node.create_publisher(OperatorWord, "operator", qos.STATE)
        self._unlatch = ServiceCaller(node, Trigger, "guard/resume", "guard", watch)
        group = group or MutuallyExclusiveCallbackGroup()
        for kind, name, store, how in ((Help, "help", self._on_help, qos.LATCHED),
                                       (Lease, "lease", self._on_lease, qos.STATE)):  # fmt: skip
            node.create_subscription(kind, name, only_within(store), how, callback_group=group)
        self._thread = threading.Thread(target=self._run, name="f2p-operator", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        if self._thread.ident is None:
            self._thread.start()

    def close(self) -> None:
        """Let everything go, and the lease with it; nothing is given back by that."""
        self._ended.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(timeout=5.0)

    @property
    def over(self) -> bool:
        """Whether the operator left."""
        return self._ended.is_set()

    @property
    def lively(self) -> bool:
        """Whether the thread that looks works, or is not wanted to: not yet, or no more."""
        return self._ended.is_set() or self._thread.ident is None or self._thread.is_alive()

    @property
    def holding(self) -> bool:
        """Whether the robot is this operator's."""
        return self._holding

    @property
    def said(self) -> str:
        """What came of the last order, or why the robot was not to be had; empty until it is known."""
        return self._said

    @property
    def help(self) -> Help:
        """What the stack asks a person, or asked last."""
        return self._help

    @property
    def robot(self) -> GuardClient:
        """The robot as it is heard; for looking only."""
        return self._robot

    @property
    def commander(self) -> str:
        """Who renewed a lease just now, other than this operator; empty where nobody did."""
        now_s = self._clock.monotonic_s()
        if now_s - self._rival_s < RIVAL_S:
            return self._rival
        return self._mover if now_s - self._mover_s < RIVAL_S else ""

    def key(self, key: str) -> None:
        """Take a key press."""
        self._hand(lambda now_s: self._teleop.key(key, now_s))

    def listen_to_gamepad(self) -> None:
        """Take what a gamepad sends on /joy."""
        group = MutuallyExclusiveCallbackGroup()
        self._node.create_subscription(Joy, "/joy", self._on_joy, qos.SENSOR, callback_group=group)

    def joy(self, axes: Sequence[float], buttons: Sequence[int]) -> None:
        """Take a message of a gamepad."""
        self._hand(lambda now_s: self._teleop.joy(axes, buttons, now_s))

    def let_go(self) -> None:
        """Want nothing any more: whatever the hands were on is gone."""
        with self._lock:
            self._teleop.let_go()
        self._wake.set()

    def line(self, width: int) -> str:
        """Return what the operator is shown."""
        plea = f"HELP: {self._help.reason} (r y k G)" if self._help.wanted else ""
        said = " | ".join(part for part in (plea, self._said) if part)
        return status_line(self._who(), self._teleop.speed, self._robot.positions, said, width)

    def _hand(self, take: Callable[[float], Order | None]) -> None:
        with self._lock:
            order = take(self._clock.monotonic_s())
        if order is Order.QUIT:
            self._ended.set()
        elif order is not None:
            self._said = ""
            self._orders.append(order)
        self._wake.set()

    def _wish(self) -> Wish:
        with self._lock:
            return self._teleop.wish(self._clock.monotonic_s())

    def _pause(self) -> None:
        self._wake.wait(timeout=PERIOD_S)
        self._wake.clear()

    def _run(self) -> None:
        """Take the robot when something is held; once it was lost or given back, not before all was let go."""
        let_go = True
        while not self._ended.is_set():
            self._pause()
            pressed = self._wish().pressed
            let_go = let_go or not pressed
            try:
                if self._orders:
                    self._answer(self._orders.popleft(), None)
                elif pressed and let_go:
                    let_go = False
                    self._take()
            except MotionCancelledError:
                continue
            except F2pError as error:
                self._said = str(error)

    def _take(self) -> None:
        """Have the robot until an order gives it back. Raises F2pError where it is lost, or not to be had."""
        if self._clock.monotonic_s() - self._rival_s < RIVAL_S:
            raise MotionRefusedError(f"another operator has the robot: {self._rival}")
        self._said, self._blocked = "", frozenset()
        released = lambda: self._ended.is_set() or not self._wish().pressed  # noqa: E731
        try:
            with self._robot.leased(rank=Rank.OPERATOR, cancelled=released):
                self._holding = True
                before = self._where()
                order = self._hold(self._clock.monotonic_s())
                after = self._where()
        finally:
            self._holding = False
        if order is not None:
            self._answer(order, driven_between(before, after))

    def _hold(self, taken_s: float) -> Order | None:
        """Do what is wanted until an order comes, or the end."""
        while not self._ended.is_set():
            self._robot.keep()
            wish, now_s = self._wish(), self._clock.monotonic_s()
            if wish.jogs:
                self._jog(wish, taken_s)
            elif wish.drives or now_s < self._zero_until_s:
                self._robot.drive(wish.linear, wish.turning)
                self._zero_until_s = now_s + ZERO_S if wish.drives else self._zero_until_s
            if not wish.jogs:
                self._blocked = frozenset()
            if self._orders:
                order = self._orders.popleft()
                if order in CHOICES:
                    return order
                self._answer(order, None)
            self._check_held(taken_s)
            self._pause()
        return None

    def _jog(self, wish: Wish, taken_s: float) -> None:
        """Move joints for as long as that is wanted; what touched or arrived waits until it is let go."""
        ways = frozenset((joint, speed > 0.0) for joint, speed in wish.jogs)
        self._blocked &= ways
        jogs = tuple(one for one in wish.jogs if (one[0], one[1] > 0.0) not in self._blocked)
        if not jogs:
            return
        try:
            ending = self._robot.move(
                jog_motion(jogs), lambda: self._wish().jogs != wish.jogs or self._ended.is_set() or bool(self._orders)
            )
            self._said = "touched something; let go first" if ending is Ending.CONTACT else "as far as it goes"
        except MotionCancelledError:
            return
        except LeaveWithdrawnError:
            if self._clock.monotonic_s() - taken_s > YOUNG_S:
                raise
            return
        except F2pError as error:
            self._said = str(error)
        self._blocked = ways

    def _check_held(self, taken_s: float) -> None:
        """Raise LeaveWithdrawnError where the guard, after a while, says that no operator has the robot."""
        state, young = self._robot.guard_state, self._clock.monotonic_s() - taken_s < YOUNG_S
        if state is not None and not young and state.mode in (GuardState.AUTONOMY, GuardState.NOBODY):
            raise LeaveWithdrawnError("the guard ended this operator's lease; let go, and take the robot again")

    def _answer(self, order: Order, driven: dict[str, float] | None) -> None:
        """Give the robot back, or answer a call for help; `driven` is None where the robot was not taken."""
        if order is Order.UNLATCH:
            self._said = str(self._unlatch.call(Trigger.Request(), 2.0).message)
            return
        if driven is None and not self._help.wanted:
            self._said = "the robot is not yours to give back, and nobody waits for an answer"
            return
        until_s = self._clock.monotonic_s() + HANDED_S
        while self._operated() and self._clock.monotonic_s() < until_s:
            threading.Event().wait(timeout=POLL_S)
        if self._operated():
            self._said = "an operator has the robot still: nothing was handed back"
            return
        word = OperatorWord(choice=CHOICES[order], holder=self._node.get_name())
        word.failure_id = self._help.failure_id if self._help.wanted else ""
        word.joints, word.driven = list(driven or {}), list((driven or {}).values())
        word.header.stamp = self._node.get_clock().now().to_msg()
        self._words.publish(word)
        self._said = f"handed back: {order.value}"

    def _operated(self) -> bool:
        state = self._robot.guard_state
        return state is not None and state.mode == GuardState.OPERATOR

    def _where(self) -> RobotState | None:
        with contextlib.suppress(StaleStateError):
            return self._robot.state()
        return None

    def _who(self) -> str:
        """Return in words who has the robot."""
        state = self._robot.guard_state
        if state is None:
            return "no guard"
        if state.latched:
            return f"LATCHED: {state.reason} (u)"
        if self._holding:
            return "operator: you"
        rival = self._rival if self._clock.monotonic_s() - self._rival_s < RIVAL_S else "another"
        if state.mode == GuardState.OPERATOR:
            return f"operator: {rival}"
        moves = state.mode == GuardState.AUTONOMY and self._clock.monotonic_s() - self._mover_s < RIVAL_S
        return f"{state.mode}: {self._mover}" if moves else str(state.mode)

    def _on_joy(self, message: Joy) -> None:
        self.joy(message.axes, message.buttons)

    def _on_help(self, message: Help) -> None:
        self._help = message

    def _on_lease(self, lease: Any) -> None:
        if lease.rank == Lease.AUTONOMY:
            self._mover, self._mover_s = lease.holder, self._clock.monotonic_s()
        elif lease.holder != self._node.get_name():
            self._rival, self._rival_s = lease.holder, self._clock.monotonic_s()
