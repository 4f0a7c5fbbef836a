"""A shelf: a fixed case that is open towards the robot, with one board in its middle."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from f2p.shape.protocol import FIXED, Cavity, Grip, Slab, Top, block_top, case_slabs, shapes

SHELF = "shelf"


@shapes.register(SHELF)
class ShelfShape:
    """Six boards, no front."""

    moves: ClassVar[str] = FIXED
    contains: ClassVar[bool] = True
    solid: ClassVar[bool] = False
    support: ClassVar[bool] = False

    def slabs(self, size: np.ndarray, wall: float) -> tuple[Slab, ...]:
        """Return the case and the middle board."""
        half = 0.5 * np.asarray(size)
        return (*case_slabs(half, wall), Slab(np.zeros(3), np.array([half[0], half[1], wall / 2])))

    def tops(self, size: np.ndarray, wall: float) -> tuple[Top, ...]:
        """Return its upper face, and the two boards below."""
        half = 0.5 * np.asarray(size)
        room = np.array([half[0] - 0.5 * wall, half[1] - wall])
        heights = (-half[2] + wall, 0.5 * wall)
        return (block_top(size), *(Top(np.array([-0.5 * wall, 0.0, z]), room, covered=True) for z in heights))

    def cavity(self, size: np.ndarray, wall: float) -> Cavity | None:
        """Within the case, both storeys."""
        half = 0.5 * np.asarray(size)
        return Cavity(half[:2] - wall, float(-half[2] + wall), float(half[2] - wall))

    def grips(self, size: np.ndarray, wall: float) -> tuple[Grip, ...]:
        """Nowhere: it is furniture."""
        return ()
