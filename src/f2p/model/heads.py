"""The three decoders: displacements from δX, unary relations from X, binary relations from pairs of X (A.11.2)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from f2p.model.rowwise import Rowwise, perceptron
from f2p.types import BINARY_RELATIONS, UNARY_RELATIONS

HIDDEN = 64
"""Neurons of a hidden layer (A.11.2)."""


class PositionDecoder(nn.Module):
    """Dec_p: three layers, the last linear since a displacement is signed (ours; A.11.2 says ReLU throughout)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.layers = perceptron(width, HIDDEN, HIDDEN, 3)

    def forward(self, change: Tensor) -> Tensor:
        """Return displacements (..., 3) [m] from δX (..., width)."""
        return self.layers(change)

    def after(self, layer: nn.Module, values: Tensor) -> Tensor:
        """Return displacements (..., 3) [m] from what a linear `layer` would make δX of, without that."""
        first = self.layers[0]
        if not (isinstance(layer, nn.Linear) and isinstance(first, nn.Linear)):
            return self.layers(layer(values))
        bias = functional.linear(layer.bias, first.weight, first.bias)
        return self.layers[1:](functional.linear(values, first.weight @ layer.weight, bias))


class BoxDecoder(nn.Module):
    """By how much the box of a cloud that a skill reshapes moves and grows, from δX (ours)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.layers = perceptron(width, HIDDEN, 9)

    def forward(self, change: Tensor) -> Tensor:
        """Return changes (..., 9) [m] of centroid and of both corners less the centroid, from δX (..., width)."""
        return self.layers(change)


class UnaryDecoder(nn.Module):
    """Dec_u: two layers; one logit per relation (A.11.2 says softmax, which is a constant for one logit)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.layers = perceptron(width, HIDDEN, len(UNARY_RELATIONS))

    def forward(self, features: Tensor) -> Tensor:
        """Return logits (..., 3) from X (..., width)."""
        return self.layers(features)


GAPS = 45
"""Numbers that say how two bounding boxes lie to each other."""

SCALES = (0.02, 0.1, 0.5)
"""Lengths at which they are looked at [m]: of a contact, of an object, of a scene."""


def gaps(subjects: Tensor, objects: Tensor) -> Tensor:
    """Measure how boxes lie: centre to centre, face to face, the subject's centre to the object's faces (ours).

    Args:
        subjects: Centroid, and lowest and highest corner less the centroid [m]. Shape (..., 9).
        objects: Likewise, of any shape it broadcasts with.

    Returns:
        Signed distances along the axes, squashed at three scales. Shape (..., 45).
    """
    between = subjects[..., :3] - objects[..., :3]
    over = between - objects[..., 6:]
    under = objects[..., 3:6] - between
    distances = torch.cat([between, over, under, over + subjects[..., 3:6], under - subjects[..., 6:]], -1)
    scales = distances.new_tensor(SCALES).unsqueeze(-1)
    return (distances.unsqueeze(-2) / scales).tanh_().flatten(-2)


class BinaryDecoder(nn.Module):
    """Dec_b: three layers on a pair; the first is applied to both members apart and summed, which comes to the same.

    With `pair_geometry` it is given how the pair's boxes lie to each other (ours): read off two embeddings alone, what
    stood on another object was not seen to be above it in seven of ten cases, though the clouds showed it.
    """

    def __init__(self, width: int, pair_geometry: bool) -> None:
        super().__init__()
        self.subject = nn.Linear(width, HIDDEN)
        self.object = nn.Linear(width, HIDDEN, bias=False)
        self.gaps = nn.Linear(GAPS, HIDDEN, bias=False) if pair_geometry else None
        self.layers = Rowwise(  # the first is told before: what comes in is no view
            nn.Identity(), nn.Linear(HIDDEN, HIDDEN), nn.ReLU(inplace=True), nn.Linear(HIDDEN, len(BINARY_RELATIONS))
        )

    def forward(self, features: Tensor, boxes: Tensor) -> Tensor:
        """Logits (B, n, n, 9) of all ordered pairs of X (B, n, width) with boxes (B, n, 9) as `gaps` takes them."""
        first = self.subject(features).unsqueeze(2) + self.object(features).unsqueeze(1)
        if self.gaps is not None:
            first.add_(self.gaps(gaps(boxes.unsqueeze(2), boxes.unsqueeze(1))))
        return self.layers(first.relu_())

    def pairs(self, features: Tensor, boxes: Tensor, subjects: Tensor, objects: Tensor) -> Tensor:
        """Return logits (B, k, 9) of the pairs that `subjects` and `objects`, (B, k) or (k,), pick of every scene."""
        if subjects.shape[-1] < features.shape[1]:
            first = self.subject(rows_of(features, subjects)) + self.object(rows_of(features, objects))
        else:  # members of many pairs are looked at once
            first = rows_of(self.subject(features), subjects) + rows_of(self.object(features), objects)
        if self.gaps is not None:
            first.add_(self.gaps(gaps(rows_of(boxes, subjects), rows_of(boxes, objects))))
        return self.layers(first.relu_())

    def with_one(self, features: Tensor, boxes: Tensor, index: Tensor) -> tuple[Tensor, Tensor]:
        """Return logits of all segments with segment `index` (B,), and of that one with all; each (B, n, 9)."""
        subject, other = self.subject(features), self.object(features)
        to, of = subject + picked(other, index).unsqueeze(1), picked(subject, index).unsqueeze(1) + other
        if self.gaps is not None:
            one = picked(boxes, index).unsqueeze(1)
            to.add_(self.gaps(gaps(boxes, one)))
            of.add_(self.gaps(gaps(one, boxes)))
        return self.layers(to.relu_()), self.layers(of.relu_())


def rows_of(values: Tensor, index: Tensor) -> Tensor:
    """Return rows `index` (B, k), or (k,) for all scenes, of `values` (B, n, c). Shape (B, k, c)."""
    if index.dim() == 1:
        return values[:, index]
    return values.gather(1, index.unsqueeze(-1).expand(*index.shape, values.shape[-1]))


def picked(values: Tensor, index: Tensor) -> Tensor:
    """Return the row `index` (B,) of every scene's `values` (B, n, c). Shape (B, c)."""
    return rows_of(values, index.unsqueeze(-1)).squeeze(1)


def with_grasped(decoder: BinaryDecoder, features: Tensor, boxes: Tensor, object_index: Tensor) -> Tensor:
    """Return logits of every segment's relations to and from the manipulated one. Shape (B, n, 18)."""
    return torch.cat(decoder.with_one(features, boxes, object_index), -1)
