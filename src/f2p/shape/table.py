"""A table: a fixed board on which the scene stands."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from f2p.shape.block import Block
from f2p.shape.protocol import FIXED, Grip, shapes

TABLE = "table"


@shapes.register(TABLE)
class TableShape(Block):
    """Its box, filled; what is under a table top is never seen and never matters."""

    moves: ClassVar[str] = FIXED
    support: ClassVar[bool] = True

    def grips(self, size: np.ndarray, wall: float) -> tuple[Grip, ...]:
        """Nowhere: it is furniture."""
        return ()
