"""Soft walls between bodies: a log-barrier on the gap of upright boxes, finite even where they overlap (C5)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid


def gaps(first: Tensor, first_sizes: Tensor, second: Tensor, second_sizes: Tensor) -> Tensor:
    """Return the separation of yawed rectangles along the best of their four axes [m]; negative where they overlap.

    Args:
        first: Poses x, y, z, yaw. Shape (..., 4).
        first_sizes: Full extents. Shape (..., 3).
        second: As `first`.
        second_sizes: As `first_sizes`.

    Returns:
        Shape (...).
    """
    delta = second[..., :2] - first[..., :2]
    turn = second[..., 3] - first[..., 3]
    on_first = turned(delta, -first[..., 3]).abs() - 0.5 * first_sizes[..., :2] - reaches(turn, second_sizes)
    on_second = turned(delta, -second[..., 3]).abs() - 0.5 * second_sizes[..., :2] - reaches(turn, first_sizes)
    return torch.cat([on_first, on_second], -1).amax(-1)


def reaches(turns: Tensor, sizes: Tensor) -> Tensor:
    """Return half extents in x and y of boxes with `sizes` (..., 3) turned by `turns` (...). Shape (..., 2)."""
    cosine, sine = torch.cos(turns).abs(), torch.sin(turns).abs()
    x, y = sizes[..., 0], sizes[..., 1]
    return 0.5 * torch.stack([cosine * x + sine * y, sine * x + cosine * y], -1)


def turned(vectors: Tensor, yaws: Tensor) -> Tensor:
    """Return vectors (..., 2 or 3) turned by `yaws` (...) about +z, broadcast: `geometry.rotate_z` with gradients."""
    cosine, sine = torch.cos(yaws), torch.sin(yaws)
    x = cosine * vectors[..., 0] - sine * vectors[..., 1]
    y = sine * vectors[..., 0] + cosine * vectors[..., 1]
    return torch.stack([x, y, *(rest.expand_as(x) for rest in vectors[..., 2:].unbind(-1))], -1)


def log_barrier(gap: Tensor, margin: float) -> Tensor:
    """Ln σ(gap / margin): about 0 where there is room, falling in proportion to the depth where there is none."""
    return logsigmoid(gap / margin)


@dataclass(frozen=True, eq=False)
class Obstacles:
    """What placements keep clear of, in each of M states."""

    size: Tensor
    """Full extents of the body that is placed [m]. Shape (3,)."""
    poses: Tensor
    """Of the k objects that stand about. Shape (M, k, 4)."""
    sizes: Tensor
    """Their full extents [m]. Shape (k, 3)."""
    margin: float

    def barrier(self, placed: Tensor) -> Tensor:
        """Return the log-barrier of bodies placed at (M, 4). Shape (M,)."""
        return log_barrier(gaps(placed[:, None], self.size, self.poses, self.sizes), self.margin).sum(-1)
