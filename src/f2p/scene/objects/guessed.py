"""What tells a guess of where an object is from what was seen of it; imports nothing that looks at clouds."""

from __future__ import annotations

import numpy as np

from f2p.types import Segment

LEVEL = 1e-6
"""No cloud that was seen is as level as the top of a guess [m] (ours: a thousandth of what a camera tells apart)."""


def guessed(segment: Segment) -> bool:
    """Tell whether a segment's place is such a guess: nothing of it was seen but for its top, which is level."""
    heights = segment.points[:, 2]
    return segment.movable and len(heights) > 0 and bool(np.ptp(heights) < LEVEL)
