"""How often random parameters reach a goal when the skeleton is given: the number every table is printed beside."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from f2p.action.protocol import actions
from f2p.action.workspace import Workspace
from f2p.sim.protocol import Simulator
from f2p.sim.world import World, continued
from f2p.tasks.protocol import Task, TaskInstance
from f2p.types import SkillCall, Transition


@dataclass(frozen=True)
class Chance:
    """Outcome of random trials."""

    trials: int
    successes: int

    @property
    def rate(self) -> float:
        """Share of successes."""
        return self.successes / max(1, self.trials)


def execute(simulator: Simulator, world: World, call: SkillCall, seed: int) -> tuple[Transition | None, World]:
    """Execute one call in a world: what happened (None when the simulation blew up) and the world afterwards."""
    batch = simulator.simulate(world.bodies, world.poses[None], [call], seed, tag="trial", openings=world.openings)
    transition = batch.transitions[0]
    if transition is None:
        return None, world
    return transition, continued(world, transition.after)


def random_call(
    world: World, instance: TaskInstance, step: int, rng: np.random.Generator, space: Workspace
) -> SkillCall:
    """Return a call of the proposal with parameters that its skill proposes, as the planner draws them."""
    chosen = instance.proposal[step]
    drawn = actions.get(chosen.skill).draw(world.scene, chosen.object, 1, rng, space)
    return SkillCall(chosen.skill, chosen.object, drawn[0])


def chance(
    task: Task, simulator: Simulator, objects: int, trials: int, seed: int, *, workspace: Workspace | None = None
) -> Chance:
    """Return the success of random parameters for the proposed skeleton, on fresh instances, by ground truth.

    Args:
        task: Makes the instances.
        simulator: Executes and labels.
        objects: Objects per instance.
        trials: Fresh instances, one try each.
        seed: Of instances and parameters.
        workspace: Where placements are drawn from; the planner's by default.
    """
    space = workspace or Workspace()
    successes = 0
    for trial in range(trials):
        rng = np.random.default_rng((seed, trial))
        instance = task.make(rng, objects, simulator)
        world, truth = instance.world, None
        for step in range(len(instance.proposal)):
            transition, world = execute(simulator, world, random_call(world, instance, step, rng, space), trial)
            if transition is None:
                truth = None
                break
            truth = transition.relations_after
        successes += truth is not None and instance.success(truth)
    return Chance(trials, successes)
