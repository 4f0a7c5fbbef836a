"""Failures to learn from: the task's proposal is executed with the model's own parameters, and contradicts it."""

from __future__ import annotations

import numpy as np

from f2p.evaluate.errors import NoFailureError
from f2p.evaluate.trial import run_plan
from f2p.monitor.calibrate import MonitorConfig
from f2p.monitor.compare import Comparison, compare, observed_displacements
from f2p.plan.planner import Planner
from f2p.sim.protocol import Simulator
from f2p.tasks.protocol import Task
from f2p.types import Cause, Execution, Failure, Outcome

FAILURE_STREAM = 101
"""Keeps scenes of failures apart from scenes of trials drawn with the same seed."""

TRIES = 50

ASTRAY = 0.03
"""Farther than this from where it was predicted [m] something went elsewhere (ours: above what is off by chance)."""


def make_failure(task: Task, planner: Planner, simulator: Simulator, objects: int, number: int) -> Failure:
    """Find the first missed attempt that shows what a task is to teach, in the stream of scenes of failure `number`.

    That is what a skill does to others than its object: the first step that the monitor stops at moved one of them
    otherwise than predicted. A guess that only dropped its object over an edge is passed over: of what it teaches the
    model knows most, and two of sixteen such failures of transport were refused by the gate. Where there is no other,
    the first of them is taken.

    Ground truth stands in for perception, so the cause is the model's by construction: the simulator that judged the
    step is the one that would replay it.

    Args:
        task: Makes the scenes.
        planner: Plans with the model that is to fail.
        simulator: Camera, physics and ground truth.
        objects: Objects per scene.
        number: Which failure.

    Raises:
        NoFailureError: `TRIES` scenes without a contradiction: there is nothing to learn from.
    """
    other: Failure | None = None
    for attempt in range(TRIES):
        rng = np.random.default_rng((FAILURE_STREAM, number, attempt))
        instance = task.make(rng, objects, simulator)
        scene = simulator.observe(instance.world, number)
        plan = planner.plan(scene, instance.goal, number, instance.proposal, instance.budget)
        done = run_plan(simulator, instance.world, plan, number)
        if not done or instance.success(done[-1].relations_after):
            continue
        outcomes = [
            Outcome(
                happened.before, call, happened.after, prediction, happened.relations_before,
                happened.relations_after, Execution(True), plan.weights_id,
            )
            for call, happened, prediction in zip(plan.calls, done, plan.predictions, strict=True)
        ]  # fmt: skip
        outcome, comparison, noticed = _first_alarm([(one, compare(one)) for one in outcomes])
        if not comparison.contradictions:
            continue
        failure = Failure(
            f"{task.name}-{number}-{attempt}", outcome, instance.goal, plan, Cause.MODEL, comparison.score, 0.0,
            comparison.contradictions, "ground truth contradicts the prediction",
        )  # fmt: skip
        if noticed and _others_astray(outcome):
            return failure
        other = other or failure
    if other is None:
        raise NoFailureError(task.name, TRIES)
    return other


def _others_astray(outcome: Outcome) -> bool:
    """Tell whether something that was not acted on went elsewhere than predicted."""
    off = np.linalg.norm(observed_displacements(outcome) - outcome.prediction.displacements, axis=1)
    off[outcome.before.index(outcome.call.object)] = 0.0
    return bool(off.max() > ASTRAY)


def _first_alarm(steps: list[tuple[Outcome, Comparison]]) -> tuple[Outcome, Comparison, bool]:
    """Return the first step that the monitor stops at; without one, the step that was farthest off; and which it is.

    What lies below the threshold is passed by unnoticed, and taught nothing: on the way to a row one relation beside
    its limit came first, and a cup that nudged another.
    """
    threshold = MonitorConfig().threshold
    alarms = (one for one in steps if one[1].contradicts(threshold))
    step = next(alarms, max(steps, key=lambda one: one[1].score))
    return *step, step[1].contradicts(threshold)
