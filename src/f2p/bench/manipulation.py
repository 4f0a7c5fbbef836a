"""The task's skill through the guard and the driver's model, pitfalls and all, at the robot's timing.

Every second run takes the packed box to the other table, the others one object out of it. What the skill is told of the
scene is true, so that what fails is the way from the skill to the motors. In simulated time: a run takes seconds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from f2p.bench.guarded import GuardedTwin
from f2p.bench.protocol import Measurement, Progress, benchmarks
from f2p.guard.rules import GuardConfig
from f2p.settings import Settings, group, number
from f2p.sim.protocol import make_simulator
from f2p.skill.protocol import skills
from f2p.tasks.protocol import tasks
from f2p.twin.driver import StretchDriver
from f2p.twin.driver_config import DriverConfig
from f2p.twin.twin import Truth, Twin
from f2p.types import Box, Scene, Segment, SkillCall

PLACES_Y = (-0.8, -0.3)
"""Two places on the other table, of which the one away from the landmark is taken [m]."""


@dataclass(frozen=True)
class ManipulationBenchConfig(Settings):
    """How often, what counts as brought, and through which guard and driver."""

    runs: int = number(100, "scenes, one call in each", low=1, high=100_000)
    near: float = number(0.03, "an object this near to where it was sent is there", unit="m", low=0.001, high=0.5)
    least: float = number(0.95, "limit: share of the runs", low=0.0, high=1.0)
    guard: GuardConfig = group(GuardConfig)
    driver: DriverConfig = group(DriverConfig)


@benchmarks.register("manipulation")
class Bringing:
    """Count the successes of many runs."""

    def __init__(self, config: ManipulationBenchConfig | None = None) -> None:
        self.config = config or ManipulationBenchConfig()

    def __call__(self, seed: int, progress: Progress) -> list[Measurement]:
        """Measure."""
        good, runs = 0, self.config.runs
        for run in range(runs):
            problem = self.run_one(seed + run)
            good += not problem
            progress("manipulation", (run + 1) / runs, problem or f"{good} of {run + 1}")
        name = "objects brought through guard and driver's pitfalls"
        return [Measurement(name, good / runs, "", self.config.least, at_least=True)]

    def run_one(self, seed: int) -> str:
        """Do one call in a scene of its own; return why it failed, or nothing."""
        rng = np.random.default_rng(seed)
        instance = tasks.make("transport").make(rng, 3, make_simulator())
        twin = Twin(instance.world)
        before = twin.truth()
        skill = instance.proposal[-1].skill
        call = _call(skill, before, "box" if seed % 2 == 0 else "object_1", rng)
        robot = GuardedTwin(StretchDriver(twin, self.config.driver), self.config.guard)
        done = skills.make(skill).execute(call, seen(before), robot)
        if not done.ok:
            return f"{call.object}: error {done.error_code}: {done.error_msg}"
        after, index = twin.truth(), before.names.index(call.object)
        off = float(np.linalg.norm((after.poses[index] - before.poses[index] - call.parameter)[:2]))
        if off > self.config.near or after.held:
            return f"{call.object}: {off:.3f} m from where it was sent, holding {after.held or 'nothing'}"
        asked = robot.driver.change_mode("position")
        robot.let(self.config.driver.goal_timeout_s + 1.0)  # a goal may still run, and ends by then
        return "" if asked.done else "the driver answers no change of mode any more"


def _call(skill: str, truth: Truth, name: str, rng: np.random.Generator) -> SkillCall:
    """Return where to bring an object: to the other table, away from the landmark, turned a little."""
    index, landmark = truth.names.index(name), truth.names.index("landmark")
    target_y = max(PLACES_Y, key=lambda y: abs(y - truth.poses[landmark, 1])) + rng.uniform(-0.03, 0.03)
    table = truth.names.index("table_b")
    top = truth.poses[table, 2] + 0.5 * truth.sizes[table, 2]
    target = np.array([rng.uniform(0.66, 0.74), target_y, top + 0.5 * truth.sizes[index, 2]])
    return SkillCall(skill, name, np.append(target - truth.poses[index, :3], rng.uniform(-0.3, 0.3)))


def seen(truth: Truth) -> Scene:
    """Return what a perfect perception would say."""
    rows = zip(truth.names, truth.priors, truth.poses, truth.sizes, strict=True)
    return Scene(tuple(
        Segment(name, prior, Box(pose[:3], size, float(pose[3])), np.zeros((0, 3))) for name, prior, pose, size in rows
    ))  # fmt: skip
