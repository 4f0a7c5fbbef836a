"""One guarded motion as a state machine without ROS: which step to send when, when to hold, and how it ended.

The guard's node feeds it measured states and the driver's results and does what `decide` says; time is an argument.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from f2p.errors import F2pError
from f2p.guard.errors import DriverFailedError, GuardTimeoutError, LeaseError, StaleJointsError
from f2p.guard.rules import GuardConfig, arrived, check_fresh, measured, next_step
from f2p.guard.standing import is_still
from f2p.robot.limits import time_budget
from f2p.robot.protocol import FINGER, Motion
from f2p.robot.stepping import STALL_DISTANCE

CONTACT_CODE = 100
"""The driver's result when a guarded contact stopped a joint (stretch.md 1.3.1): no failure."""

STALL_AFTER_S = 0.6
"""A finger that stands this long off its target has closed on something [s] (ours: its driver goals time out)."""

STALL_STATES = 12
"""…and in so many fresh joint states: old ones say nothing (ours: 0.4 s of the driver's 30 Hz)."""

SETTLE_S = 1.0
"""How long a final step is given before standing near it counts as arrival [s] (ours)."""

NULL_BASE = 1e-4
"""A base displacement below this is none [m or rad]: the driver breaks on a null base command (stretch.md 1.3.6)."""

REJECTIONS = 8
"""Rejected steps in a row before the motion is given up: the driver refuses what comes within 0.2 s (ours: 2 s)."""


class Act(Enum):
    """What to do now."""

    WAIT = "wait"
    SEND = "send"
    CLEAR = "cancel"
    """Cancel the goal for other joints that the driver still has, and wait until it has ended (stretch.md 1.3.16)."""
    HOLD = "hold"
    REACHED = "reached"
    CONTACT = "contact"
    """The driver met more effort than its threshold; what moves is to be stopped."""
    STALLED = "stalled"
    """The finger closed on something; it keeps squeezing."""
    FAILED = "failed"


@dataclass(frozen=True)
class Decision:
    """One tick's outcome."""

    act: Act
    step: tuple[float, ...] = ()
    """With SEND: one value per joint."""
    error: F2pError | None = None
    """With FAILED: why. With HOLD: what is waited for."""


@dataclass(frozen=True)
class Senses:
    """What the guard knows at one tick."""

    now_s: float
    positions: Mapping[str, float]
    """Joint positions; base joints as displacement since the motion began [m or rad]."""
    velocities: Mapping[str, float]
    state_age_s: float
    """Age of the joint states, and of the odometry for a base motion, on the monotonic clock [s]."""
    state_skew_s: float
    """Distance of their stamp from now [s]."""
    lease_age_s: float
    late: F2pError | None = None
    """That a process which motions depend on is late, if one is."""
    standing: bool = True
    """False from a stop until the robot was seen to stand."""
    goal_joints: tuple[str, ...] = ()
    """Joints of the goal that the driver has now."""


@dataclass
class GuardedMotion:
    """The life of one admitted motion.

    Raises:
        NotFiniteMotionError: Where a joint of it is, is not known.
    """

    motion: Motion
    config: GuardConfig
    began: Senses
    _sent_s: float = float("-inf")
    _sent: int = 0
    """Number of the newest step."""
    _content: bool = False
    """Whether the driver calls the newest step done."""
    _contact: bool = False
    _aborted: str = ""
    _rejections: int = 0
    """How many of the newest steps were rejected in a row."""
    _rejected: int = 0
    """Number of the newest rejected step."""
    _held: F2pError | None = None
    """What it is held for."""
    _held_s: float = 0.0
    """Since when it is held; held time does not count as the motion's."""
    _last: tuple[float, ...] = ()
    """The newest step's positions; empty where no step of this motion runs."""
    _from_rest: bool = False
    """Whether no step of this motion was running when the newest one was sent."""
    _echo_s: float | None = None
    """When the driver told the contact before this motion once more; the next contact is one."""
    _clearing_s: float | None = None
    """Since when the driver is to end a goal for other joints."""
    _stands_at: float = float("inf")
    """Where the finger stands [rad]."""
    _stalled_since: float = float("inf")
    _standing_states: int = 0
    _heard_s: float = float("-inf")
    """When the newest joint states that were looked at were received."""

    def __post_init__(self) -> None:
        here = measured(self.motion, self.began.positions)
        budget_s = time_budget(self.motion, here, self.config.command_period_s, self.config)
        self._until_s = self.began.now_s + budget_s

    @property
    def newest(self) -> int:
        """Number of the newest step, for `result`."""
        return self._sent

    @property
    def held(self) -> bool:
        """Whether it is held."""
        return self._held is not None

    def progress(self, positions: Mapping[str, float]) -> float:
        """Return the share done by the joint that is furthest behind, from 0 to 1; NaN positions are not done."""
        shares = []
        for joint, target in zip(self.motion.joints, self.motion.targets, strict=True):
            whole = abs(target - self.began.positions[joint])
            left = abs(target - positions.get(joint, math.inf))
            shares.append(1.0 if whole == 0.0 else min(max(1.0 - left / whole, 0.0), 1.0) if left <= whole else 0.0)
        return min(shares)

    def rejected(self, number: int) -> None:
        """Note that the driver did not accept step `number`: it is sent again when due."""
        if number == self._sent:
            in_a_row = number == self._rejected + 1
            self._rejections = self._rejections + 1 if in_a_row else 1
            self._rejected, self._last = number, ()

    def result(self, number: int, ok: bool, code: int, text: str, now_s: float) -> None:
        """Take the driver's result of step `number`; those of overtaken steps say nothing but contact."""
        if code == CONTACT_CODE and self._is_echo(number, now_s):
            self._echo_s, self._last = now_s, ()
        elif code == CONTACT_CODE:
            self._contact = True
        elif number == self._sent and ok:
            self._content = True
        elif number == self._sent and self._held is None:
            self._aborted = f"the driver gave a step up with code {code}: {text or 'no text'}"

    def _is_echo(self, number: int, now_s: float) -> bool:
        """Tell whether a contact is the one before this motion, told once more (stretch.md 1.3.1).

        The driver reads the flag of a contact before it has pushed the new command that clears it. So the first step
        from rest may end at once with a contact that is over; a step over a running one, or the next one, cannot.
        """
        soon = now_s - self._sent_s <= self.config.contact_echo_s
        return number == self._sent and self._from_rest and self._echo_s is None and soon

    def decide(self, senses: Senses) -> Decision:
        """Return what to do now. Raises nothing: every refusal is a FAILED decision."""
        if self._contact:
            return Decision(Act.CONTACT)
        if senses.now_s > self._until_s and self._held is None:
            return Decision(Act.FAILED, error=GuardTimeoutError(f"{self._text} did not end within its time budget"))
        waiting = self._late(senses)
        if waiting is not None:
            return waiting
        if self._held is not None:
            if not senses.standing:
                return Decision(Act.HOLD, error=self._held)
            self._until_s += senses.now_s - self._held_s
            self._held, self._last = None, ()
        if self._aborted:
            return Decision(Act.FAILED, error=DriverFailedError(f"{self._text}: {self._aborted}"))
        return self._ended(senses) or self._next(senses)

    def _ended(self, senses: Senses) -> Decision | None:
        """REACHED by what is measured, or STALLED when the finger has closed on something."""
        if self._sent and arrived(self.motion, senses.positions, self.config):
            return Decision(Act.REACHED)
        return Decision(Act.STALLED) if self._stalled(senses) else None

    @property
    def _text(self) -> str:
        return "moving " + ", ".join(
            f"{joint} to {target:.3f}" for joint, target in zip(self.motion.joints, self.motion.targets, strict=True)
        )

    def _late(self, senses: Senses) -> Decision | None:
        """HOLD or FAILED when states, lease or a process that motions depend on are late."""
        config = self.config
        if not senses.lease_age_s <= config.lease_void_s:
            return Decision(
                Act.FAILED, error=LeaseError(f"the lease is void: not renewed for {senses.lease_age_s:.2f} s")
            )
        if not senses.state_age_s <= config.lost_after_s:
            error = StaleJointsError(f"joint states are lost: none for {senses.state_age_s:.2f} s")
            return Decision(Act.FAILED, error=error)
        try:
            check_fresh(senses.state_age_s, senses.state_skew_s, config)
            if not senses.lease_age_s <= config.lease_hold_s:
                raise LeaseError(f"the lease is late: not renewed for {senses.lease_age_s:.2f} s")
            if senses.late is not None:
                raise senses.late
        except F2pError as error:
            self._held_s = senses.now_s if self._held is None else self._held_s
            self._held = error
            return Decision(Act.HOLD, error=error)
        return None

    def _stalled(self, senses: Senses) -> bool:
        """Tell whether this motion closes a finger that stands off its target."""
        if self.motion.joints != (FINGER,) or not self._sent:
            return False
        finger = senses.positions.get(FINGER, 0.0)
        received_s = senses.now_s - senses.state_age_s
        if abs(finger - self._stands_at) > STALL_DISTANCE or abs(finger - self.motion.targets[0]) < STALL_DISTANCE:
            self._stands_at, self._stalled_since, self._standing_states = finger, float("inf"), 0
        elif received_s > self._heard_s + 1e-3:
            self._stalled_since = min(self._stalled_since, senses.now_s)
            self._standing_states += 1
        self._heard_s = max(self._heard_s, received_s)
        return senses.now_s - self._stalled_since > STALL_AFTER_S and self._standing_states >= STALL_STATES

    def _next(self, senses: Senses) -> Decision:
        """SEND the next bounded step when it is due; near the targets the same one again, until measured there."""
        waited_s = senses.now_s - self._sent_s
        received_s = senses.now_s - senses.state_age_s
        if waited_s < self.config.command_period_s or (self._echo_s is not None and received_s <= self._echo_s):
            return Decision(Act.WAIT)
        if self._rejections > REJECTIONS:
            return Decision(Act.FAILED, error=DriverFailedError(f"{self._text}: the driver keeps refusing steps"))
        try:
            step = next_step(self.motion, senses.positions, self.config)
        except F2pError as error:
            return Decision(Act.FAILED, error=error)
        repeated = step == self._last and not self.motion.moves_base
        nothing = self.motion.moves_base and abs(step[0]) < NULL_BASE
        if repeated and waited_s < SETTLE_S:
            return Decision(Act.WAIT)
        if nothing or (repeated and self._content and self._standing(senses)):
            return Decision(Act.REACHED)
        return self._cleared(senses) or self._send(step, senses.now_s)

    def _cleared(self, senses: Senses) -> Decision | None:
        """CLEAR, then WAIT, while the driver has a goal for other joints: a goal over that one can hang it."""
        if not senses.goal_joints or set(senses.goal_joints) == set(self.motion.joints):
            self._clearing_s = None
            return None
        if self._clearing_s is None:
            self._clearing_s = senses.now_s
            return Decision(Act.CLEAR)
        if senses.now_s - self._clearing_s <= self.config.clear_within_s:
            return Decision(Act.WAIT)
        others = ", ".join(senses.goal_joints)
        return Decision(
            Act.FAILED, error=DriverFailedError(f"{self._text}: the driver does not end its goal for {others}")
        )

    def _send(self, step: tuple[float, ...], now_s: float) -> Decision:
        """SEND a step: give it a number and note what it follows."""
        self._from_rest = not self._last
        self._echo_s = self._echo_s if self._from_rest else None
        self._sent, self._last = self._sent + 1, step
        self._sent_s, self._content = now_s, False
        return Decision(Act.SEND, step)

    def _standing(self, senses: Senses) -> bool:
        """Tell whether all joints are at rest; resending would not help."""
        return all(is_still(joint, senses.velocities.get(joint, 0.0), self.config) for joint in self.motion.joints)
