"""The guard without ROS: leases, one motion at a time, the stop recipe and the latch; time and driver are arguments."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from types import MappingProxyType

from f2p.errors import UNFORESEEN, CanceledError, F2pError
from f2p.guard.beats import Beat, Beats, silence
from f2p.guard.driver import NAVIGATION, POSITION, DriverPort, DriverState, base_displacement
from f2p.guard.errors import (
    DependencyLostError,
    GuardBusyError,
    GuardInactiveError,
    LatchedError,
    LeaseError,
    OutrankedError,
    StaleJointsError,
    WrongModeError,
)
from f2p.guard.latch import Latch
from f2p.guard.leases import Leases, Rank, Renewal
from f2p.guard.motion import Act, GuardedMotion, Senses
from f2p.guard.rules import GuardConfig, admit, admit_twist, check_battery, check_fresh, check_heard
from f2p.guard.standing import Standing
from f2p.guard.work import Driving, Now, Running
from f2p.robot.protocol import Motion

FIRST_REST_S = 3.0
"""Longest wait for the proof of rest when the guard begins, beside nine other processes that do [s] (ours)."""


class Guard:
    """Decides at every tick what the driver is sent.

    Args:
        driver: Where commands go.
        log: One line per event.
        vital: Processes without which nothing moves by itself; an operator needs none of them.
        now_s: From when on their silence counts [s].
        latch: The one of the guard before this one, where there was one.
    """

    def __init__(
        self, driver: DriverPort, log: Callable[[str], None], vital: Collection[str] = (), now_s: float = 0.0,
        latch: Latch | None = None,
    ) -> None:  # fmt: skip
        self._driver, self._log = driver, log
        self._leases, self._beats, self._standing = Leases(), Beats(vital, now_s), Standing()
        self._running: Running | None = None
        self._driving: Driving | None = None
        self._ticked_s: float | None = None
        self._active, self._latch = False, latch or Latch()
        self.holding: F2pError | None = None
        """What motions wait for."""

    @property
    def latched(self) -> str:
        """Why nothing moves until an operator resumes; empty when all is well."""
        return self._latch.why

    @property
    def epoch(self) -> int:
        """Number of the present activation; a lease has to name it."""
        return self._leases.epoch

    @property
    def standing(self) -> bool:
        """Whether nothing runs, and the last stop was seen to end in rest."""
        return self._running is None and self._driving is None and not self._standing.awaited

    @property
    def holder(self) -> str:
        """Lease of the running motion; empty when none runs."""
        return self._running.lease if self._running else ""

    def activate(self, epoch: int, now: Now) -> None:
        """Take motions from now on, under new leases; what a guard before this one left moving is stopped."""
        self._leases, self._leases.epoch = Leases(), epoch
        self._driver.stop()
        self._standing.told(now.monotonic_s, FIRST_REST_S)
        self._active = True

    def halt(self, why: str, now: Now, config: GuardConfig) -> None:
        """Take no motions any more: whatever moves is stopped, and every lease is void."""
        self._active = False
        self._withdraw(GuardInactiveError(why), now, config, Rank.OPERATOR)
        self._stop(now, config)

    def renew(self, news: Renewal, now: Now, config: GuardConfig) -> None:
        """Note that a holder renewed its lease. Raises LeaseError when that does not count."""
        self._leases.renew(news, now.monotonic_s, now.stamp_ns, config)

    def rank(self, now: Now, config: GuardConfig) -> Rank:
        """Return the highest rank of which a lease is in force: renewed, and not void."""
        return self._leases.rank(now.monotonic_s, config)

    def resume(self, state: DriverState, now: Now, config: GuardConfig) -> str:
        """Clear the latch, by an operator's word only. Raises GuardError while it is pressed, or nothing is heard."""
        if state.runstopped:
            raise LatchedError("the runstop is still pressed; release it first")
        check_heard(now.monotonic_s - state.received_s, config)
        cleared = self._latch.clear()
        return f"latch cleared: {cleared}" if cleared else "it was not latched"

    def stop(self, now: Now, config: GuardConfig) -> None:
        """Stand still, whatever runs."""
        self._end(CanceledError("the robot was told to stop"), now, config)

    def begin(
        self, motion: Motion, lease: str, state: DriverState, now: Now, config: GuardConfig,
        ended: Callable[[Exception | None, bool], None], canceled: Callable[[], bool],
    ) -> None:  # fmt: skip
        """Admit a motion; `ended` follows. Raises GuardError when it is refused.

        A motion under a lease of lower rank is ended first; until the robot stands, this one is refused as busy.
        """
        self._check_ready(state, now, config)
        admitted = admit(motion)
        rank = self._turn(lease, state, now, config)
        if not self.standing:
            raise GuardBusyError("another motion is running or being stopped")
        self._check_mode(POSITION, state)
        senses = self._senses(admitted, lease, rank, state.base, state, now, config)
        self._running = Running(GuardedMotion(admitted, config, senses), lease, rank, state.base, ended, canceled)

    def drive(
        self, linear: float, turning: float, lease: str, state: DriverState, now: Now, config: GuardConfig
    ) -> None:  # fmt: skip
        """Take a velocity of the base [m/s, rad/s], to be asked for again before it is old. Raises GuardError."""
        self._check_ready(state, now, config)
        admitted = admit_twist(linear, turning)
        rank = self._turn(lease, state, now, config)
        if self._driving is None or self._driving.lease != lease:
            if not self.standing:
                raise GuardBusyError("another motion is running or being stopped")
            self._check_mode(NAVIGATION, state)
        self._driving = Driving(*admitted, lease, rank, now.monotonic_s)

    def _check_ready(self, state: DriverState, now: Now, config: GuardConfig) -> None:
        """Raise GuardInactiveError, LatchedError or StaleJointsError."""
        if not self._active:
            raise GuardInactiveError("the guard is not active")
        if self.latched or state.runstopped:
            raise LatchedError(f"{self.latched or 'the runstop is pressed'}; only an operator's resume clears it")
        check_heard(now.monotonic_s - state.received_s, config)

    def _check_mode(self, mode: str, state: DriverState) -> None:
        """Raise WrongModeError unless the driver is in a mode; it is asked for it, once it has no goal."""
        if state.mode == mode:
            return
        if state.goal_joints or state.pending:
            self._driver.clear()
            raise GuardBusyError(f"the driver still has a goal, and changes to mode {mode!r} after it")
        self._driver.to_mode(mode)
        raise WrongModeError(f"the driver is in mode {state.mode!r}, not {mode!r}; it was asked to change")

    def _turn(self, lease: str, state: DriverState, now: Now, config: GuardConfig) -> Rank:
        """Let nobody begin before somebody of a higher rank, and end what one of a lower rank does; the rank."""
        rank, highest = self._leases.held(lease, now.monotonic_s, config).rank, self.rank(now, config)
        if rank < highest:
            raise OutrankedError(f"the robot is held by {highest.name.lower()}; ask again when it has been given back")
        if rank is Rank.AUTONOMY:
            self._check_vital(now, config)
            check_battery(state.volts, config)
        self._preempt(rank, now, config)
        return rank

    def _preempt(self, rank: Rank, now: Now, config: GuardConfig) -> None:
        """End what somebody of a lower rank does, and make his lease void."""
        at_work = self._running or self._driving
        if at_work is not None and at_work.rank < rank:
            self._withdraw(OutrankedError(f"{rank.name.lower()} took the robot"), now, config)

    def _check_beats(self, beats: Mapping[str, Beat], now: Now, config: GuardConfig) -> None:
        """Make autonomy's leases void where a process that motions depend on was replaced, or is silent."""
        replaced = self._beats.heard(beats)
        self.holding = DependencyLostError(replaced) if replaced else None
        try:
            self._check_vital(now, config)
        except DependencyLostError as error:
            self.holding = error
        if self.holding is not None:
            self._withdraw(self.holding, now, config)

    def _check_vital(self, now: Now, config: GuardConfig) -> None:
        """Raise DependencyLostError while a process that motions depend on is silent."""
        name, age_s = self._beats.oldest(now.monotonic_s)
        if age_s > config.beat_void_s:
            raise DependencyLostError(f"{name} {silence(age_s)}; nothing moves by itself without it")

    def positions(self, state: DriverState) -> dict[str, float]:
        """Joint positions; base joints as displacement since the running motion began."""
        start = self._running.base_start if self._running else state.base
        return {**state.positions, **base_displacement(start, state.base)}

    def progress(self, state: DriverState) -> float:
        """Return the share of the running motion that is done, from 0 to 1; 0 when none runs."""
        return 0.0 if self._running is None else self._running.run.progress(self.positions(state))

    def tick(
        self, state: DriverState, now: Now, config: GuardConfig, beats: Mapping[str, Beat] = MappingProxyType({})
    ) -> None:
        """Look at everything once; called at 50 Hz. Raises nothing: what nobody foresaw ends in a stop.

        `beats` are the newest of each process that motions depend on.
        """
        try:
            self._look(state, now, config, beats)
        except Exception as error:
            self._log(f"error {UNFORESEEN} in the guard's tick: {error!r}; the robot is stopped")
            self._end(error, now, config)

    def _look(self, state: DriverState, now: Now, config: GuardConfig, beats: Mapping[str, Beat]) -> None:
        """Look at the guard's own pace, the latch, rest, the leases, who is alive, and then at the motion."""
        self._driver.looked(config.lease_void_s)
        away_s = 0.0 if self._ticked_s is None else now.monotonic_s - self._ticked_s
        self._ticked_s = now.monotonic_s
        if away_s > config.lease_void_s:
            self._withdraw(DependencyLostError(f"the guard itself stood still for {away_s:.2f} s"), now, config,
                           Rank.OPERATOR)  # fmt: skip
        if state.runstopped and not self.latched:
            self._latch_for("the runstop was pressed")
        if self._standing.lost_before(state, config) and self._active:  # it may have begun what was sent before that
            self._end(StaleJointsError("the driver is heard again: it is stopped first"), now, config)
        if unrest := self._standing.check(state, now.monotonic_s, config):
            self._latch_for(unrest)
            self._driver.runstop()
        elif self._standing.awaited and state.mode == NAVIGATION:
            self._driver.twist(0.0, 0.0)  # until it stands: one message may be lost, and the base drives on
        self._leases.expire(now.monotonic_s)
        self._preempt(self.rank(now, config), now, config)
        self._check_beats(beats, now, config)
        self._follow_driving(state, now, config)
        self._follow_motion(state, now, config)

    def _follow_motion(self, state: DriverState, now: Now, config: GuardConfig) -> None:
        """Do what the running motion's state machine says."""
        running = self._running
        if running is None:
            return
        if self.latched:
            self._end(LatchedError(self.latched), now, config)
        elif self._leases.why_void(running.lease):
            self._end(LeaseError(f"the lease is void: {self._leases.why_void(running.lease)}"), now, config)
        elif running.canceled():
            self._end(CanceledError("the motion was canceled"), now, config)
        else:
            self._follow(running, state, now, config)

    def _follow(self, running: Running, state: DriverState, now: Now, config: GuardConfig) -> None:
        """Look with the motion's eyes, and act."""
        run, held = running.run, running.run.held
        decision = run.decide(
            self._senses(run.motion, running.lease, running.rank, running.base_start, state, now, config)
        )
        if decision.act is Act.SEND:
            number = run.newest
            self._driver.send(
                run.motion, decision.step, lambda: run.rejected(number),
                lambda ok, code, text: run.result(number, ok, code, text, self._ticked_s or 0.0),
            )  # fmt: skip
        elif decision.act is Act.CLEAR:
            self._driver.clear()
        elif decision.act is Act.HOLD:
            self.holding = decision.error
            if not held:
                self._stop(now, config)
                self._log(f"holding: {decision.error}")
        elif decision.act is Act.FAILED:
            self._end(decision.error, now, config)
        elif decision.act is not Act.WAIT:
            self._running = None
            if decision.act is Act.CONTACT:  # stretch.md 1.3.1: what presses stops, its flag is read afresh
                self._stop(now, config)
            running.ended(None, decision.act is not Act.REACHED)

    def _follow_driving(self, state: DriverState, now: Now, config: GuardConfig) -> None:
        """Pass the velocity on, or end it: zero, stop, and the proof of rest."""
        driving = self._driving
        if driving is None:
            return
        why = self._why_over(driving, state, now, config)
        if why is None:
            self._driver.twist(driving.linear, driving.turning)
        else:
            self._log(f"driving ended: {why}")
            self._end(why, now, config)

    def _why_over(self, driving: Driving, state: DriverState, now: Now, config: GuardConfig) -> F2pError | None:
        """Return why a velocity is not passed on any longer."""
        age_s = now.monotonic_s - driving.asked_s
        if self.latched:
            return LatchedError(self.latched)
        if not age_s <= config.twist_after_s:
            return CanceledError(f"no velocity was asked for in {age_s:.2f} s")
        if not self._leases.age_s(driving.lease, now.monotonic_s) <= config.lease_hold_s:
            return LeaseError("its lease is late or void")
        if state.mode != NAVIGATION:
            return WrongModeError(f"the driver is in mode {state.mode!r}")
        try:
            check_fresh(now.monotonic_s - min(state.received_s, state.base_received_s),
                        (now.stamp_ns - state.stamp_ns) / 1e9, config)  # fmt: skip
        except StaleJointsError as error:
            return error
        return self._late(driving.rank, now, config)

    def _late(self, rank: Rank, now: Now, config: GuardConfig) -> DependencyLostError | None:
        """Return that a process which motions of a rank depend on is late, if one is."""
        name, age_s = self._beats.oldest(now.monotonic_s)
        if rank is not Rank.AUTONOMY or age_s <= config.beat_hold_s:
            return None
        return DependencyLostError(f"{name} is late: it {silence(age_s)}")

    def _latch_for(self, why: str) -> None:
        self._latch.set(why)
        self._log(f"latched: {why}")

    def _withdraw(self, error: F2pError, now: Now, config: GuardConfig, up_to: Rank = Rank.AUTONOMY) -> None:
        """Make the leases void up to a rank, and end what moves under one of them with `error`."""
        self._leases.withdraw_all(str(error), up_to)
        at_work = self._running or self._driving
        if at_work is not None and at_work.rank <= up_to:
            self._log(f"ended: {error}")
            self._end(error, now, config)

    def _end(self, error: Exception | None, now: Now, config: GuardConfig) -> None:
        """Stop the robot and end what moves with `error`; the next motion waits until it stands."""
        running, self._running, self._driving = self._running, None, None
        self._stop(now, config)
        if running is not None:
            running.ended(error, False)

    def _stop(self, now: Now, config: GuardConfig) -> None:
        """Follow the stop recipe, and expect proof."""
        self._standing.told(now.monotonic_s, config.still_within_s)
        self._driver.stop()

    def _senses(
        self, motion: Motion, lease: str, rank: Rank, base_start: tuple[float, float, float], state: DriverState,
        now: Now, config: GuardConfig,
    ) -> Senses:  # fmt: skip
        received_s = min(state.received_s, state.base_received_s) if motion.moves_base else state.received_s
        return Senses(
            now.monotonic_s, {**state.positions, **base_displacement(base_start, state.base)}, state.velocities,
            now.monotonic_s - received_s, (now.stamp_ns - state.stamp_ns) / 1e9,
            self._leases.age_s(lease, now.monotonic_s), self._late(rank, now, config), not self._standing.awaited,
            state.goal_joints,
        )  # fmt: skip
