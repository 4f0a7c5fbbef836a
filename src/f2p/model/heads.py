"""The three decoders: displacements from δX, unary relations from X, binary relations from pairs of X (A.11.2)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from f2p.types import BINARY_RELATIONS, UNARY_RELATIONS

HIDDEN = 64
"""Neurons of a hidden layer (A.11.2)."""


class PositionDecoder(nn.Module):
    """Dec_p: three layers, the last linear since a displacement is signed (ours; A.11.2 says ReLU throughout)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(width, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, 3)
        )

    def forward(self, change: Tensor) -> Tensor:
        """Displacements (..., 3) [m] from δX (..., width)."""
        return self.layers(change)


class UnaryDecoder(nn.Module):
    """Dec_u: two layers; one logit per relation (A.11.2 says softmax, which is a constant for one logit)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(width, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, len(UNARY_RELATIONS)))

    def forward(self, features: Tensor) -> Tensor:
        """Logits (..., 3) from X (..., width)."""
        return self.layers(features)


class BinaryDecoder(nn.Module):
    """Dec_b: three layers on a pair; the first is applied to both members apart and summed, which is the same thing."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.subject = nn.Linear(width, HIDDEN)
        self.object = nn.Linear(width, HIDDEN, bias=False)
        self.layers = nn.Sequential(
            nn.ReLU(), nn.Linear(HIDDEN, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, len(BINARY_RELATIONS))
        )

    def forward(self, features: Tensor) -> Tensor:
        """Logits (B, n, n, 9) of all ordered pairs of X (B, n, width)."""
        return self.layers(self.subject(features).unsqueeze(2) + self.object(features).unsqueeze(1))

    def pairs(self, subjects: Tensor, objects: Tensor) -> Tensor:
        """Logits (..., 9) of given pairs of X (..., width)."""
        return self.layers(self.subject(subjects) + self.object(objects))


def picked(values: Tensor, index: Tensor) -> Tensor:
    """Row `index` (B,) of every scene's `values` (B, n, c). Shape (B, c)."""
    return values.gather(1, index.view(-1, 1, 1).expand(-1, 1, values.shape[-1])).squeeze(1)


def with_grasped(decoder: BinaryDecoder, features: Tensor, object_index: Tensor) -> Tensor:
    """Logits of every segment's relations to and from the manipulated one. Shape (B, n, 18)."""
    grasped = picked(features, object_index).unsqueeze(1).expand_as(features)
    return torch.cat([decoder.pairs(features, grasped), decoder.pairs(grasped, features)], -1)
