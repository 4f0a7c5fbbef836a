"""Pushes: each particle's body ends on the surface it stands on, as far from its edges as pushes that are planned do.

Uniform over all that the skill could be asked for, most pushes of a body on a narrow board end in the air beside it:
what is learned then is how things fall, and no plan ever asks for that (ours: P(A) is what a planner proposes).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from f2p.action.push import FARTHEST, RIM
from f2p.posterior.action_spaces.bounded import BoundedSpace, bounded_space
from f2p.posterior.action_spaces.protocol import Situation, action_spaces, as_tensor
from f2p.posterior.barrier import turned
from f2p.posterior.bounds import Surface
from f2p.posterior.prior import UniformPrior

NEAR = 0.05
"""What has its bottom this near a surface stands on it [m] (ours, as a layout takes it)."""

LEAST = 0.01
"""Half range where the surface leaves no room along an axis [m] (ours)."""


@dataclass(eq=False)
class PushSpace(BoundedSpace):
    """`ActionSpace` whose variables are the push along the axes of the surface."""

    yaw: float = 0.0
    """Of the surface [rad]."""

    def parameters(self, variables: Tensor) -> Tensor:
        """Return pushes (M, 2) along the axes of the task frame."""
        along = self.prior.squash(variables)
        return turned(along, torch.full_like(along[:, 0], self.yaw))


@action_spaces.register("push")
def push_space(situation: Situation, _: np.random.Generator) -> BoundedSpace:
    """Uniform ends on the surface under the body, a rim inside its edges; any push of what stands on none."""
    here = np.asarray(situation.poses, dtype=np.float64)[:, situation.acted_on]
    surface = _under(here, situation)
    if surface is None:
        return bounded_space(situation)
    place, room = surface.local(here[:, :2]), np.maximum(surface.half - RIM, LEAST)
    low, high = (np.clip(end - place, -FARTHEST, FARTHEST) for end in (-room, room))
    thin = high - low < LEAST
    return PushSpace(UniformPrior(as_tensor(low - LEAST * thin), as_tensor(high + LEAST * thin)), yaw=surface.yaw)


def _under(here: np.ndarray, situation: Situation) -> Surface | None:
    """Return the surface that the body stands on in most of the states, if it stands on one."""
    bottom = float(here[:, 2].mean() - 0.5 * situation.segment.box.size[2])
    near = [one for one in situation.bounds.surfaces if abs(bottom - one.height) < NEAR]
    over = [int(one.contains(here[:, :2]).sum()) for one in near]
    return near[int(np.argmax(over))] if any(over) else None
