"""What was measured along which ray: a cloud and its sensor go in, whether some place was seen to be air comes out."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from scipy.spatial import cKDTree


class Rays:
    """The rays of one cloud.

    Args:
        points: Shape (n, 3) [m].
        sensor: Where they were seen from, in the same frame [m]. Shape (3,).
        near: A ray this near tells about a place [rad].
        beyond: What is seen this far beyond a place shows that the place is free [m].
    """

    def __init__(self, points: np.ndarray, sensor: np.ndarray, near: float, beyond: float) -> None:
        offsets = points - sensor
        self._ranges = np.linalg.norm(offsets, axis=1)
        self._directions = offsets / np.maximum(self._ranges, 1e-9)[:, None]
        self.sensor, self._near, self._beyond = sensor, near, beyond

    @cached_property
    def _rays(self) -> cKDTree:
        """Built when a place is first asked for: of most clouds none is."""
        return cKDTree(self._directions)

    def free(self, places: np.ndarray) -> np.ndarray:
        """Return at which of some places (n, 3) [m] the camera saw through to something farther. Shape (n,), bool."""
        offsets = places - self.sensor
        ranges = np.linalg.norm(offsets, axis=1)
        angles, nearest = self._rays.query(offsets / ranges[:, None], distance_upper_bound=self._near)
        seen = np.isfinite(angles)
        free = np.zeros(len(places), dtype=bool)
        free[seen] = self._ranges[nearest[seen]] > ranges[seen] + self._beyond
        return free
