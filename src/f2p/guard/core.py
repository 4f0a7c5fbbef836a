"""The guard without ROS: leases, one motion at a time, the stop recipe and the latch; time and driver are arguments."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

from f2p.errors import CanceledError, F2pError
from f2p.guard.errors import GuardBusyError, LatchedError, LeaseError, OutrankedError, WrongModeError
from f2p.guard.motion import Act, GuardedMotion, Senses
from f2p.guard.rules import GuardConfig, admit
from f2p.robot.protocol import BASE_JOINTS, Motion

LEASE_MEMORY_S = 5.0
"""A lease not renewed for this long is forgotten [s] (ours)."""


class Rank(IntEnum):
    """Who goes first; the runstop is above both."""

    AUTONOMY = 0
    OPERATOR = 1


@dataclass(frozen=True)
class Held:
    """What is known of one lease."""

    renewed_s: float
    """Monotonic [s]."""
    rank: Rank


@dataclass(frozen=True)
class DriverState:
    """The newest of everything the driver says."""

    positions: dict[str, float]
    velocities: dict[str, float]
    received_s: float = float("-inf")
    """Monotonic time of the joint states [s]."""
    stamp_ns: int = 0
    base: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Odometry: x, y [m], heading [rad]."""
    base_received_s: float = float("-inf")
    mode: str = ""
    runstopped: bool = False
    pending: bool = False
    """Whether a step is under way that the driver has neither accepted nor rejected: it may still begin to move."""


class DriverPort(Protocol):
    """What the guard asks of the driver; none of it may block."""

    def send(
        self, motion: Motion, step: tuple[float, ...], rejected: Callable[[], None],
        result: Callable[[bool, int, str], None],
    ) -> None:  # fmt: skip
        """Send one checked step; at most one of the callbacks follows. Accepted after a `stop`, it is stopped again."""

    def stop(self) -> None:
        """Cancel and `/stop_the_robot`."""

    def runstop(self) -> None:
        """Trigger the run stop, the last resort."""

    def to_position_mode(self) -> None:
        """Ask for position mode."""


def base_displacement(start: tuple[float, float, float], now: tuple[float, float, float]) -> dict[str, float]:
    """Return how far the base moved along its heading at `start` [m] and turned [rad], by joint name."""
    forward = math.cos(start[2]) * (now[0] - start[0]) + math.sin(start[2]) * (now[1] - start[1])
    return dict(zip(BASE_JOINTS, (forward, math.remainder(now[2] - start[2], 2.0 * math.pi)), strict=True))


def _unrest(fresh: bool, still: bool) -> str:
    """Return why a stop did not end in rest that can be relied on."""
    if not fresh:
        return "joint states fell silent after a stop"
    return "the driver did not answer a step after a stop" if still else "the robot did not come to rest after a stop"


@dataclass(frozen=True)
class Running:
    """One motion and who waits for it."""

    run: GuardedMotion
    lease: str
    rank: Rank
    base_start: tuple[float, float, float]
    ended: Callable[[Exception | None, bool], None]
    """Called once with (error or None, contact)."""
    canceled: Callable[[], bool]


class Guard:
    """Decides at every tick what the driver is sent.

    Args:
        driver: Where commands go.
        log: One line per event.
    """

    def __init__(self, driver: DriverPort, log: Callable[[str], None]) -> None:
        self._driver, self._log = driver, log
        self._leases: dict[str, Held] = {}
        self._running: Running | None = None
        self._stopping_until_s: float | None = None
        self._unanswered = False
        self.latched = ""
        """Why nothing moves until an operator resumes; empty when all is well."""
        self.holding: F2pError | None = None
        """What a held motion waits for."""

    def renew(self, lease: str, now_s: float, rank: Rank = Rank.AUTONOMY) -> None:
        """Note that a holder renewed its lease."""
        known = {name: held for name, held in self._leases.items() if now_s - held.renewed_s < LEASE_MEMORY_S}
        self._leases = known | {lease: Held(now_s, rank)}

    def rank(self, now_s: float, config: GuardConfig) -> Rank:
        """Return the highest rank of which a lease is in force: renewed, and not void."""
        ranks = [held.rank for held in self._leases.values() if now_s - held.renewed_s <= config.lease_void_s]
        return max(ranks, default=Rank.AUTONOMY)

    @property
    def holder(self) -> str:
        """Lease of the running motion; empty when none runs."""
        return self._running.lease if self._running else ""

    def resume(self, state: DriverState) -> str:
        """Clear the latch, by an operator's word only. Raises LatchedError while the runstop is pressed."""
        if state.runstopped:
            raise LatchedError("the runstop is still pressed; release it first")
        cleared, self.latched = self.latched, ""
        return f"latch cleared: {cleared}" if cleared else "it was not latched"

    def stop(self, now_s: float, config: GuardConfig) -> None:
        """Stand still, whatever runs."""
        self._end(CanceledError("the robot was told to stop"), now_s, config)

    def begin(
        self, motion: Motion, lease: str, state: DriverState, now_s: float, stamp_ns: int, config: GuardConfig,
        ended: Callable[[Exception | None, bool], None], canceled: Callable[[], bool],
    ) -> None:  # fmt: skip
        """Admit a motion; `ended` follows. Raises GuardError when it is refused.

        A motion under a lease of lower rank is ended first; until the robot stands, this one is refused as busy.
        """
        if self.latched or state.runstopped:
            raise LatchedError(f"{self.latched or 'the runstop is pressed'}; only an operator's resume clears it")
        admitted = admit(motion)
        self._check_rank(lease, now_s, config)
        if self._running is not None or self._stopping_until_s is not None:
            raise GuardBusyError("another motion is running or being stopped")
        if state.mode != "position":
            self._driver.to_position_mode()
            raise WrongModeError(f"the driver is in mode {state.mode!r}, not 'position'; it was asked to change")
        senses = self._senses(admitted, lease, state.base, state, now_s, stamp_ns)
        rank = self._leases[lease].rank
        self._running = Running(GuardedMotion(admitted, config, senses), lease, rank, state.base, ended, canceled)

    def _check_rank(self, lease: str, now_s: float, config: GuardConfig) -> None:
        """Let nobody begin before somebody of a higher rank, and end the motion of a lower one."""
        if lease not in self._leases:
            raise LeaseError(f"nobody renews a lease called {lease!r}")
        rank, highest = self._leases[lease].rank, self.rank(now_s, config)
        if rank < highest:
            raise OutrankedError(f"the robot is held by {highest.name.lower()}; ask again when it has been given back")
        running = self._running
        if running is not None and running.rank < rank:
            self._log(f"preempted: {rank.name.lower()} takes the robot from {running.rank.name.lower()}")
            self._end(OutrankedError(f"{rank.name.lower()} took the robot"), now_s, config)

    def positions(self, state: DriverState) -> dict[str, float]:
        """Joint positions; base joints as displacement since the running motion began."""
        start = self._running.base_start if self._running else state.base
        return {**state.positions, **base_displacement(start, state.base)}

    def tick(self, state: DriverState, now_s: float, stamp_ns: int, config: GuardConfig) -> None:
        """Look at everything once; called at 50 Hz."""
        if state.runstopped and not self.latched:
            self.latched = "the runstop was pressed"
            self._log(f"latched: {self.latched}")
        self._check_standing(state, now_s, config)
        running = self._running
        if running is None:
            self.holding = None
        elif self.latched:
            self._end(LatchedError(self.latched), now_s, config)
        elif running.canceled():
            self._end(CanceledError("the motion was canceled"), now_s, config)
        else:
            senses = self._senses(running.run.motion, running.lease, running.base_start, state, now_s, stamp_ns)
            self._follow(running, senses, config)

    def _follow(self, running: Running, senses: Senses, config: GuardConfig) -> None:
        """Do what the motion's state machine says."""
        run = running.run
        decision = run.decide(senses)
        if decision.act is Act.SEND:
            number = run.newest
            self._driver.send(
                run.motion, decision.step, lambda: run.rejected(number),
                lambda ok, code, text: run.result(number, ok, code, text),
            )  # fmt: skip
        elif decision.act is Act.HOLD and not self.holding:
            self._driver.stop()
            self._log(f"holding: {decision.error}")
        elif decision.act in (Act.REACHED, Act.CONTACT):
            self._running = None
            running.ended(None, decision.act is Act.CONTACT)
        elif decision.act is Act.FAILED:
            self._end(decision.error, senses.now_s, config)
        self.holding = decision.error if decision.act is Act.HOLD else None

    def _end(self, error: Exception | None, now_s: float, config: GuardConfig) -> None:
        """Stop the robot and end the motion with `error`; the next one waits until it stands."""
        running, self._running = self._running, None
        self._driver.stop()
        self._stopping_until_s = now_s + config.still_within_s
        if running is not None:
            running.ended(error, False)

    def _check_standing(self, state: DriverState, now_s: float, config: GuardConfig) -> None:
        """After a stop: wait for rest, else runstop and latch."""
        if self._stopping_until_s is None:
            return
        if self._unanswered and not state.pending:  # if the driver took that step, it was told to stop again just now
            self._stopping_until_s = now_s + config.still_within_s
        self._unanswered = state.pending
        fresh = now_s - state.received_s <= config.hold_after_s
        still = all(abs(speed) <= config.still_speed for speed in state.velocities.values())
        seen = now_s > self._stopping_until_s - config.still_within_s + config.hold_after_s
        if fresh and still and seen and not state.pending:
            self._stopping_until_s = None
        elif now_s > self._stopping_until_s:
            self._stopping_until_s = None
            self.latched = _unrest(fresh, still)
            self._driver.runstop()
            self._log(f"latched: {self.latched}")

    def _senses(
        self, motion: Motion, lease: str, base_start: tuple[float, float, float], state: DriverState, now_s: float,
        stamp_ns: int,
    ) -> Senses:  # fmt: skip
        received_s = min(state.received_s, state.base_received_s) if motion.moves_base else state.received_s
        positions = {**state.positions, **base_displacement(base_start, state.base)}
        lease_age_s = now_s - (self._leases[lease].renewed_s if lease in self._leases else float("-inf"))
        skew_s = (stamp_ns - state.stamp_ns) / 1e9
        return Senses(now_s, positions, state.velocities, now_s - received_s, skew_s, lease_age_s)
