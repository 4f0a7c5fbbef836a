"""What shapes share that fill their box: one slab, its upper face to stand on, nothing inside."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from f2p.shape.protocol import Cavity, Slab, Top, block_top


class Block:
    """A filled box; how it moves and where it is gripped are its subclasses'."""

    contains: ClassVar[bool] = False
    solid: ClassVar[bool] = True

    def slabs(self, size: np.ndarray, wall: float) -> tuple[Slab, ...]:
        """Return the box itself."""
        return (Slab(np.zeros(3), 0.5 * np.asarray(size)),)

    def tops(self, size: np.ndarray, wall: float) -> tuple[Top, ...]:
        """Return its upper face."""
        return (block_top(size),)

    def cavity(self, size: np.ndarray, wall: float) -> Cavity | None:
        """Return None: it is filled."""
        return None
