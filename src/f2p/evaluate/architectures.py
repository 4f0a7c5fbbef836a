"""Shipped weights of every architecture on the same executions that none of them was trained on."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from f2p.model.architectures.protocol import Architecture
from f2p.model.batch import TransitionBatch
from f2p.model.factory import shipped
from f2p.model.metrics import Metrics, evaluate
from f2p.model.predictor import TorchPredictor
from f2p.weights.golden import GOLDEN_GOAL, golden_calls, golden_scene

Progress = Callable[[str, float, str], None]

PREDICTIONS, REPEATS = 1000, 3


@dataclass(frozen=True)
class HeldOut:
    """Figures of one architecture on held-out executions."""

    architecture: str
    parameters: int | None
    """Numbers in its weights; None for persistence, which predicts that nothing changes."""
    f1_now: float | None
    """Mean F1 of the binary relations that occur, before the skill."""
    f1_next: float
    """The same after the skill, geometric rollout."""
    changed: float
    """Accuracy on the binary relations that the skill changes, geometric rollout."""
    changed_latent: float | None
    """The same, latent rollout."""
    position_error_m: dict[str, float]
    """Mean error of displacements [m], by what the segment did (`model.metrics.position_errors`)."""
    cpu_s: float | None
    """CPU time of 1,000 predictions: one step in a scene of six segments, one thread [s]."""

    def as_json(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def compare_architectures(names: Sequence[str], data: TransitionBatch, progress: Progress) -> list[HeldOut]:
    """Return one row for each of `names`, whose weights must ship, and a last one for persistence.

    Raises:
        UnknownNameError: No such architecture, with the choices.
        BadWeightsError: None of its weights ship.
    """
    models = [shipped(name)[0] for name in names]
    rows = []
    for number, (name, model) in enumerate(zip(names, models, strict=True)):
        progress("held out", number / len(names), name)
        metrics = evaluate(model, data)
        rows.append(_row(name, model, metrics))
    progress("held out", 1.0, f"{len(data)} executions")
    still = metrics.persistence
    same = still.f1_next["mean"], still.changed_accuracy, None, still.position_error_m
    return [*rows, HeldOut("persistence", None, None, *same, None)]


def _row(name: str, model: Architecture, metrics: Metrics) -> HeldOut:
    """Return the figures of one model."""
    return HeldOut(
        name,
        sum(value.numel() for value in model.state_dict().values()),
        metrics.f1_now["mean"],
        metrics.f1_next["mean"],
        metrics.changed_accuracy,
        metrics.changed_accuracy_latent,
        metrics.position_error_m,
        prediction_seconds(model),
    )


def prediction_seconds(model: Architecture) -> float:
    """CPU time of scoring a thousand placements of one object, the scene encoded already; median of three [s]."""
    predictor, scene, call = TorchPredictor(model, "timed"), golden_scene(), golden_calls()[0]
    parameters = np.tile(call.parameter, (PREDICTIONS, 1, 1)) * np.linspace(0.1, 1.0, PREDICTIONS)[:, None, None]
    took = []
    predictor.detect(scene)
    for _ in range(REPEATS):
        start = time.process_time()
        predictor.score(scene, (call.step,), parameters, GOLDEN_GOAL)
        took.append(time.process_time() - start)
    return float(np.median(took))
