"""One guarded motion as a state machine without ROS: which step to send when, when to hold, and how it ended.

The guard's node feeds it measured states and the driver's results and does what `decide` says; time is an argument.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from f2p.errors import F2pError
from f2p.guard.errors import DriverFailedError, GuardTimeoutError, LeaseError, StaleJointsError
from f2p.guard.rules import GuardConfig, arrived, check_fresh, next_step, time_budget
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
    HOLD = "hold"
    REACHED = "reached"
    CONTACT = "contact"
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


@dataclass
class GuardedMotion:
    """The life of one admitted motion."""

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
    _held: bool = False
    _held_s: float = 0.0
    """Since when it is held; held time does not count as the motion's."""
    _last: tuple[float, ...] = ()
    """The newest step's positions."""
    _stands_at: float = float("inf")
    """Where the finger stands [rad]."""
    _stalled_since: float = float("inf")
    _standing_states: int = 0
    _heard_s: float = float("-inf")
    """When the newest joint states that were looked at were received."""

    def __post_init__(self) -> None:
        self._until_s = self.began.now_s + time_budget(self.motion, self.began.positions, self.config)

    @property
    def newest(self) -> int:
        """Number of the newest step, for `result`."""
        return self._sent

    def rejected(self, number: int) -> None:
        """Note that the driver did not accept step `number`: it is sent again when due."""
        if number == self._sent:
            in_a_row = number == self._rejected + 1
            self._rejections = self._rejections + 1 if in_a_row else 1
            self._rejected, self._last = number, ()

    def result(self, number: int, ok: bool, code: int, text: str) -> None:
        """Take the driver's result of step `number`; those of overtaken steps say nothing but contact."""
        if code == CONTACT_CODE:
            self._contact = True
        elif number == self._sent and ok:
            self._content = True
        elif number == self._sent and not self._held:
            self._aborted = f"the driver gave a step up with code {code}: {text or 'no text'}"

    def decide(self, senses: Senses) -> Decision:
        """Return what to do now. Raises nothing: every refusal is a FAILED decision."""
        if self._contact:
            return Decision(Act.CONTACT)
        if senses.now_s > self._until_s and not self._held:
            return Decision(Act.FAILED, error=GuardTimeoutError(f"{self._text} did not end within its time budget"))
        waiting = self._late(senses)
        if waiting is not None:
            return waiting
        if self._held:
            self._until_s += senses.now_s - self._held_s
            self._held, self._last = False, ()
        if self._aborted:
            return Decision(Act.FAILED, error=DriverFailedError(f"{self._text}: {self._aborted}"))
        return self._ended(senses) or self._next(senses)

    def _ended(self, senses: Senses) -> Decision | None:
        """REACHED by what is measured, or CONTACT when the finger has closed on something."""
        if self._sent and arrived(self.motion, senses.positions, self.config):
            return Decision(Act.REACHED)
        return Decision(Act.CONTACT) if self._stalled(senses) else None

    @property
    def _text(self) -> str:
        return "moving " + ", ".join(
            f"{joint} to {target:.3f}" for joint, target in zip(self.motion.joints, self.motion.targets, strict=True)
        )

    def _late(self, senses: Senses) -> Decision | None:
        """HOLD or FAILED when states or lease are late."""
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
        except F2pError as error:
            self._held_s = self._held_s if self._held else senses.now_s
            self._held = True
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
        if senses.now_s - self._sent_s < self.config.command_period_s:
            return Decision(Act.WAIT)
        if self._rejections > REJECTIONS:
            return Decision(Act.FAILED, error=DriverFailedError(f"{self._text}: the driver keeps refusing steps"))
        try:
            step = next_step(self.motion, senses.positions, self.config)
        except F2pError as error:
            return Decision(Act.FAILED, error=error)
        waited_s = senses.now_s - self._sent_s
        repeated = step == self._last and not self.motion.moves_base
        nothing = self.motion.moves_base and abs(step[0]) < NULL_BASE
        if repeated and waited_s < SETTLE_S:
            return Decision(Act.WAIT)
        if nothing or (repeated and self._content and self._standing(senses)):
            return Decision(Act.REACHED)
        self._sent, self._last = self._sent + 1, step
        self._sent_s, self._content = senses.now_s, False
        return Decision(Act.SEND, step)

    def _standing(self, senses: Senses) -> bool:
        """Tell whether all joints are at rest; resending would not help."""
        speeds = (abs(senses.velocities.get(joint, 0.0)) for joint in self.motion.joints)
        return all(speed <= self.config.still_speed for speed in speeds)
