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
