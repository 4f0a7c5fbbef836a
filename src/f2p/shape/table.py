"""A table: a fixed board on which the scene stands."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from f2p.shape.protocol import FIXED, Cavity, Grip, Slab, Top, block_top, shapes

TABLE = "table"


@shapes.register(TABLE)
class TableShape:
    """Its box, filled; what is under a table top is never seen and never matters."""

    moves: ClassVar[str] = FIXED
    contains: ClassVar[bool] = False
    solid: ClassVar[bool] = True
    support: ClassVar[bool] = True

    def slabs(self, size: np.ndarray, wall: float) -> tuple[Slab, ...]:
        """Return the board."""
        return (Slab(np.zeros(3), 0.5 * np.asarray(size)),)

    def tops(self, size: np.ndarray, wall: float) -> tuple[Top, ...]:
        """Return its upper face."""
        return (block_top(size),)

    def cavity(self, size: np.ndarray, wall: float) -> Cavity | None:
        """None: nothing is inside a board."""
        return None

    def grips(self, size: np.ndarray, wall: float) -> tuple[Grip, ...]:
        """Nowhere: it is furniture."""
        return ()
