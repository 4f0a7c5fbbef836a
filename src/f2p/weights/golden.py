"""Golden questions: a fixed scene and fixed calls whose answers are in the manifest and asked again after loading.

A file whose sha fits can still be served wrongly (another architecture's defaults, another rollout, another library).
Equal answers to equal questions are what "the same model" means to a planner.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from f2p.model.shipping import SHIPPED
from f2p.plan.protocol import Predictor
from f2p.settings import Settings, group, number, setting
from f2p.shape.cuboid import CUBOID
from f2p.shape.open_box import OPEN_BOX
from f2p.shape.table import TABLE
from f2p.types import Box, Goal, GoalRelation, Scene, Segment, SkillCall, SkillStep
from f2p.weights.shadow import ShadowConfig


@dataclass(frozen=True)
class MeasureConfig(Settings):
    """What weights are measured on that no gate has let pass."""

    replay: Path = setting(SHIPPED / "replay.safetensors", "frozen subset of the pre-training data")
    gate_share: float = number(
        0.33, "share of the replay data that is measured on, unless its manifest says", low=0.05, high=0.9
    )
    most_lost: float = number(
        0.02, "F1 on replay data by which they may lie below those in service", low=0.0, high=1.0,
        source="promises.md 4, as the gate",
    )  # fmt: skip


@dataclass(frozen=True)
class ServingConfig(Settings):
    """What weights must show before they serve."""

    measure: MeasureConfig = group(MeasureConfig)
    shadow: ShadowConfig = group(ShadowConfig)

    golden_tolerance: float = number(
        1e-2, "largest difference between an answer and the golden one", low=0.0, high=1.0,
        source="ours: float32 on another CPU, through a sigmoid",
    )  # fmt: skip


_POINTS = 160
_SCENE: tuple[tuple[str, str, tuple[float, ...], tuple[float, ...]], ...] = (
    ("table_a", TABLE, (0.70, 0.55, 0.475), (0.50, 0.90, 0.05)),
    ("table_b", TABLE, (0.70, -0.55, 0.475), (0.50, 0.90, 0.05)),
    ("box", OPEN_BOX, (0.66, 0.50, 0.555), (0.22, 0.26, 0.11)),
    ("object_1", CUBOID, (0.63, 0.45, 0.535), (0.05, 0.05, 0.05)),
    ("object_2", CUBOID, (0.69, 0.55, 0.530), (0.04, 0.05, 0.04)),
    ("landmark", CUBOID, (0.64, -0.50, 0.540), (0.06, 0.06, 0.08)),
)


def golden_scene() -> Scene:
    """Return two tables, a box with two objects in it, and a landmark on the other table; clouds from a fixed seed."""
    rng = np.random.default_rng(20)
    segments = []
    for name, prior, center, size in _SCENE:
        faces = rng.uniform(-0.5, 0.5, (_POINTS, 3))
        axis = rng.integers(0, 3, _POINTS)
        faces[np.arange(_POINTS), axis] = np.where(axis == 2, 0.5, np.sign(faces[np.arange(_POINTS), axis]) * 0.5)
        segments.append(Segment(name, prior, Box(np.array(center), np.array(size)), center + faces * np.array(size)))
    return Scene(tuple(segments))


def golden_calls() -> tuple[SkillCall, ...]:
    """Return what is done in the golden scene: the filled box is carried over, the landmark moved aside."""
    return (
        SkillCall("pick_place", "box", np.array([0.02, -1.0, 0.0, 0.0])),
        SkillCall("pick_place", "landmark", np.array([0.1, 0.1, 0.0, 0.0])),
    )


GOLDEN_GOAL = Goal((GoalRelation("above", "box", "table_b"), GoalRelation("left", "object_1", "landmark")))


def golden_answers(predictor: Predictor) -> list[float]:
    """Ask `predictor` the golden questions: relations now, after one and two calls, and three scores."""
    scene, calls, goal = golden_scene(), golden_calls(), GOLDEN_GOAL
    parameters = np.stack([call.parameter for call in calls])[None] * np.array([1.0, 0.5, -0.2])[:, None, None]
    now = predictor.detect(scene).binary[2:4].ravel()
    after = [step.relations.binary[2].ravel() for step in predictor.predict(scene, calls)]
    moved = [step.displacements.ravel() for step in predictor.predict(scene, calls)]
    skeleton = tuple(SkillStep(call.skill, call.object) for call in calls)
    scores = predictor.score(scene, skeleton, parameters, goal)
    return [round(float(value), 6) for value in np.concatenate([now, *after, *moved, scores])]


def golden_gap(answers: list[float], golden: list[float]) -> float:
    """Return the largest difference between `answers` and `golden`; infinite when they are not comparable."""
    if len(answers) != len(golden) or not np.all(np.isfinite(answers)):
        return float("inf")
    return float(np.max(np.abs(np.subtract(answers, golden)), initial=0.0))
