"""A guard on a driver that answers at once or not at all, with simulated time: what the guard's tests share."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from f2p.guard.beats import Beat
from f2p.guard.core import Guard
from f2p.guard.driver import DriverState
from f2p.guard.errors import LeaseError
from f2p.guard.latch import Latch
from f2p.guard.leases import Rank, Renewal
from f2p.guard.rules import GuardConfig
from f2p.guard.work import Now
from f2p.robot.protocol import FINGER, LIFT, TRANSLATE, Motion

CONFIG, TICK_S = GuardConfig(), 0.02


@dataclass
class Bench:
    """A guard, a driver that moves at 0.2 units/s towards its last step, and a clock."""

    speed: float = 0.2
    accept: bool = True
    now: float = 10.0
    state: DriverState = field(default_factory=lambda: DriverState({LIFT: 0.2, FINGER: 0.1}, {}, mode="position"))
    sent: list[tuple[float, ...]] = field(default_factory=list)
    stops: int = 0
    runstops: int = 0
    ended: list[tuple[Exception | None, bool]] = field(default_factory=list)
    silent: bool = False
    renewing: bool = True
    canceled: bool = False
    coasting: bool = False
    blocked_at: float = float("inf")
    vital: tuple[str, ...] = ()
    beats: dict[str, Beat] = field(default_factory=dict)
    dead: set[str] = field(default_factory=set)
    modes: list[str] = field(default_factory=list)
    twists: list[tuple[float, float]] = field(default_factory=list)
    clears: int = 0
    looks: list[tuple[float, float]] = field(default_factory=list)
    epoch: int = 7
    goal_joints: bool = False
    """Whether the driver tells of the goal it has."""
    latch: Latch | None = None
    obeys: bool = True
    """Whether it ends that goal when it is cleared."""
    _target: tuple[Motion, tuple[float, ...]] | None = None
    _result: Callable[[bool, int, str], None] | None = None

    def __post_init__(self) -> None:
        self.guard = Guard(self, lambda _text: None, self.vital, self.now, self.latch)
        self.beats = {name: Beat(100 + index, self.now) for index, name in enumerate(self.vital)}
        self.guard.activate(self.epoch, self.moment)
        self.stops = 0
        self._wait_for_rest()

    @property
    def moment(self) -> Now:
        return Now(self.now, round(self.now * 1e9))

    def _wait_for_rest(self) -> None:
        """What a guard before this one moved is stopped first."""
        while not self.guard.standing:
            self.run(TICK_S)

    def renew(self, lease: str = "a", rank: Rank = Rank.AUTONOMY, epoch: int | None = None) -> None:
        news = Renewal(lease, rank, self.epoch if epoch is None else epoch, self.moment.stamp_ns)
        self.guard.renew(news, self.moment, CONFIG)

    def send(self, motion: Motion, step: tuple[float, ...], rejected: Callable[[], None],
             result: Callable[[bool, int, str], None]) -> None:  # fmt: skip
        self.sent.append(step)
        if not self.accept:
            rejected()
            return
        if motion.joints == (TRANSLATE,):
            step = (self.state.base[0] + step[0],)
        self._target, self._result = (motion, step), result
        if self.goal_joints:
            self.state = replace(self.state, goal_joints=motion.joints)

    def clear(self) -> None:
        self.clears += 1
        if self.obeys:
            self.state = replace(self.state, goal_joints=())

    def twist(self, linear: float, turning: float) -> None:
        self.twists.append((linear, turning))

    def stop(self) -> None:
        self.stops += 1
        if not self.coasting:
            self._target = None
            self.state = replace(self.state, goal_joints=())

    def looked(self, patience_s: float) -> None:
        self.looks.append((self.now, patience_s))

    def runstop(self) -> None:
        self.runstops += 1

    def to_mode(self, mode: str) -> None:
        self.modes.append(mode)
        self.state = replace(self.state, mode=mode)

    def begin(self, motion: Motion, lease: str = "a", rank: Rank = Rank.AUTONOMY) -> None:
        self.renew(lease, rank)
        self.guard.begin(motion, lease, self._seen(), self.moment, CONFIG,
                         lambda error, contact: self.ended.append((error, contact)), lambda: self.canceled)  # fmt: skip

    def resume(self) -> str:
        return self.guard.resume(self._seen(), self.moment, CONFIG)

    def answer(self, ok: bool, code: int) -> None:
        """The driver ends the newest step."""
        assert self._result is not None
        self._target = None
        self._result(ok, code, "--")

    def drive(self, linear: float, turning: float = 0.0, lease: str = "hand") -> None:
        self.guard.drive(linear, turning, lease, self._seen(), self.moment, CONFIG)

    def _seen(self) -> DriverState:
        if not self.silent:
            stamp_ns = self.moment.stamp_ns
            self.state = replace(self.state, received_s=self.now, base_received_s=self.now, stamp_ns=stamp_ns)
        return self.state

    def run(self, seconds: float) -> None:
        for _ in range(round(seconds / TICK_S)):
            self.now += TICK_S
            if self.renewing:
                with contextlib.suppress(LeaseError):
                    self.renew()
            self._move()
            self._beat()
            self.guard.tick(self._seen(), self.moment, CONFIG, self.beats)

    def _beat(self) -> None:
        for name in self.vital:
            if name not in self.dead:
                self.beats[name] = replace(self.beats[name], received_s=self.now)

    def _move(self) -> None:
        velocities: dict[str, float] = {}
        if self._target is not None and not self.silent:
            motion, step = self._target
            positions = dict(self.state.positions)
            for joint, value in zip(motion.joints, step, strict=True):
                here = self.state.base[0] if joint == TRANSLATE else positions[joint]
                move = min(max(value - here, -self.speed * TICK_S), self.speed * TICK_S)
                move = 0.0 if here >= self.blocked_at else move
                velocities[joint] = move / TICK_S
                if joint == TRANSLATE:
                    self.state = replace(self.state, base=(here + move, 0.0, 0.0))
                else:
                    positions[joint] = here + move
            self.state = replace(self.state, positions=positions, velocities=velocities)
        else:
            self.state = replace(self.state, velocities={})
