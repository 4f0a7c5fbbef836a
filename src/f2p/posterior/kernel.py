"""Kernels of the Stein update: particles and scores go in, the direction Φ of Eq. 3 and 5 comes out.

All use the RBF k = exp(-d² / h) with the median heuristic h = median(d²) / ln M (A.13.3; C15, Liu & Wang). With 12 to
28 dimensions every distance is alike and a single kernel lets the spread collapse, so the default is a direct sum of
kernels, one per object (C16: block b of Φ uses k_b for attraction and repulsion alike; adding all k_b up for the
attraction was tried and loses the spread again: 0.18 instead of 0.36 of 0.5 in 28 dimensions). The single kernel is
what the paper says.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from f2p.registry import Makers

if TYPE_CHECKING:
    from torch import Tensor

LEAST_BANDWIDTH = 1e-8
"""Floor of h (ours: equal particles and single particles keep a finite kernel)."""


@dataclass(frozen=True, eq=False)
class ComparedParticles:
    """What a kernel compares: coordinates, and how fast they change with the variables that are updated."""

    coordinates: Tensor
    """Shape (M, F). Columns beyond the D updated ones are fixed context (C12: the states beside the actions)."""
    slopes: Tensor
    """d coordinate / d variable of the first D coordinates. Shape (M, D)."""
    blocks: tuple[tuple[int, ...], ...]
    """Columns of `coordinates` that belong together, one tuple per object."""


class Kernel(Protocol):
    """A direction of steepest ascent in the unit ball of some kernel's space.

    `direction` is deterministic, equivariant under permutation of the particles, and finite for finite input.
    """

    def direction(self, particles: ComparedParticles, scores: Tensor) -> Tensor:
        """Return Φ for scores (M, D), the gradients of the log density. Shape (M, D)."""


kernels: Makers[Kernel] = Makers("kernel")
"""All kernels by name."""


DEFAULT_KERNEL = "per_object"


def bandwidth(squared_distances: Tensor) -> Tensor:
    """H of the median heuristic over pairs of distinct particles, detached and floored: (..., M, M) to (...)."""
    count = squared_distances.shape[-1]
    if count < 2:
        return squared_distances.new_ones(squared_distances.shape[:-2])
    import torch

    off_diagonal = squared_distances.detach()[..., ~torch.eye(count, dtype=torch.bool)]
    return (off_diagonal.median(-1).values / math.log(max(count, 3))).clamp_min(LEAST_BANDWIDTH)


def rbf(coordinates: Tensor) -> tuple[Tensor, Tensor]:
    """Return the RBF kernel matrix and the gradient of each entry [j, i] with respect to particle j.

    Args:
        coordinates: Shape (..., M, d).

    Returns:
        Values (..., M, M) and gradients (..., M, M, d): -2/h (x_j - x_i) k(x_j, x_i).
    """
    differences = coordinates[..., :, None, :] - coordinates[..., None, :, :]
    squared = differences.square().sum(-1)
    scale = bandwidth(squared)[..., None, None]
    values = (-squared / scale).exp()
    return values, differences * (values * (-2.0 / scale))[..., None]


def _stein(coordinates: Tensor, slopes: Tensor, scores: Tensor) -> Tensor:
    """Return Φ of Eq. 3 for one RBF kernel on (..., M, F) coordinates, whose first d are updated. Shape (..., M, d)."""
    values, gradients = rbf(coordinates)
    repulsion = (slopes[..., :, None, :] * gradients[..., : scores.shape[-1]]).sum(-3)
    return (values @ scores + repulsion) / scores.shape[-2]


@kernels.register("per_object")
class PerObjectKernel:
    """The direct sum of RBF kernels, one per object: each moves its own object's coordinates (default, C16)."""

    def direction(self, particles: ComparedParticles, scores: Tensor) -> Tensor:
        """See `Kernel.direction`."""
        import torch

        direction = torch.zeros_like(scores)
        groups: dict[tuple[int, int], list[tuple[int, ...]]] = defaultdict(list)
        for block in particles.blocks:
            moved = sum(column < scores.shape[1] for column in block)
            groups[len(block), moved].append(tuple(sorted(block)))
        for (_, moved), blocks in groups.items():
            columns = torch.tensor(blocks)
            updated = columns[:, :moved]
            compared, slopes, pulls = (
                values[:, index].movedim(1, 0)
                for values, index in (
                    (particles.coordinates, columns), (particles.slopes, updated), (scores, updated)
                )
            )  # fmt: skip
            direction[:, updated] = _stein(compared, slopes, pulls).movedim(0, 1)
        return direction


@kernels.register("single")
class SingleKernel:
    """One RBF kernel on all coordinates together (literal, A.13.3)."""

    def direction(self, particles: ComparedParticles, scores: Tensor) -> Tensor:
        """See `Kernel.direction`."""
        return _stein(particles.coordinates, particles.slopes, scores)


@kernels.register("independent")
class IndependentKernel:
    """k = δ_ij: no sharing and no repulsion, which is plain gradient ascent (C19, the Gradient baseline)."""

    def direction(self, particles: ComparedParticles, scores: Tensor) -> Tensor:
        """See `Kernel.direction`."""
        return scores
