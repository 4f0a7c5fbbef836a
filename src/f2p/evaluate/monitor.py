"""How well the monitor tells steps that went as intended from steps the model was never taught, by ground truth.

Steps that went as intended are executions like those the model was trained on, of another seed, whose object ended
where it was to be put; the others are a task's proposals, which move a filled container. Truth stands in for
perception.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from f2p.evaluate.failures import FAILURE_STREAM
from f2p.evaluate.statistics import wilson_interval
from f2p.evaluate.trial import run_plan
from f2p.model.metrics import FALL
from f2p.monitor.calibrate import MonitorConfig, calibrate
from f2p.monitor.compare import compare
from f2p.plan.planner import Planner
from f2p.plan.protocol import Predictor
from f2p.sim.pretraining import SHARD, generate_shard
from f2p.sim.protocol import Simulator
from f2p.tasks.protocol import Task
from f2p.types import Execution, Outcome, Prediction, Transition

INTENDED = 0.03
"""An object that ended this near to where it was to be put went as intended [m] (ours: a third of the rim)."""

DATA_SEED = 900
"""Of executions that no training has seen."""

FIRST_SCENE = 5000
"""Number of the first scene whose proposal is executed."""

Progress = Callable[[float, str], None]


@dataclass(frozen=True)
class MonitorReport:
    """Scores of both kinds of steps, and what a threshold makes of them."""

    threshold: float
    """The monitor's threshold as configured."""
    intended: tuple[float, ...]
    """Scores of steps that went as intended."""
    surprising: tuple[float, ...]
    """Scores of steps that the model has never been taught."""

    def values(self) -> dict[str, object]:
        """For JSON: alarms with 95 % intervals, the calibrated threshold, and the area under the ROC curve."""
        rate = MonitorConfig().false_alarms
        return {
            "threshold": self.threshold,
            "calibrated_threshold": calibrate(self.intended, rate).threshold,
            "allowed_false_alarms": rate,
            "false_alarms": _alarms(self.intended, self.threshold),
            "detected": _alarms(self.surprising, self.threshold),
            "roc_auc": float(np.mean(np.array(self.surprising)[:, None] > np.array(self.intended)[None, :])),
        }


def _alarms(scores: tuple[float, ...], threshold: float) -> dict[str, float]:
    """How many scores raise the alarm, and the interval of their share."""
    count = sum(score > threshold for score in scores)
    low, high = wilson_interval(count, len(scores))
    return {"steps": len(scores), "alarms": count, "rate": count / max(1, len(scores)), "low": low, "high": high}


def monitor_report(
    predictor: Predictor, task: Task, simulator: Simulator, objects: int, steps: int, progress: Progress
) -> MonitorReport:
    """Score `steps` executions of each kind.

    Args:
        predictor: The model whose predictions are watched.
        task: Its proposals move filled containers.
        simulator: Executes and labels.
        objects: Things per scene of the task.
        steps: Executions of each kind.
        progress: Told how far this is.

    Raises:
        NotEnoughRunsError: Too few steps to promise a rate of false alarms.
    """
    intended: list[float] = []
    shard = 0
    while len(intended) < steps:
        for item in generate_shard(shard, min(SHARD, 2 * steps), DATA_SEED):
            if as_intended(item) and len(intended) < steps:
                intended.append(score(item, predictor.predict(item.before, (item.call,))[0], predictor.weights_id))
        shard += 1
        progress(0.5 * len(intended) / steps, f"{len(intended)} steps that went as intended")
    surprising: list[float] = []
    planner = Planner(lambda: predictor)
    for number in range(FIRST_SCENE, FIRST_SCENE + steps):
        instance = task.make(np.random.default_rng((FAILURE_STREAM, number)), objects)
        scene = simulator.observe(instance.world, number)
        plan = planner.plan(scene, instance.goal, number, instance.proposal, instance.budget)
        done = run_plan(simulator, instance.world, plan, number)
        if done:
            surprising.append(score(done[0], plan.predictions[0], plan.weights_id))
        progress(0.5 + 0.5 * (number + 1 - FIRST_SCENE) / steps, f"{len(surprising)} steps never taught")
    return MonitorReport(MonitorConfig().threshold, tuple(intended), tuple(surprising))


def as_intended(transition: Transition) -> bool:
    """Whether the grasped object ended where it was to be put."""
    moved = transition.displacements[transition.before.index(transition.call.object)]
    missed = moved - transition.call.parameter[:3]
    return bool(np.linalg.norm(missed[:2]) < INTENDED and missed[2] > -FALL)


def score(transition: Transition, prediction: Prediction, weights_id: str) -> float:
    """What the monitor makes of one step."""
    outcome = Outcome(
        transition.before, transition.call, transition.after, prediction, transition.relations_before,
        transition.relations_after, Execution(True), weights_id,
    )  # fmt: skip
    return compare(outcome).score
