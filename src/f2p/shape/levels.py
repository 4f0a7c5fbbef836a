"""At what height something comes to stand that is lowered onto whatever is there, by the shapes that are seen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from f2p.geometry import into_box
from f2p.shape.protocol import SLIDES, board
from f2p.shape.sliding import case_front, slide_travel
from f2p.types import Segment


def level_below(segments: Sequence[Segment], places: np.ndarray) -> np.ndarray:
    """Return the height of the highest top under each place that is got at from above [m].

    What slides out of its case may be out by then as far as it comes: its floor is wherever that leads, in front of
    the case. Under a board nothing gets from above.

    Args:
        segments: What there is.
        places: x, y in the task frame [m]. Shape (count, 2).

    Returns:
        Shape (count,); -inf where there is nothing.
    """
    out = np.full(len(places), -np.inf)
    for segment in segments:
        local = into_box(places, segment.box.center, segment.box.yaw)
        for center, half in _tops(segment):
            over = np.all(np.abs(local - center[:2]) <= half, axis=-1)
            out[over] = np.maximum(out[over], segment.box.center[2] + center[2])
    return out


def _tops(segment: Segment) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield middle (3,) and half extents (2,) of every rectangle of a shape that is got at from above, in its box."""
    size, shape = segment.box.size, segment.shape
    for top in shape.tops(size, board(size)):
        if not top.covered:
            yield top.center, top.half
        elif shape.moves == SLIDES:
            slabs = shape.slabs(size, board(size))
            low = top.center[0] - top.half[0] - slide_travel(slabs)
            middle, half = 0.5 * (low + case_front(slabs)), 0.5 * (case_front(slabs) - low)
            yield np.array([middle, *top.center[1:]]), np.array([half, top.half[1]])
