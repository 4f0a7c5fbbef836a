"""A bounded uniform prior as a free variable: x = low + (high - low)(1 + tanh u) / 2, with its log-Jacobian (C5)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import softplus

from f2p.posterior.errors import BoundsError

EDGE = 1e-4
"""Share of the range that `unsquash` keeps from the bounds, so that u stays finite."""


@dataclass(frozen=True, eq=False)
class UniformPrior:
    """The uniform density on a box; bounds may differ between particles."""

    low: Tensor
    """Shape (D,) or (M, D)."""
    high: Tensor
    """Shape (D,) or (M, D)."""

    def __post_init__(self) -> None:
        bad = ~(torch.isfinite(self.low) & torch.isfinite(self.high) & (self.low < self.high))
        if bool(bad.any()):
            index = tuple(bad.nonzero()[0].tolist())
            raise BoundsError(f"variable {index[-1]}", float(self.low[index]), float(self.high[index]))

    def shares(self, variables: Tensor) -> Tensor:
        """Return where in the range each variable lies, 0 at low, 1 at high. Shape (M, D)."""
        return 0.5 * (1.0 + torch.tanh(variables))

    def slopes(self, variables: Tensor) -> Tensor:
        """D share / d u. Shape (M, D)."""
        return 0.5 * (1.0 - torch.tanh(variables).square())

    def squash(self, variables: Tensor) -> Tensor:
        """Return values within the bounds for variables u (M, D)."""
        return self.low + (self.high - self.low) * self.shares(variables)

    def unsquash(self, values: Tensor) -> Tensor:
        """Return variables u of values; what lies outside the bounds is brought just inside. Shape (M, D)."""
        shares = ((values - self.low) / (self.high - self.low)).clamp(EDGE, 1.0 - EDGE)
        return torch.atanh(2.0 * shares - 1.0)

    def log_density(self, variables: Tensor) -> Tensor:
        """Return ln p(u) that makes x uniform: ln |dx/du| - ln(high - low), summed over dimensions. Shape (M,)."""
        log_slope = 2.0 * (math.log(2.0) - variables - softplus(-2.0 * variables)) - math.log(2.0)
        return log_slope.sum(-1)

    def draw(self, count: int, generator: torch.Generator) -> Tensor:
        """Return uniform draws as variables u. Shape (count, D)."""
        size = (count, self.low.shape[-1])
        shares = torch.rand(size, generator=generator, dtype=self.low.dtype).clamp(EDGE, 1.0 - EDGE)
        return torch.atanh(2.0 * shares - 1.0)
