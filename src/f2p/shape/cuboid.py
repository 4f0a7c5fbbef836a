"""A solid cuboid: what stands for every object that holds nothing."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from f2p.shape.block import Block
from f2p.shape.protocol import FREE, Grip, front_grips, shapes

CUBOID = "cuboid"


@shapes.register(CUBOID)
class CuboidShape(Block):
    """Its box, filled."""

    moves: ClassVar[str] = FREE
    support: ClassVar[bool] = False

    def grips(self, size: np.ndarray, wall: float) -> tuple[Grip, ...]:
        """Across either side, from above and from the front."""
        top = np.array([0.0, 0.0, 0.5 * size[2]])
        above = tuple(Grip(top, axis, float(size[axis]), float(size[1 - axis])) for axis in (0, 1))
        return (*above, *front_grips(size))
