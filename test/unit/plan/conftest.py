"""A scene for planners, and a predictor that knows what travels."""

from __future__ import annotations

import numpy as np
import pytest

from f2p.plan.analytic import AnalyticPredictor
from f2p.types import Scene
from f2p.weights.golden import golden_scene


class TravellingPredictor(AnalyticPredictor):
    """Knows that what lies in a box travels with it."""

    def moving(self, scene: Scene, centers: np.ndarray, index: int) -> np.ndarray:
        """The grasped segment and, for a box, everything centred within its walls."""
        alone = super().moving(scene, centers, index)
        if scene.segments[index].prior != "open_box":
            return alone
        size = scene.segments[index].box.size
        within = np.all(np.abs(centers - centers[:, [index]]) < size / 2, axis=-1)
        return alone | within


class Careless(TravellingPredictor):
    """Takes what is half over an edge for standing on it."""

    def _binary(self, scene: Scene, centers: np.ndarray, openings: np.ndarray) -> np.ndarray:
        row, place = scene.index("box"), scene.segments[scene.index("table_b")].box
        inwards = centers.copy()
        inwards[..., row, :2] = place.center[:2] + 0.6 * (centers[..., row, :2] - place.center[:2])
        return super()._binary(scene, inwards, openings)


@pytest.fixture
def workspace() -> Scene:
    """Two tables, a box with two objects, a landmark."""
    return golden_scene()


@pytest.fixture
def simple() -> AnalyticPredictor:
    """Moves only what is grasped."""
    return AnalyticPredictor()


@pytest.fixture
def knowing() -> TravellingPredictor:
    """Moves what is inside along."""
    return TravellingPredictor("knowing")


@pytest.fixture
def careless() -> Careless:
    """Moves what is inside along, and takes no care of edges."""
    return Careless("careless")
