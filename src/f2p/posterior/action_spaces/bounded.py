"""The space of a skill that has none of its own: its parameters, uniform within the bounds that the skill states."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from f2p.action.protocol import actions
from f2p.posterior.action_spaces.protocol import ActionSpace, Situation, action_spaces, as_tensor
from f2p.posterior.prior import UniformPrior
from f2p.posterior.svgd import Coordinates


@dataclass(eq=False)
class BoundedSpace:
    """`ActionSpace` whose variables are the parameters."""

    prior: UniformPrior
    """Bounds of each particle's parameters. Shape (M, P)."""
    surfaces: tuple[str, ...] = ()

    def parameters(self, variables: Tensor) -> Tensor:
        """Return skill parameters (M, P) of variables (M, P)."""
        return self.prior.squash(variables)

    def log_prior(self, variables: Tensor) -> Tensor:
        """Return ln P(a): uniform within bounds. Shape (M,)."""
        return self.prior.log_density(variables)

    def draw(self, count: int, tries: int, generator: torch.Generator) -> Tensor:
        """Draw from the prior, in which no draw is better than another. Shape (count, P)."""
        return self.prior.draw(count, generator)

    def coordinates(self, context: Tensor | None) -> Coordinates:
        """Compare parameters as shares of their range, beside the context."""
        columns = self.prior.high.shape[1] + (context.shape[1] if context is not None else 0)
        return Coordinates((tuple(range(columns)),), self.prior.shares, self.prior.slopes, context)


def bounded_space(situation: Situation) -> BoundedSpace:
    """Return bounds of the skill's parameters, the same for every particle."""
    parameters = actions.get(situation.call.skill).parameters
    return within(len(situation.poses), [one.low for one in parameters], [one.high for one in parameters])


def within(count: int, low: Sequence[float], high: Sequence[float]) -> BoundedSpace:
    """Return bounds (P,) and (P,) of parameters, the same for `count` particles."""
    return BoundedSpace(UniformPrior(*(as_tensor(np.tile(end, (count, 1))) for end in (low, high))))


def action_space(situation: Situation, rng: np.random.Generator) -> ActionSpace:
    """Return the space of actions of the failed skill: its own, or bounds of its parameters."""
    skill = situation.call.skill
    return action_spaces.get(skill)(situation, rng) if skill in action_spaces.names else bounded_space(situation)
