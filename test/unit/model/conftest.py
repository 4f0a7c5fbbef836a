"""Small random transitions for the model's tests."""

from __future__ import annotations

import numpy as np
import pytest

from f2p.model.batch import TransitionBatch, pack
from f2p.types import Box, Relations, Scene, Segment, SkillCall, Transition


def random_scene(rng: np.random.Generator, segments: int, points: int = 60) -> Scene:
    """Cuboid clouds of 5 cm, half a metre apart on average."""
    made = []
    for index in range(segments):
        center = rng.uniform(-0.5, 0.5, 3)
        cloud = center + rng.uniform(-0.025, 0.025, (points, 3))
        made.append(Segment(f"object_{index}", "cuboid", Box(center, np.full(3, 0.05)), cloud))
    return Scene(tuple(made))


def moved_scene(scene: Scene, index: int, delta: np.ndarray) -> Scene:
    """`scene` with one segment moved."""
    segments = list(scene.segments)
    old = segments[index]
    box = Box(old.box.center + delta, old.box.size)
    segments[index] = Segment(old.name, old.prior, box, old.points + delta.astype(np.float32))
    return Scene(tuple(segments))


def simple_relations(scene: Scene) -> Relations:
    """left, right, above and below by the centres; everything is movable."""
    centers = np.stack([segment.box.center for segment in scene.segments])
    delta = centers[:, None] - centers[None]
    binary = np.zeros((*delta.shape[:2], 9))
    binary[..., 0], binary[..., 1] = delta[..., 1] > 0, delta[..., 1] < 0
    binary[..., 4], binary[..., 5] = delta[..., 2] > 0, delta[..., 2] < 0
    unary = np.tile([1.0, 0.0, 0.0], (len(centers), 1))
    return Relations(scene.names, unary, binary)


def random_transition(rng: np.random.Generator, segments: int) -> Transition:
    """One segment moves by exactly the parameter, the others stay."""
    before = random_scene(rng, segments)
    index, delta = int(rng.integers(segments)), rng.uniform(-0.4, 0.4, 3)
    after = moved_scene(before, index, delta)
    call = SkillCall("pick_place", before.names[index], np.array([*delta, 0.0]))
    displacements = np.zeros((segments, 3))
    displacements[index] = delta
    return Transition(before, call, after, simple_relations(before), simple_relations(after), displacements, "test")


def random_batch(count: int, seed: int = 0, width: int = 5) -> TransitionBatch:
    """Transitions of 3 to `width` segments."""
    rng = np.random.default_rng(seed)
    return pack([random_transition(rng, int(rng.integers(3, width + 1))) for _ in range(count)], rng, width)


@pytest.fixture
def rng() -> np.random.Generator:
    """A seeded generator."""
    return np.random.default_rng(0)


@pytest.fixture(scope="session")
def batch() -> TransitionBatch:
    """Twelve transitions of 3 to 5 segments."""
    return random_batch(12)
