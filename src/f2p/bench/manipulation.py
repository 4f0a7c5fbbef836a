"""A skill through the guard and the driver's model, pitfalls and all, at the robot's timing, judged by ground truth.

What the skill is told of the scene is true, so that what fails is the way from the skill to the motors. In simulated
time: a run takes seconds. `f2p bench manipulation --set manipulation.skill=push` tries another skill, and
`--set manipulation.by=tool` the same with the tool of the data simulation instead of the robot.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from f2p.bench.guarded import GuardedTwin
from f2p.bench.protocol import Measurement, Progress, benchmarks
from f2p.bench.trials.protocol import trials
from f2p.guard.rules import GuardConfig
from f2p.settings import Settings, choice, group, number
from f2p.sim.protocol import make_simulator
from f2p.sim.world import World
from f2p.skill.protocol import skills
from f2p.twin.driver import StretchDriver
from f2p.twin.driver_config import DriverConfig
from f2p.twin.twin import Truth, Twin
from f2p.types import SkillCall


@dataclass(frozen=True)
class ManipulationBenchConfig(Settings):
    """Which skill, how often, and through which guard and driver."""

    skill: str = choice(trials.names[0], "what is tried", lambda: trials.names)
    runs: int = number(100, "scenes, one call in each", low=1, high=100_000)
    by: str = choice("robot", "who does it: the robot, or the tool of the data simulation", lambda: ("robot", "tool"))
    guard: GuardConfig = group(GuardConfig)
    driver: DriverConfig = group(DriverConfig)


@benchmarks.register("manipulation")
class Bringing:
    """Count the successes of many runs."""

    def __init__(self, config: ManipulationBenchConfig | None = None) -> None:
        self.config = config or ManipulationBenchConfig()

    def __call__(self, seed: int, progress: Progress) -> list[Measurement]:
        """Measure."""
        good, runs, trial = 0, self.config.runs, trials.get(self.config.skill)
        for run in range(runs):
            problem = self.run_one(seed + run)
            good += not problem
            progress("manipulation", (run + 1) / runs, problem or f"{good} of {run + 1}")
        how = "by the data simulation's tool" if self.config.by == "tool" else "through guard and driver's pitfalls"
        name = f"{self.config.skill} within {100 * trial.near:.0f} cm, {how}"
        return [Measurement(name, good / runs, "", trial.least, at_least=True)]

    def run_one(self, seed: int) -> str:
        """Do one call in a scene of its own; return why it failed, or nothing."""
        rng, trial = np.random.default_rng(seed), trials.get(self.config.skill)
        twin = Twin(trial.world(rng))
        before = twin.truth()
        call = trial.call(before, seed, rng)
        if self.config.by == "tool":
            off = trial.off(call, before, _by_tool(twin.world(), call, before))
            return "" if off <= trial.near else f"{call.object}: {off:.3f} m from where it was sent"
        robot = GuardedTwin(StretchDriver(twin, self.config.driver), self.config.guard)
        done = skills.make(call.skill, trial.config).execute(call, before.scene, robot)
        if not done.ok:
            return f"{call.object}: error {done.error_code}: {done.error_msg}"
        after = twin.truth()
        off = trial.off(call, before, after)
        if off > trial.near or after.held:
            return f"{call.object}: {off:.3f} m from where it was sent, holding {after.held or 'nothing'}"
        asked = robot.driver.change_mode("position")
        robot.let(self.config.driver.goal_timeout_s + 1.0)  # a goal may still run, and ends by then
        return "" if asked.done else "the driver answers no change of mode any more"


def _by_tool(world: World, call: SkillCall, before: Truth) -> Truth:
    """Return what is so after the call in the data simulation; as before where that has no result."""
    batch = make_simulator().simulate(world.bodies, world.poses[None], [call], 0, openings=world.openings)
    if not batch.kept:
        return before
    after, boxes = batch.kept[0].after, [one.box for one in batch.kept[0].after.segments]
    return replace(
        before, poses=np.stack([box.pose for box in boxes]), sizes=np.stack([box.size for box in boxes]),
        openings=np.array([one.opening for one in after.segments]), relations=batch.kept[0].relations_after,
    )  # fmt: skip
