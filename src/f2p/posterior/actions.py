"""The log density of action particles: how uncertain the model is of R_post after them, states held fixed (Eq. 4, 5).

Log target = Σ_r ln(H_r) + ln P(a): the product reading of Eq. 4 (its printed sign reverses for even |R|, C8), in the
ln H form of Eq. 5, which keeps a gradient where the model is confidently wrong (C9). What the variables of an action
are and what P(a) is, its skill says (`action_spaces/`).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from f2p.model.protocol import Latent, SkillEffectModel
from f2p.posterior.objective import RelationSet, log_entropy
from f2p.registry import Registry
from f2p.settings import Settings, choice, number

if TYPE_CHECKING:
    from f2p.posterior.action_spaces.protocol import ActionSpace

Pooling = Callable[[Tensor], Tensor]
"""ln H (M, R) to one log target (M,)."""

poolings: Registry[Pooling] = Registry("pooling of entropies")
"""The readings of Eq. 4 and 5 by name (C8, C9)."""


@poolings.register("sum")
def _sum(log_entropies: Tensor) -> Tensor:
    """Return Σ_r ln H_r: the product of Eq. 4 in the form of Eq. 5 (literal)."""
    return log_entropies.sum(-1)


@poolings.register("mean")
def _mean(log_entropies: Tensor) -> Tensor:
    """Return the mean of ln H_r: the same at a temperature of |R_post|."""
    return log_entropies.mean(-1)


@poolings.register("log_mean")
def _log_mean(log_entropies: Tensor) -> Tensor:
    """Return ln of the mean H_r: high where some relation is uncertain, whatever the certain ones do."""
    return torch.logsumexp(log_entropies, -1) - math.log(log_entropies.shape[-1])


@poolings.register("sum_entropy")
def _sum_entropy(log_entropies: Tensor) -> Tensor:
    """Return Σ_r H_r: generalised Bayes with the loss of Eq. 1a as it stands."""
    return log_entropies.exp().sum(-1)


@dataclass(frozen=True)
class ActionConfig(Settings):
    """Where actions may go and how they are compared."""

    turn: float = number(0.5, "largest turn of a placement", unit="rad", low=1e-3, high=3.2, source="ours: A18")
    state_weight: float = number(
        0.25, "weight of the grasped body's state beside the action in the kernel; 0: actions alone", low=0.0, high=1.0,
        source="ours: C12 asks for (s, a); at full weight states part all particles and actions lose their repulsion",
    )  # fmt: skip
    pooling: str | None = choice(
        None, "how the entropies of R_post become one log target; none: the mode's", lambda: poolings.names
    )
    entropy_weight: float | None = number(
        None, "weight of the pooled entropy against the prior: 1 is beta = 1 of A.13.2; none: the mode's", low=0.0,
        high=10.0,
    )  # fmt: skip
    overhang: float = number(
        0.6, "share of half the placed body that may stand over a surface's edge", low=0.0, high=1.0,
        source="ours: the planner may put it there, and where nothing was learned it finds what it hopes for",
    )  # fmt: skip
    least_room: float = number(0.02, "half range where the body hardly fits a surface", unit="m", low=1e-3, high=0.5)
    margin: float = number(0.01, "softness of the barrier around objects", unit="m", low=1e-4, high=0.1, source="ours")
    tries: int = number(40, "draws per particle, of which the freest is kept", low=1, high=10_000, source="as states")


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
