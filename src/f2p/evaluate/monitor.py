"""How well the monitor tells steps that went as intended from steps the model was never taught, on what the robot sees.

Three kinds of steps, watched by the twin's camera and judged by ground truth; in each what the skill acted on ended
where it was put:

- *familiar*: with the shipped model, nothing moved but what was acted on, which is all it was trained on;
- *learned*: with models that each learned from one failure, others moved too, on the way to a goal that was reached;
- *untaught*: with the shipped model, others moved too: what travels in something, with a drawer, or before a push; or
  what was put came to lie in something else than predicted, such as on a case and not in it.

They are steps of what common sense proposes for the task, and of single objects put onto another table. The first two
kinds are what a running stack does when all is well: alarms are false, and the threshold is calibrated so that the
promise holds for each of them. The third must be noticed.
"""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from f2p.action.protocol import meant, meant_opening
from f2p.evaluate.failures import make_failure
from f2p.evaluate.kept import foundations, read_kept
from f2p.evaluate.onlooker import Onlooker
from f2p.evaluate.statistics import wilson_interval
from f2p.files import write_whole
from f2p.learner.protocol import learners
from f2p.model.factory import shipped
from f2p.model.metrics import FALL
from f2p.model.predictor import TorchPredictor
from f2p.monitor.calibrate import MonitorConfig, calibrate
from f2p.monitor.compare import compare
from f2p.monitor.errors import NotEnoughRunsError
from f2p.monitor.outcome import outcome_of
from f2p.plan.planner import Planner
from f2p.plan.protocol import Predictor
from f2p.relation.table import binary_specs, unary_specs
from f2p.scene.relations import relations_of
from f2p.sim.protocol import Simulator
from f2p.tasks.chance import execute
from f2p.tasks.protocol import Task, TaskInstance
from f2p.twin.eye import Eye
from f2p.types import Execution, Goal, GoalRelation, Plan, Relations, Scene, SkillStep, Transition
from f2p.weights.cycle import learn
from f2p.weights.modules import open_store
from f2p.weights.service import load_predictor

INTENDED = 0.03
"""An object that ended this near to where it was to be put went as intended [m] (ours: a third of the rim)."""

SCENE_STREAM = 404
"""Keeps these scenes apart from those of failures and of trials."""

TRIES = 3
"""Scenes per step asked for, before there are too few steps of a kind (ours: nine of ten succeed)."""

Progress = Callable[[float, str], None]
Planned = Callable[[TaskInstance, Scene, Predictor, int], Plan]
"""A plan for a scene as it is seen."""

FAMILIAR, LEARNED, UNTAUGHT = "familiar", "learned", "untaught"


@dataclass(frozen=True)
class MonitorReport:
    """Scores of all kinds of steps, and what a threshold makes of them."""

    threshold: float
    """The monitor's threshold as configured."""
    familiar: tuple[float, ...]
    learned: tuple[float, ...]
    untaught: tuple[float, ...]

    def values(self) -> dict[str, object]:
        """For JSON: alarms with 95 % intervals, the calibrated threshold, and the area under the ROC curve.

        None where there are too few steps to promise a rate of false alarms, or none of a kind to compare.
        """
        allowed = MonitorConfig().false_alarms
        well = (*self.familiar, *self.learned)
        return {
            "threshold": self.threshold,
            "calibrated_threshold": _calibrated((self.familiar, self.learned), allowed),
            "allowed_false_alarms": allowed,
            "false_alarms": _alarms(well, self.threshold),
            "familiar": _alarms(self.familiar, self.threshold),
            "learned": _alarms(self.learned, self.threshold),
            "detected": _alarms(self.untaught, self.threshold),
            "roc_auc": _area(self.untaught, well),
            "scores": {"familiar": self.familiar, "learned": self.learned, "untaught": self.untaught},
        }


def _calibrated(kinds: Sequence[Sequence[float]], allowed: float) -> float | None:
    """Return the threshold that keeps the promise for each kind of which there are enough steps; None without one."""
    found = []
    for scores in kinds:
        with contextlib.suppress(NotEnoughRunsError):
            found.append(calibrate(scores, allowed).threshold)
    return max(found, default=None)


def _area(wanted: Sequence[float], well: Sequence[float]) -> float | None:
    """Return the area under the ROC curve; None where there is nothing to tell apart."""
    return float(np.mean(np.array(wanted)[:, None] > np.array(well)[None, :])) if wanted and well else None


def _alarms(scores: Sequence[float], threshold: float) -> dict[str, float]:
    """Return how many scores raise the alarm, and the interval of their share."""
    count = sum(score > threshold for score in scores)
    low, high = wilson_interval(count, len(scores))
    return {
        "steps": len(scores), "alarms": count, "rate": count / max(1, len(scores)), "low": low, "high": high,
        "highest": max(scores, default=0.0), "lowest": min(scores, default=0.0),
    }  # fmt: skip


class MonitorExperiment:
    """Scores steps of each kind.

    Args:
        task: Its proposals move filled containers; in its scenes all steps are made.
        simulator: Executes and labels.
        objects: Objects per scene.
        first: Number of the first scene, and of the first failure: others are other scenes.
        folder: Where learned weights are kept; what this code learned from the same weights is not learned again.
        progress: Called with how far this is.
    """

    def __init__(
        self, task: Task, simulator: Simulator, objects: int, first: int, folder: Path, progress: Progress
    ) -> None:
        self._task, self._simulator, self._objects, self._first = task, simulator, objects, first
        self._folder, self._progress, self._eye = folder, progress, Eye(first)

    def report(self, steps: int, models: int) -> MonitorReport:
        """Score `steps` steps of each kind; the learned ones by `models` models."""
        shipped, learned = self._models(models)
        known = self._scores((FAMILIAR, UNTAUGHT), steps, (shipped,), (_proposal, _one_object), taught=False)
        taught = self._scores((LEARNED,), steps, learned, (_proposal,), taught=True)
        return MonitorReport(MonitorConfig().threshold, known[FAMILIAR], taught[LEARNED], known[UNTAUGHT])

    def _models(self, count: int) -> tuple[Predictor, tuple[Predictor, ...]]:
        """Return the shipped model, and those the gate let pass of models that each learned from one failure."""
        model, manifest = shipped()
        untaught, learned = TorchPredictor(model, str(manifest["weights_id"])), []
        for number in range(self._first, self._first + count):
            self._progress(0.0, f"learning from failure {number}")
            store = open_store(self._cleared(self._folder / f"failure-{number}"))
            if store.previous is None:
                failure = make_failure(self._task, Planner(lambda: untaught), self._simulator, self._objects, number)
                learn(failure, learners.make("fail2progress"), store, self._simulator, seed=number)
            if store.previous is not None:
                learned.append(load_predictor(store, store.champion))
        return untaught, tuple(learned)

    def _cleared(self, folder: Path) -> Path:
        """Return `folder`, emptied unless what it holds was learned by this code from these shipped weights."""
        if read_kept(folder / "basis.json") != foundations():
            shutil.rmtree(folder, ignore_errors=True)
            write_whole(folder / "basis.json", json.dumps(foundations()).encode())
        return folder

    def _scores(
        self,
        kinds: tuple[str, ...],
        steps: int,
        predictors: Sequence[Predictor],
        plans: Sequence[Planned],
        *,
        taught: bool,
    ) -> dict[str, tuple[float, ...]]:
        """Return scores of the first `steps` steps of each kind; none without a predictor."""
        found: dict[str, list[float]] = {kind: [] for kind in kinds}
        for number in range(TRIES * steps if predictors else 0):
            if all(len(scores) >= steps for scores in found.values()):
                break
            rng = np.random.default_rng((SCENE_STREAM, int(taught), self._first, number))
            instance = self._task.make(rng, self._objects, self._simulator)
            predictor, planned = predictors[number % len(predictors)], plans[number % len(plans)]
            for kind, score in self._watched(instance, predictor, planned, number, taught=taught):
                if kind in found:
                    found[kind].append(score)
            told = ", ".join(f"{len(scores)} {kind}" for kind, scores in found.items())
            share = min(len(scores) for scores in found.values()) / steps
            self._progress(0.5 * (min(1.0, share) + taught), f"{told} of {steps} steps")
        return {kind: tuple(scores[:steps]) for kind, scores in found.items()}

    def _watched(
        self, instance: TaskInstance, predictor: Predictor, planned: Planned, seed: int, *, taught: bool
    ) -> list[tuple[str, float]]:
        """Return kind and score of each step of a plan, up to one that was not taught, missed, or was not seen."""
        onlooker = Onlooker(self._eye, instance.world.bodies)
        before, world = onlooker.introduce(instance.world), instance.world
        if not _seen(before, instance):
            return []
        plan, found = planned(instance, before, predictor, seed), list[tuple[str, float]]()
        for index, call in enumerate(plan.calls):
            done, world = execute(self._simulator, world, call, seed)
            if done is None or not as_intended(done):
                break
            outcome = outcome_of(before, onlooker.look(world, (call.object,)), plan, index, Execution(True))
            comparison = compare(outcome)
            if comparison.vanished:
                break
            kind = FAMILIAR if alone(done) else LEARNED if taught else UNTAUGHT
            kind = UNTAUGHT if otherwise(done, outcome.prediction.relations) else kind
            found.append((kind, comparison.score))
            if kind == UNTAUGHT:
                return [] if taught else found
            before = outcome.after
        reached = instance.success(self._simulator.relations(world))
        return found if reached or not taught else []


def _seen(scene: Scene, instance: TaskInstance) -> bool:
    """Tell whether all that can move and all that the goal speaks of was seen, and nothing that there is not."""
    asked = {body.name for body in instance.world.bodies if not body.shape.support} | set(instance.goal.names)
    return asked <= set(scene.names) <= set(instance.world.names) and len(set(scene.names)) == len(scene.names)


def _one_object(instance: TaskInstance, seen: Scene, predictor: Predictor, seed: int) -> Plan:
    """Plan to put a solid object onto the table it is not on."""
    rng = np.random.default_rng(seed)
    name = str(rng.choice([one.name for one in seen.segments if one.movable and one.shape.solid]))
    relations, tables = relations_of(seen), [one.name for one in seen.segments if one.shape.support]
    other = next((table for table in tables if relations.value("above", name, table) < 0.5), tables[0])
    goal = Goal((GoalRelation("above", name, other), GoalRelation("boundary", name, other, False)))
    return Planner(lambda: predictor).plan(seen, goal, seed, (SkillStep("pick_place", name),))


def _proposal(instance: TaskInstance, seen: Scene, predictor: Predictor, seed: int) -> Plan:
    """Return what common sense proposes for the task."""
    return Planner(lambda: predictor).plan(seen, instance.goal, seed, instance.proposal)


def alone(transition: Transition) -> bool:
    """Tell whether nothing moved but what was acted on."""
    others = np.delete(transition.displacements, transition.before.index(transition.call.object), axis=0)
    return bool(np.all(np.linalg.norm(others, axis=-1) < INTENDED))


def otherwise(transition: Transition, predicted: Relations) -> bool:
    """Tell whether what was acted on truly is in something else than predicted, or was opened or shut otherwise."""
    name, truth = transition.call.object, transition.relations_after
    facts = [(spec.name, name, other) for spec in binary_specs() if spec.contains for other in predicted.names]
    facts += [(one.name, name, "") for one in unary_specs() if one.only_of and truth.value(one.only_of, name) > 0.5]
    return any((truth.value(*fact) > 0.5) != (predicted.value(*fact) > 0.5) for fact in facts)


def as_intended(transition: Transition) -> bool:
    """Tell whether the object acted on ended where it was to be put, and as far open."""
    wrong = transition.displacements - meant(transition.call, transition.before)
    index = transition.before.index(transition.call.object)
    missed, opening = wrong[index], transition.after.segments[index].opening
    ajar = abs(opening - meant_opening(transition.call, transition.before))
    return bool(np.linalg.norm(missed[:2]) < INTENDED and missed[2] > -FALL and ajar < INTENDED)
