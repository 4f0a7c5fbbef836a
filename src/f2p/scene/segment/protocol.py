"""What any segmenter promises: the points of things go in, one label per point comes out."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from f2p.registry import Makers

BACKGROUND = -1
"""Label of points that belong to no object: supports, noise, invalid measurements."""


class Segmenter(Protocol):
    """Tells apart the things that stand on one support, or in one container.

    What carries them, walls and open boxes have been taken away before (`f2p.scene.tabletop`).

    Implementations keep no state between calls and may be used from any thread; equal input gives equal output. They
    are filed in `segmenters` as classes that are called with no argument for the defaults.
    """

    def segment(
        self, points: np.ndarray, colors: np.ndarray | None = None, sensor: np.ndarray | None = None
    ) -> np.ndarray:
        """Label every point.

        Args:
            points: Finite points of things only, evenly spaced, in any one frame [m]. Shape (points, 3), perhaps none.
            colors: Red, green, blue in 0..255, if there are any. Shape (points, 3), uint8.
            sensor: Where the cloud was seen from, in the same frame [m]; the origin if None. Shape (3,).

        Returns:
            `BACKGROUND` for noise, or the 0-based number of the object, largest first. Shape (points,), int.
        """


segmenters: Makers[Segmenter] = Makers("segmenter", "f2p.scene.segment")
