"""What slides of a shape: how far it comes out, and the bar by which it is pulled. Read from its cuboids alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from f2p.shape.protocol import Slab

SLIDE_SHARE = 0.9
"""How far what slides comes out, as a share of what is in its case of it (ours: its back stays in)."""


@dataclass(frozen=True, eq=False)
class Handle:
    """A bar along y with free space behind it, into which a finger comes from above."""

    middle: np.ndarray
    """Middle of the free space while nothing has slid, in the frame of the box's centre [m]. Shape (3,)."""
    room: float
    """Free space between bar and front, along x [m]."""
    span: float
    """Length of the bar [m]."""


def case_front(slabs: Sequence[Slab]) -> float:
    """Return where along x what does not slide of a shape begins, in the frame of its box's centre [m]."""
    return min(float(slab.center[0] - slab.half[0]) for slab in slabs if not slab.sliding)


def slide_travel(slabs: Sequence[Slab]) -> float:
    """Return how far what slides of a shape comes out of the rest towards -x [m]; 0 where nothing slides."""
    sliding = [float(slab.center[0] + slab.half[0]) for slab in slabs if slab.sliding]
    return SLIDE_SHARE * (max(sliding) - case_front(slabs)) if sliding else 0.0


def handle(slabs: Sequence[Slab]) -> Handle | None:
    """Return the bar by which what slides is pulled, where a shape has one with something behind it."""
    bar = next((slab for slab in slabs if slab.hooked), None)
    if bar is None:
        return None
    face = float(bar.center[0] + bar.half[0])
    behind = [
        float(slab.center[0] - slab.half[0]) - face
        for slab in slabs
        if slab is not bar and np.all(np.abs(slab.center - bar.center)[1:] < slab.half[1:] + [0.0, bar.half[2]])
    ]
    room = min((gap for gap in behind if gap > 0.0), default=0.0)
    middle = np.array([face + 0.5 * room, bar.center[1], bar.center[2]])
    return Handle(middle, room, 2.0 * float(bar.half[1])) if room else None
