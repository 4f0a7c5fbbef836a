"""A second skill, registered for the length of a test."""

from __future__ import annotations

import numpy as np

from f2p.action.protocol import Parameter
from f2p.action.workspace import Workspace
from f2p.types import Scene, Segment


class Slide:
    """A skill with two parameters: how far along y, and a force that displaces nothing."""

    parameters: tuple[Parameter, ...] = (
        Parameter("dy", "m", -0.2, 0.2, "how far", along="y"),
        Parameter("force", "N", 1.0, 9.0, "how hard"),
    )

    def applies(self, segment: Segment) -> bool:
        """Tell whether it can be slid."""
        return segment.movable

    def draw(
        self, scene: Scene, name: str, count: int, rng: np.random.Generator, workspace: Workspace | None = None
    ) -> np.ndarray:
        """Propose strokes. Shape (count, 2)."""
        return rng.uniform([one.low for one in self.parameters], [one.high for one in self.parameters], (count, 2))

    def expected(self, scene: Scene, name: str, parameters: np.ndarray) -> np.ndarray:
        """Displace the object along y. Shape (count, n, 3)."""
        out = np.zeros((len(parameters), len(scene.segments), 3))
        out[:, scene.index(name), 1] = np.asarray(parameters)[:, 0]
        return out
