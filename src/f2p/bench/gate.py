"""Any float there is through the whole guard: what it lets out, and what it raises (promises.md 5.9).

Floats are drawn by their bits, so that every exponent, subnormals, infinities and NaN come up, mixed with values near
the limits. Everything that comes over the wire is drawn: targets, speeds, thresholds, joint states, odometry, ages.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from f2p.bench.protocol import Measurement, Progress, benchmarks
from f2p.guard.core import Guard
from f2p.guard.driver import NAVIGATION, POSITION, DriverState
from f2p.guard.errors import GuardError
from f2p.guard.leases import Renewal
from f2p.guard.rules import GuardConfig
from f2p.guard.work import Now
from f2p.robot.limits import RULES, is_within, largest_step
from f2p.robot.protocol import BASE_JOINTS, ROTATE, TRANSLATE, Motion
from f2p.settings import Settings, number

ODD = (math.nan, math.inf, -math.inf, 1.7e308, -1.7e308, 5e-324, -0.0, 0.0)

FLOATS = 9
"""Numbers that one goal draws."""


@dataclass
class Count:
    """What came out."""

    goals: int = 0
    sent: int = 0
    refused: int = 0
    not_finite: int = 0
    out_of_limits: int = 0
    beyond_a_step: int = 0
    raised: int = 0
    """Exceptions that are no refusals with a code, from `begin`, `drive` or the tick."""
    last: str = ""
    """The last of these."""

    @property
    def bad(self) -> int:
        """How many must not be there."""
        return self.not_finite + self.out_of_limits + self.beyond_a_step + self.raised


class Sink:
    """A driver that judges what it is sent."""

    def __init__(self, count: Count, config: GuardConfig) -> None:
        self.count, self.here = count, {}
        self._most = {joint: largest_step(joint, config) + 1e-9 for joint in RULES}

    here: dict[str, float]

    def send(
        self, motion: Motion, step: tuple[float, ...], rejected: Callable[[], None],
        result: Callable[[bool, int, str], None],
    ) -> None:  # fmt: skip
        """Judge one step."""
        self.count.sent += 1
        for joint, value in zip(motion.joints, step, strict=True):
            here = self.here.get(joint, 0.0)
            reached = here + value if joint in BASE_JOINTS else value
            self._judge(math.isfinite(value), is_within(joint, reached) or joint in BASE_JOINTS,
                        abs(reached - here) <= self._most[joint])  # fmt: skip
        numbers = (*motion.targets, *motion.speeds, *motion.contact_thresholds)
        self._judge(all(map(math.isfinite, numbers)), all(map(is_within, motion.joints, motion.targets)), True)

    def twist(self, linear: float, turning: float) -> None:
        """Judge one velocity."""
        self.count.sent += 1
        slow = abs(linear) <= RULES[TRANSLATE].speed and abs(turning) <= RULES[ROTATE].speed
        self._judge(math.isfinite(linear) and math.isfinite(turning), slow, True)

    def _judge(self, finite: bool, within: bool, near: bool) -> None:
        self.count.not_finite += not finite
        self.count.out_of_limits += not within
        self.count.beyond_a_step += not near

    def clear(self) -> None:
        """Do nothing."""

    stop = runstop = clear

    def looked(self, patience_s: float) -> None:
        """Do nothing."""

    def to_mode(self, mode: str) -> None:
        """Do nothing."""


def drawn(rng: np.random.Generator, count: int) -> np.ndarray:
    """Draw floats: a third of any bits, two thirds near what is asked for, one in twenty odd. Shape (count, FLOATS)."""
    shape = (count, FLOATS)
    bits = rng.integers(0, 2**64, shape, dtype=np.uint64).view(np.float64)
    values = np.where(rng.random(shape) < 1 / 3, bits, rng.uniform(-1.0, 1.0, shape))
    return np.where(rng.random(shape) < 0.05, rng.choice(ODD, shape), values)


@dataclass(frozen=True)
class GateBenchConfig(Settings):
    """How much goes through."""

    goals: int = number(1_000_000, "goals of any floats", low=1, high=100_000_000, source="promises.md 5.9")


@benchmarks.register("gate")
class Gate:
    """A million goals of any floats through the guard."""

    def __init__(self, config: GateBenchConfig | None = None) -> None:
        self.config = config or GateBenchConfig()

    def __call__(self, seed: int, progress: Progress) -> list[Measurement]:
        """Measure."""
        count = put_through(self.config.goals, seed, progress)
        if count.last:
            progress("gate", 1.0, f"the last exception: {count.last}")
        return [
            Measurement("goals of any floats: not finite", count.not_finite, "steps", 0),
            Measurement("goals of any floats: out of limits", count.out_of_limits, "steps", 0),
            Measurement("goals of any floats: beyond a step", count.beyond_a_step, "steps", 0),
            Measurement("goals of any floats: exceptions without a code", count.raised, "goals", 0),
            Measurement("goals of any floats: steps let out", count.sent, "steps", 1, at_least=True),
        ]


def put_through(goals: int, seed: int, progress: Progress = lambda _stage, _done, _text: None) -> Count:
    """Send `goals` motions and velocities of any floats through a guard, with a driver that says any floats."""
    rng, count, config = np.random.default_rng(seed), Count(), GuardConfig()
    joints = tuple(RULES)
    for start in range(0, goals, 10_000):
        progress("gate", start / goals, f"{count.sent} steps sent, {count.refused} refused")
        rows = drawn(rng, min(10_000, goals - start)).tolist()
        names = rng.integers(0, len(joints), len(rows)).tolist()
        for values, name in zip(rows, names, strict=True):
            _one(joints[name], values, count, config)
    return count


def _one(joint: str, values: list[float], count: Count, config: GuardConfig) -> None:
    """Put one goal and one velocity through a guard of their own."""
    target, speed, effort, here, velocity, x, y, heading, age = values
    count.goals += 1
    sink = Sink(count, config)
    guard, now = Guard(sink, lambda _text: None), Now(10.0, 10_000_000_000)
    rest = DriverState({joint: 0.0}, {}, 11.0, 10_000_000_000, base_received_s=11.0, mode=POSITION)
    guard.activate(1, now)
    guard.tick(rest, Now(10.2, 10_200_000_000), config)
    now = Now(10.4, 10_400_000_000)
    guard.tick(rest, now, config)
    mode = NAVIGATION if count.goals % 2 else POSITION
    said = DriverState({joint: here}, {joint: velocity}, 10.4 - abs(age), now.stamp_ns, (x, y, heading), 10.4, mode)
    calm = DriverState({joint: here}, {}, 10.4, now.stamp_ns, (x, y, heading), 10.4, mode)
    sink.here = {**said.positions, TRANSLATE: 0.0, ROTATE: 0.0}
    try:
        guard.renew(Renewal("a", epoch=1, stamp_ns=now.stamp_ns), now, config)
        guard.begin(Motion((joint,), (target,), (abs(speed),), (abs(effort),)), "a", calm, now, config,
                    lambda error, _contact: _told(error, count), lambda: False)  # fmt: skip
    except GuardError:
        count.refused += 1
    except Exception as error:
        count.raised, count.last = count.raised + 1, repr(error)
    try:
        guard.drive(speed, effort, "a", calm, now, config)
    except GuardError:
        pass
    except Exception as error:
        count.raised, count.last = count.raised + 1, repr(error)
    for state, at_s in ((calm, 10.42), (said, 10.44), (said, 10.8)):
        guard.tick(state, Now(at_s, round(at_s * 1e9)), config)


def _told(error: Exception | None, count: Count) -> None:
    """Count how a motion ended: an error without a code is a fault of the tick."""
    if error is not None and not isinstance(error, GuardError):
        count.raised, count.last = count.raised + 1, repr(error)
