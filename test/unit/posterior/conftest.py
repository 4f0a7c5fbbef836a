"""A failure one can draw, and a small differentiable model that knows geometry but not that contents travel."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from f2p.action.protocol import moves
from f2p.model.latent import ObjectLatent
from f2p.model.protocol import RelationLogits
from f2p.scene.relations import relations_of
from f2p.types import (
    BINARY_RELATIONS,
    Box,
    Cause,
    Contradiction,
    Execution,
    Failure,
    Goal,
    Outcome,
    Prediction,
    Scene,
    Segment,
    SkillCall,
)


class GeometricModel(torch.nn.Module):
    """Relations from soft rules on centroids; the grasped object moves by its parameter, everything else stays."""

    def __init__(self, sharpness: float = 60.0) -> None:
        super().__init__()
        self.sharpness = torch.nn.Parameter(torch.tensor(sharpness))
        self.encodings = 0

    def observe_rigid(self, points: Tensor, turned: Tensor) -> ObjectLatent:
        """Nothing is remembered."""
        return self.observe(points, torch.ones(points.shape[:2], dtype=torch.bool))

    def observe(self, points: Tensor, mask: Tensor, ids: Tensor | None = None) -> ObjectLatent:
        self.encodings += 1
        centroid = points.mean(-2)
        low, high = points.amin(-2), points.amax(-2)
        corners = torch.cat([low - centroid, high - centroid], -1)
        return ObjectLatent(
            features=centroid, shape=high - low, centroid=centroid, extent=corners, identity=centroid, mask=mask
        )

    def moved(self, latent: ObjectLatent, translations: Tensor) -> ObjectLatent:
        latent = latent.expanded(len(translations))
        return replace(latent, centroid=latent.centroid + translations, features=latent.features + translations)

    def advance(
        self, latent: ObjectLatent, skill: str, object_index: Tensor, parameters: Tensor
    ) -> tuple[ObjectLatent, Tensor]:
        latent = latent.expanded(len(parameters))
        one = torch.nn.functional.one_hot(object_index, latent.centroid.shape[1]).to(parameters.dtype)
        moving = torch.as_tensor(moves(skill), dtype=parameters.dtype)
        displacements = one[..., None] * (parameters @ moving)[:, None]
        return self.moved(latent, displacements), displacements

    def pair_logits(self, latent: ObjectLatent, subjects: Tensor, objects: Tensor) -> Tensor:
        return self.relations(latent).binary[:, subjects, objects]

    def relations(self, latent: ObjectLatent) -> RelationLogits:
        center, extent = latent.centroid, latent.shape
        delta = center[:, :, None] - center[:, None]
        reach = 0.5 * (extent[:, :, None] + extent[:, None])
        flat = (delta[..., :2].abs() - 0.5 * extent[:, None, :, :2]).amax(-1)
        above = torch.minimum(delta[..., 2] - 0.01, -flat)
        inside = torch.minimum(-flat - 0.5 * extent[:, :, None, :2].amax(-1), 0.06 - delta[..., 2].abs())
        inside = torch.minimum(inside, extent[:, None, :, 2] - extent[:, :, None, 2])
        margins = {
            "left": delta[..., 1] - reach[..., 1],
            "right": -delta[..., 1] - reach[..., 1],
            "front": -delta[..., 0] - reach[..., 0],
            "behind": delta[..., 0] - reach[..., 0],
            "above": above,
            "below": above.transpose(1, 2),
            "contact": 0.005 - (delta.abs() - reach).amax(-1),
            "boundary": torch.full_like(above, -0.1),
            "inside": inside,
        }
        binary = self.sharpness * torch.stack([margins[name] for name in BINARY_RELATIONS], -1)
        return RelationLogits(self.sharpness * extent, binary)


def cloud(box: Box, rng: np.random.Generator, count: int = 200) -> np.ndarray:
    """Points on a box's surface."""
    points = rng.uniform(-0.5, 0.5, (count, 3))
    faces = rng.integers(3, size=count)
    points[np.arange(count), faces] = rng.choice([-0.5, 0.5], count)
    points *= box.size
    cosine, sine = np.cos(box.yaw), np.sin(box.yaw)
    turned = points @ np.array([[cosine, sine, 0.0], [-sine, cosine, 0.0], [0.0, 0.0, 1.0]])
    return (turned + box.center).astype(np.float32)


def make_scene(objects: int = 3, seed: int = 0) -> Scene:
    """Two tables, a box on table_a with objects in it, a landmark on table_b."""
    rng = np.random.default_rng(seed)
    rows: list[tuple[str, str, Box]] = [
        ("table_a", "table", Box(np.array([0.7, 0.55, 0.475]), np.array([0.5, 0.9, 0.05]))),
        ("table_b", "table", Box(np.array([0.7, -0.55, 0.475]), np.array([0.5, 0.9, 0.05]))),
        ("box", "open_box", Box(np.array([0.7, 0.5, 0.56]), np.array([0.30, 0.24, 0.12]), 0.1)),
        ("landmark", "cuboid", Box(np.array([0.7, -0.5, 0.58]), np.array([0.07, 0.07, 0.16]))),
    ]
    for index in range(objects):
        x, y = 0.61 + 0.06 * (index % 4), 0.46 + 0.07 * (index // 4)
        rows.append((f"object_{index + 1}", "cuboid", Box(np.array([x, y, 0.53]), np.array([0.04, 0.04, 0.04]))))
    return Scene(tuple(Segment(name, prior, box, cloud(box, rng)) for name, prior, box in rows))


def make_failure(objects: int = 3, seed: int = 0) -> Failure:
    """The box was carried to table_b; the model said its contents would stay behind."""
    scene = make_scene(objects, seed)
    parameter = np.array([0.0, -1.1, 0.0, 0.0])
    moved = tuple(
        replace(segment, box=Box(segment.box.center + parameter[:3], segment.box.size, segment.box.yaw))
        if segment.name == "box" or segment.name.startswith("object")
        else segment
        for segment in scene.segments
    )
    alone = tuple(now if now.name == "box" else was for now, was in zip(moved, scene.segments, strict=True))
    before, after, expected = (relations_of(Scene(segments)) for segments in (scene.segments, moved, alone))
    wrong = tuple(
        Contradiction(
            relation, before.names[i], before.names[j], float(expected.binary[i, j, k]), bool(after.binary[i, j, k])
        )
        for i, j, k in np.argwhere((expected.binary > 0.5) != (after.binary > 0.5))
        for relation in [BINARY_RELATIONS[k]]
    )
    prediction = Prediction(expected, np.zeros((len(moved), 3)))
    call = SkillCall("pick_place", "box", parameter)
    outcome = Outcome(scene, call, Scene(moved), prediction, before, after, Execution(True), "w0")
    return Failure("f0", outcome, Goal(()), None, Cause.MODEL, 1.0, 0.5, wrong)


@pytest.fixture(name="make_scene")
def _make_scene() -> Callable[..., Scene]:
    """Scene of any number of objects."""
    return make_scene


@pytest.fixture(name="make_failure")
def _make_failure() -> Callable[..., Failure]:
    """Failure of any number of objects."""
    return make_failure


@pytest.fixture
def model() -> GeometricModel:
    """The small model."""
    return GeometricModel()


@pytest.fixture(scope="session")
def filled_box() -> Failure:
    """A box with three objects in it."""
    return make_failure()


@pytest.fixture
def failure(filled_box: Failure) -> Failure:
    """The same."""
    return filled_box
