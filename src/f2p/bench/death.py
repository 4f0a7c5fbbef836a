"""The guard dies during a motion: how far and how long what it sent last goes on, and what the motion takes otherwise.

In simulated time, with the driver's model, at the robot's timing. Nobody sends anything after the death, so the step
under way is driven to its end. Of base, arm and lift: no watchdog ends what they are told (promises.md 0.4).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from f2p.bench.guarded import TICK_S, GuardedTwin
from f2p.bench.protocol import Measurement, Progress, benchmarks
from f2p.guard.rules import GuardConfig
from f2p.robot.limits import ACCELERATIONS, LATE_S
from f2p.robot.protocol import ARM, LIFT, TRANSLATE, Motion, never
from f2p.settings import Settings, group, number
from f2p.shape.protocol import shapes
from f2p.sim.world import Body, World
from f2p.twin.driver import StretchDriver
from f2p.twin.twin import Twin

JOINTS = {TRANSLATE: "base", LIFT: "lift", ARM: "arm"}

SPEEDS = (0.05, 0.08, 0.10)
"""Of them [m/s]: slow, as skills push and lower, and as the base goes in `f2p bench promises` (ours)."""

WAY_M = 0.35
"""How far a joint is sent [m]: what the arm can do."""

UNDER_WAY_S = 1.0
"""Time for which it is under way at the least when the guard dies [s]; it has its speed by then."""

SEEN_S = 0.1
"""Time over that of a step in which the last of its way is driven, and seen [s] (ours: three periods of the driver)."""

STILL_M = 5e-5
"""Way in one tick that is none [m]."""

LONGEST_S = 3.0
"""How long it is watched after the death [s]: far longer than any step."""

NEAR = 0.05
"""Limit of the way after the death [m] (promises.md 6)."""

SLOWER = 1.5
"""Limit of a motion's time, as a share of what its speed alone would take: then the guard ends it (promises.md 1.3)."""


@dataclass(frozen=True)
class DeathBenchConfig(Settings):
    """How often the guard dies, and its limits."""

    trials: int = number(8, "deaths for each joint and speed", low=1, high=10_000)
    guard: GuardConfig = group(GuardConfig)


@benchmarks.register("death")
class Death:
    """Let the guard die at random moments."""

    def __init__(self, config: DeathBenchConfig | None = None) -> None:
        self.config = config or DeathBenchConfig()

    def __call__(self, seed: int, progress: Progress) -> list[Measurement]:
        """Measure."""
        rng, out = np.random.default_rng(seed), []
        for number_, (joint, speed) in enumerate((joint, speed) for joint in JOINTS for speed in SPEEDS):
            what = f"{JOINTS[joint]} at {speed:.2f} m/s"
            progress("death", number_ / len(JOINTS) / len(SPEEDS), what)
            ends = [self.die(joint, speed, UNDER_WAY_S + rng.random()) for _ in range(self.config.trials)]
            within_s = self.config.guard.command_period_s + LATE_S + speed / ACCELERATIONS[joint] + SEEN_S
            out += [
                Measurement(f"{what}, guard dead: way, most", max(way for way, _ in ends), "m", NEAR),
                Measurement(f"{what}, guard dead: still after, most", max(at for _, at in ends), "s", within_s),
                Measurement(f"{what}: time of {WAY_M} m", self.took(joint, speed), "s", SLOWER * WAY_M / speed),
            ]
        return out

    def die(self, joint: str, speed: float, after_s: float) -> tuple[float, float]:
        """Let the guard die some time after a motion began; how far [m] and how long [s] the joint went on."""
        robot = self._robot()
        robot.begin(_motion(robot, joint, speed), lambda *_: None, never)
        robot.let(after_s)
        driver = robot.driver
        died_s, died_at = driver.time_s, _at(robot, joint)
        before, rested_s = died_at, died_s
        while driver.time_s - died_s < LONGEST_S:
            driver.advance(TICK_S)
            here = _at(robot, joint)
            if abs(here - before) > STILL_M:
                rested_s = driver.time_s
            before = here
        return abs(before - died_at), rested_s - died_s

    def took(self, joint: str, speed: float) -> float:
        """Return how long the motion takes where nothing happens [s]."""
        robot = self._robot()
        began_s = robot.driver.time_s
        robot.move(_motion(robot, joint, speed))
        return robot.driver.time_s - began_s

    def _robot(self) -> GuardedTwin:
        shape = next(name for name in shapes.names if not shapes.get(name).support)  # whichever: nobody touches it
        world = World((Body("it", shape, np.full(3, 0.05)),), np.array([[0.7, 0.1, 0.025, 0.0]]))
        return GuardedTwin(StretchDriver(Twin(world)), self.config.guard)


def _at(robot: GuardedTwin, joint: str) -> float:
    """Return where a joint is, or how far the base has come [m]."""
    return robot.driver.odometry[0] if joint == TRANSLATE else robot.state().position(joint)


def _motion(robot: GuardedTwin, joint: str, speed: float) -> Motion:
    """Return a motion of one joint by `WAY_M`, upwards, outwards or ahead; down where it is too high for that."""
    here = 0.0 if joint == TRANSLATE else robot.state().position(joint)
    return Motion((joint,), (here - WAY_M if joint == LIFT and here > 2.0 * WAY_M else here + WAY_M,), (speed,))
