"""How the entropies of the relations after an action become one log target: the readings of Eq. 4 and 5 by name."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from f2p.registry import Registry

if TYPE_CHECKING:
    from torch import Tensor

Pooling: TypeAlias = "Callable[[Tensor], Tensor]"
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
    return log_entropies.logsumexp(-1) - math.log(log_entropies.shape[-1])


@poolings.register("sum_entropy")
def _sum_entropy(log_entropies: Tensor) -> Tensor:
    """Return Σ_r H_r: generalised Bayes with the loss of Eq. 1a as it stands."""
    return log_entropies.exp().sum(-1)
