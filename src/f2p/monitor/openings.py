"""How far something must have been open otherwise than expected, where a relation of it alone is contradicted.

A model predicts whether a drawer will be open and not how far. One that was to be shut and stands open by four
centimetres, where two are open, was off by two of the nine that it went, and not entirely (ours, as for places).
"""

from __future__ import annotations

import numpy as np

from f2p.scene.relations import unary_relations
from f2p.shape.protocol import SLIDES
from f2p.types import Segment

_GRID = np.arange(0.0, 1.0, 0.005)
"""Openings that are tried [m] (ours: finer than any is seen)."""


def least_missed(before: Segment, after: Segment, relation: int, slack: float) -> float:
    """Return by which share of its way the opening was off at least for a relation to be other than expected.

    Args:
        before: As it was.
        after: As it is.
        relation: Index among the unary relations, which is other than expected after the step.
        slack: Added to the way [m].

    Returns:
        A share; inf where no other opening would have made the relation as expected.
    """
    if after.shape.moves != SLIDES:
        return np.inf
    tried = np.concatenate([[after.opening], _GRID])
    values = unary_relations([after.prior] * len(tried), tried.tolist(), np.tile(after.box.size, (len(tried), 1)))
    otherwise = tried[values[:, relation] != values[0, relation]]
    way = abs(after.opening - before.opening)
    return float(np.abs(otherwise - after.opening).min(initial=np.inf) / (way + slack))
