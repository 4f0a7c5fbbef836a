"""The log density of action particles: how uncertain the model is of R_post after them, states held fixed (Eq. 4, 5).

Log target = Σ_r ln(H_r) + ln P(a): the product reading of Eq. 4 (its printed sign reverses for even |R|, C8), in the
ln H form of Eq. 5, which keeps a gradient where the model is confidently wrong (C9). What the variables of an action
are and what P(a) is, its skill says (`action_spaces/`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from f2p.model.protocol import Latent, SkillEffectModel
from f2p.posterior.objective import RelationSet, log_entropy
from f2p.posterior.pooling import poolings

if TYPE_CHECKING:
    from f2p.posterior.action_spaces.protocol import ActionSpace


@dataclass(frozen=True, eq=False)
class ActionTarget:
    """Pooled entropies + ln P(a) of M actions, each in its own fixed state."""

    model: SkillEffectModel
    latent: Latent
    """Of the M states."""
    skill: str
    grasped: int
    wanted: RelationSet
    space: ActionSpace
    pooling: str = "mean"
    """Name in `poolings`."""
    weight: float = 1.0
    """Of the pooled entropy against the prior."""

    def log_entropies(self, variables: Tensor) -> Tensor:
        """Return ln H of every relation of R_post. Shape (M, R)."""
        index = torch.full((len(variables),), self.grasped, dtype=torch.int64)
        after, _ = self.model.advance(self.latent, self.skill, index, self.space.parameters(variables))
        return log_entropy(self.wanted.logits(self.model, after))

    def __call__(self, variables: Tensor) -> Tensor:
        """Return the log density (M,) of variables (M, D)."""
        pooled = poolings.get(self.pooling)(self.log_entropies(variables))
        return self.weight * pooled + self.space.log_prior(variables)
