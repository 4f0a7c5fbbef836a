"""A box that is open at the top: bottom and four walls, and whatever lies in it."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from f2p.shape.protocol import FREE, Cavity, Grip, Slab, Top, box_slabs, front_grips, shapes

OPEN_BOX = "open_box"


@shapes.register(OPEN_BOX)
class OpenBoxShape:
    """Five boards."""

    moves: ClassVar[str] = FREE
    contains: ClassVar[bool] = True
    solid: ClassVar[bool] = False
    support: ClassVar[bool] = False

    def slabs(self, size: np.ndarray, wall: float) -> tuple[Slab, ...]:
        """Return bottom and four walls."""
        return box_slabs(0.5 * np.asarray(size), wall)

    def tops(self, size: np.ndarray, wall: float) -> tuple[Top, ...]:
        """Return its floor."""
        half = 0.5 * np.asarray(size)
        return (Top(np.array([0.0, 0.0, -half[2] + wall]), half[:2] - wall, walled=True),)

    def cavity(self, size: np.ndarray, wall: float) -> Cavity | None:
        """From the floor to the rim."""
        half = 0.5 * np.asarray(size)
        return Cavity(half[:2] - wall, float(-half[2] + wall), float(half[2]))

    def grips(self, size: np.ndarray, wall: float) -> tuple[Grip, ...]:
        """Return the upper edges of the four walls from above; from the front all of it, as a cup is held."""
        out = []
        for axis in (0, 1):
            for side in (-1.0, 1.0):
                point = np.array([0.0, 0.0, 0.5 * size[2]])
                point[axis] = side * (0.5 * size[axis] - 0.5 * wall)
                out.append(Grip(point, axis, wall, float(size[1 - axis]), rim=True))
        return (*out, *front_grips(size))
