"""One trial: a fresh scene is seen, planned for and acted upon in simulation, and judged by ground truth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from f2p.plan.planner import Planner
from f2p.relation.table import held
from f2p.sim.protocol import Simulator
from f2p.sim.world import World, continued
from f2p.tasks.chance import execute
from f2p.tasks.protocol import TaskInstance
from f2p.types import Plan, Prediction, Transition

CARRIED = 0.05
"""An object that moved at least this far while something else was grasped was carried [m]."""


NEXT_TRY = 1_000_003
"""Between the seeds of tries in one scene: far from those of other scenes."""


@dataclass(frozen=True, eq=False)
class Trial:
    """What one trial came to."""

    success: bool
    belief: float
    """P(goal) of the plan, whether it was believed or executed as the best guess."""
    believed: bool
    carried_error: float | None
    """Mean distance between predicted and true position of what stayed in its moved container [m]."""
    simulated: bool = True
    """False where the simulation blew up: counted as no success."""


def run_plan(simulator: Simulator, world: World, plan: Plan, seed: int) -> tuple[Transition, ...] | None:
    """Execute the calls of `plan` one after another; None when the simulation blew up."""
    done: list[Transition] = []
    for index, call in enumerate(plan.calls):
        transition, world = execute(simulator, world, call, seed + index)
        if transition is None:
            return None
        done.append(transition)
    return tuple(done)


def carried_error(transition: Transition, prediction: Prediction) -> float | None:
    """Mean position error of what was inside the grasped container before and after [m]; None without such objects."""
    scene, grasped = transition.before, transition.before.index(transition.call.object)
    before, after = held(transition.relations_before.binary), held(transition.relations_after.binary)
    kept = [
        k
        for k in range(len(scene.segments))
        if before[k, grasped] and after[k, grasped] and np.linalg.norm(transition.displacements[k]) > CARRIED
    ]
    if not kept:
        return None
    return float(np.linalg.norm(prediction.displacements[kept] - transition.displacements[kept], axis=-1).mean())


def run_trial(
    instance: TaskInstance,
    planner: Planner,
    simulator: Simulator,
    *,
    free: bool,
    seed: int,
    tries: int = 1,
) -> Trial:
    """See, plan and act until the goal is met or all tries are used; what is not believed is executed as a best guess.

    Args:
        instance: Scene, goal, proposal and budget.
        planner: Plans with the model under test.
        simulator: Camera, physics and ground truth.
        free: Search the skeleton within the budget instead of taking the task's proposal.
        seed: Of the camera noise, the plan and the physics of the first try.
        tries: Plans made and executed at most, each from where the one before left the scene.
    """
    world, trial = instance.world, Trial(False, 0.0, False, None)
    for number in range(tries):
        trial, world = _attempt(instance, world, planner, simulator, free=free, seed=seed + number * NEXT_TRY)
        if trial.success or not trial.simulated:
            break
    return trial


def _attempt(
    instance: TaskInstance, world: World, planner: Planner, simulator: Simulator, *, free: bool, seed: int
) -> tuple[Trial, World]:
    """Make one plan, execute it, and return it with the world it leaves."""
    scene = simulator.observe(world, seed)
    plan = planner.plan(scene, instance.goal, seed, None if free else instance.proposal, instance.budget)
    done = run_plan(simulator, world, plan, seed)
    if done is None:
        return Trial(False, plan.probability, plan.believed, None, simulated=False), world
    truth = done[-1].relations_after if done else simulator.relations(world)
    error = carried_error(done[0], plan.predictions[0]) if len(done) == 1 else None
    for transition in done:
        world = continued(world, transition.after)
    return Trial(instance.success(truth), plan.probability, plan.believed, error), world
