"""A solid cuboid: what stands for every object that holds nothing."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from f2p.shape.protocol import FREE, Cavity, Grip, Slab, Top, block_top, shapes

CUBOID = "cuboid"


@shapes.register(CUBOID)
class CuboidShape:
    """Its box, filled."""

    moves: ClassVar[str] = FREE
    contains: ClassVar[bool] = False
    solid: ClassVar[bool] = True
    support: ClassVar[bool] = False

    def slabs(self, size: np.ndarray, wall: float) -> tuple[Slab, ...]:
        """Return the box itself."""
        return (Slab(np.zeros(3), 0.5 * np.asarray(size)),)

    def tops(self, size: np.ndarray, wall: float) -> tuple[Top, ...]:
        """Return its upper face."""
        return (block_top(size),)

    def cavity(self, size: np.ndarray, wall: float) -> Cavity | None:
        """None: it is filled."""
        return None

    def grips(self, size: np.ndarray, wall: float) -> tuple[Grip, ...]:
        """Across either side, from above."""
        top = np.array([0.0, 0.0, 0.5 * size[2]])
        return tuple(Grip(top, axis, float(size[axis]), float(size[1 - axis])) for axis in (0, 1))
