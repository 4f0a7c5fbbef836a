"""The space of opening and closing: from shut to all of the drawer's travel, from where it is.

The bounds of the skill are those of any drawer. Half of the distances within them lie beyond what this one can do, and
after what is asked for beyond it has slid as far as it does, whatever was asked: nothing is learned of distances.
"""

from __future__ import annotations

import numpy as np

from f2p.action.slide_drawer import slides_between
from f2p.posterior.action_spaces.bounded import BoundedSpace, within
from f2p.posterior.action_spaces.protocol import Situation, action_spaces


@action_spaces.register("slide_drawer")
def sliding_space(situation: Situation, rng: np.random.Generator) -> BoundedSpace:
    """Return distances of the drawer as it stands in the failure: how far open it is, is no variable of a state."""
    low, high = slides_between(situation.segment)
    return within(len(situation.poses), [low], [high])
