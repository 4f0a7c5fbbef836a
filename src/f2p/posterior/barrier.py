"""Soft walls between bodies: a log-barrier on the gap of upright boxes, finite even where they overlap (C5)."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid


def gaps(first: Tensor, first_sizes: Tensor, second: Tensor, second_sizes: Tensor) -> Tensor:
    """Separation of yawed rectangles along the best of their four axes [m]; negative where they overlap.

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
    cosine, sine = torch.cos(turn).abs(), torch.sin(turn).abs()
    spread_second = 0.5 * torch.stack(
        [
            cosine * second_sizes[..., 0] + sine * second_sizes[..., 1],
            sine * second_sizes[..., 0] + cosine * second_sizes[..., 1],
        ],
        -1,
    )
    spread_first = 0.5 * torch.stack(
        [
            cosine * first_sizes[..., 0] + sine * first_sizes[..., 1],
            sine * first_sizes[..., 0] + cosine * first_sizes[..., 1],
        ],
        -1,
    )
    on_first = turned_back(delta, first[..., 3]).abs() - 0.5 * first_sizes[..., :2] - spread_second
    on_second = turned_back(delta, second[..., 3]).abs() - 0.5 * second_sizes[..., :2] - spread_first
    return torch.cat([on_first, on_second], -1).amax(-1)


def turned_back(vectors: Tensor, yaws: Tensor) -> Tensor:
    """Vectors (..., 2) seen along axes turned by `yaws` (...)."""
    cosine, sine = torch.cos(yaws), torch.sin(yaws)
    return torch.stack(
        [cosine * vectors[..., 0] + sine * vectors[..., 1], cosine * vectors[..., 1] - sine * vectors[..., 0]], -1
    )


def log_barrier(gap: Tensor, margin: float) -> Tensor:
    """ln σ(gap / margin): about 0 where there is room, falling in proportion to the depth where there is none."""
    return logsigmoid(gap / margin)
