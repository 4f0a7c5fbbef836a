"""A drawer: an open box that slides out of a fixed case towards the robot."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from f2p.shape.protocol import SLIDES, Cavity, Grip, Slab, Top, block_top, box_slabs, case_slabs, shapes

DRAWER = "drawer"


def _inner(size: np.ndarray, wall: float) -> np.ndarray:
    """Return half outer extents of the box that slides [m]. Shape (3,)."""
    return 0.5 * np.asarray(size) - np.array([wall, 1.5 * wall, 1.5 * wall])


@shapes.register(DRAWER)
class DrawerShape:
    """A case of five boards and a box of five that slides in it. Its pose is the case's."""

    moves: ClassVar[str] = SLIDES
    contains: ClassVar[bool] = True
    solid: ClassVar[bool] = False
    support: ClassVar[bool] = False

    def slabs(self, size: np.ndarray, wall: float) -> tuple[Slab, ...]:
        """Return the case and, sliding, the box."""
        return (*case_slabs(0.5 * np.asarray(size), wall), *box_slabs(_inner(size, wall), wall, sliding=True))

    def tops(self, size: np.ndarray, wall: float) -> tuple[Top, ...]:
        """Return the upper face of the case, and the floor of the box while it is shut."""
        half = _inner(size, wall)
        floor = Top(np.array([0.0, 0.0, -half[2] + wall]), half[:2] - wall, walled=True, covered=True)
        return (block_top(size), floor)

    def cavity(self, size: np.ndarray, wall: float) -> Cavity | None:
        """Within the box, while it is shut."""
        half = _inner(size, wall)
        return Cavity(half[:2] - wall, float(-half[2] + wall), float(half[2]))

    def grips(self, size: np.ndarray, wall: float) -> tuple[Grip, ...]:
        """Nowhere: a drawer is pulled, not lifted."""
        return ()
