"""PointConv: one cloud of 128 points goes in, 128 features come out (A.11.2).

What depends only on distances (neighbours, picked points, densities) never changes under a rigid motion, so it is
computed once per cloud (`neighbourhoods`) and handed in again.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from f2p.model.rowwise import perceptron
from f2p.settings import Settings, number

CHUNK = 16
"""Clouds encoded at once where no gradient is asked for (ours: they fit the cache, 0.5 instead of 0.8 ms a cloud)."""


@dataclass(frozen=True)
class PointConvConfig(Settings):
    """Sizes of the encoder."""

    neighbours_1: int = number(8, "neighbours of a point in the first layer", low=1, high=128, source="A.11.2")
    neighbours_2: int = number(16, "neighbours of a point in the second layer", low=1, high=128, source="A.11.2")
    picked: int = number(16, "points left after the second layer", low=1, high=128, source="A.11.2")
    bandwidth_1: float = number(0.1, "bandwidth of the first density estimate", low=1e-3, high=10.0, source="A.11.2")
    bandwidth_2: float = number(0.2, "bandwidth of the second density estimate", low=1e-3, high=10.0, source="A.11.2")
    bandwidth_3: float = number(0.4, "bandwidth of the third density estimate", low=1e-3, high=10.0, source="A.11.2")
    width_1: int = number(32, "channels after the first layer", low=1, high=1024, source="A.11.2")
    width_2: int = number(64, "channels after the second layer", low=1, high=1024, source="A.11.2")
    width_3: int = number(128, "features of a segment", low=1, high=1024, source="A.11.2")


@dataclass(frozen=True, eq=False)
class Neighbourhoods:
    """What a cloud keeps under rigid motion; M clouds."""

    near_1: Tensor
    """Neighbours of every point. Shape (M, 128, 8), int64 or narrower."""
    picked: Tensor
    """Farthest points. Shape (M, 16)."""
    near_2: Tensor
    """Neighbours of the farthest points. Shape (M, 16, 16)."""
    inverse_1: Tensor
    """Inverse density under bandwidth_1. Shape (M, 128)."""
    inverse_2: Tensor
    """Inverse density under bandwidth_2. Shape (M, 128)."""
    inverse_3: Tensor
    """Inverse density of the farthest points under bandwidth_3. Shape (M, 16)."""

    def take(self, index: Tensor | slice) -> Neighbourhoods:
        """Return the neighbourhoods of some of the clouds."""
        return Neighbourhoods(*(getattr(self, item.name)[index] for item in dataclasses.fields(self)))

    def joined(self, others: Sequence[Neighbourhoods]) -> Neighbourhoods:
        """Return the neighbourhoods of these clouds and those of `others` after them."""
        names = [item.name for item in dataclasses.fields(self)]
        return Neighbourhoods(*(torch.cat([getattr(one, name) for one in (self, *others)]) for name in names))


@torch.no_grad()
def neighbourhoods(points: Tensor, config: PointConvConfig) -> Neighbourhoods:
    """Return neighbours (kNN), farthest points and inverse densities of clouds.

    Args:
        points: Shape (M, points, 3), in the scale the encoder works in.
        config: A.11.2 names a bandwidth for the neighbours; the released Points2Plans takes k nearest and uses the
            bandwidth for a Gaussian density, and so do we.
    """
    points = points - points.mean(1, keepdim=True)
    norms = points.square().sum(-1)
    squared = torch.baddbmm(norms.unsqueeze(2) + norms.unsqueeze(1), points, points.transpose(1, 2), alpha=-2)
    squared.clamp_min_(0.0).diagonal(dim1=1, dim2=2).zero_()
    near_1 = squared.topk(min(config.neighbours_1, points.shape[1]), largest=False).indices
    picked = _farthest(points, squared, min(config.picked, points.shape[1]))
    rows = squared.gather(1, picked.unsqueeze(-1).expand(-1, -1, points.shape[1]))
    near_2 = rows.topk(min(config.neighbours_2, points.shape[1]), largest=False).indices
    among = rows.gather(2, picked.unsqueeze(1).expand(-1, picked.shape[1], -1))
    return Neighbourhoods(
        near_1,
        picked,
        near_2,
        _inverse_density(squared, config.bandwidth_1),
        _inverse_density(squared, config.bandwidth_2),
        _inverse_density(among, config.bandwidth_3),
    )


def _farthest(points: Tensor, squared: Tensor, count: int) -> Tensor:
    """Pick `count` mutually far points, first the one farthest from the (zero) centroid. Shape (M, count)."""
    last = points.square().sum(-1).argmax(1)
    rows = torch.arange(len(points))
    chosen, distance = [last], squared[rows, last]
    for _ in range(count - 1):
        last = distance.argmax(1)
        chosen.append(last)
        distance = torch.minimum(distance, squared[rows, last])
    return torch.stack(chosen, 1)


def _inverse_density(squared: Tensor, bandwidth: float) -> Tensor:
    """Return one over the Gaussian kernel density of every point. Shape (M, points)."""
    kernel = torch.exp(squared * (-0.5 / bandwidth**2)) / (2.5 * bandwidth)
    return 1.0 / kernel.mean(-1)


class SampleNorm(nn.Module):
    """GroupNorm with one group, for channels that come last."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, values: Tensor) -> Tensor:
        """Normalise every sample over all its positions and channels. Shape (M, ..., channels)."""
        normed = functional.layer_norm(values, values.shape[1:])
        return torch.addcmul(self.bias, normed, self.weight)


class SetAbstraction(nn.Module):
    """One PointConv layer: features of neighbours, weighted by where they are and how dense it is there."""

    WEIGHTS = 16

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.features = nn.Linear(inputs, outputs)
        self.features_norm = SampleNorm(outputs)
        self.weights = perceptron(3, 8, 8, self.WEIGHTS)
        self.density = perceptron(1, 16, 8, 1)
        self.join = nn.Linear(outputs * self.WEIGHTS, outputs)
        self.join_norm = SampleNorm(outputs)

    def forward(self, relative: Tensor, features: Tensor, inverse: Tensor) -> Tensor:
        """Return features of every group.

        Args:
            relative: Neighbours relative to the centre of their group. Shape (M, groups, k, 3).
            features: Features of the neighbours. Shape (M, groups, k, inputs - 3).
            inverse: Inverse density at the neighbours. Shape (M, groups, k).

        Returns:
            Shape (M, groups, outputs).
        """
        values = self.features(torch.cat([relative, features], -1))
        values = torch.relu(self.features_norm(values))
        scale = (inverse / inverse.amax(-1, keepdim=True)).unsqueeze(-1)
        weights = torch.relu(self.weights(relative)) * torch.sigmoid(self.density(scale))
        joined = torch.matmul(values.transpose(-1, -2), weights).flatten(-2)
        return torch.relu(self.join_norm(self.join(joined)))


def _gathered(values: Tensor, index: Tensor) -> Tensor:
    """Return rows of `values` (M, points, channels) at `index` (M, groups, k). Shape (M, groups, k, channels)."""
    flat = (index.long() + (torch.arange(len(values)) * values.shape[1]).view(-1, 1, 1)).flatten()
    return values.reshape(-1, values.shape[-1]).index_select(0, flat).view(*index.shape, values.shape[-1])


class PointConv(nn.Module):
    """The three set abstractions of A.11.2."""

    def __init__(self, config: PointConvConfig) -> None:
        super().__init__()
        self.config = config
        self.first = SetAbstraction(6, config.width_1)
        self.second = SetAbstraction(3 + config.width_1, config.width_2)
        self.third = SetAbstraction(3 + config.width_2, config.width_3)

    def forward(self, points: Tensor, neighbours: Neighbourhoods | None = None) -> Tensor:
        """Encode clouds.

        Args:
            points: Shape (M, 128, 3).
            neighbours: `neighbourhoods(points)`, if it is known already.

        Returns:
            Shape (M, 128): the features P of each cloud.
        """
        neighbours = neighbours or neighbourhoods(points, self.config)
        if len(points) > CHUNK and not torch.is_grad_enabled():
            parts = [slice(first, first + CHUNK) for first in range(0, len(points), CHUNK)]
            return torch.cat([self._encoded(points[part], neighbours.take(part)) for part in parts])
        return self._encoded(points, neighbours)

    def _encoded(self, points: Tensor, neighbours: Neighbourhoods) -> Tensor:
        """Encode all clouds at once."""
        near = _gathered(points, neighbours.near_1)
        inverse = _gathered(neighbours.inverse_1.unsqueeze(-1), neighbours.near_1).squeeze(-1)
        features = self.first(near - points.unsqueeze(2), near, inverse)
        centres = _gathered(points, neighbours.picked.unsqueeze(1)).squeeze(1)
        both = _gathered(torch.cat([points, features, neighbours.inverse_2.unsqueeze(-1)], -1), neighbours.near_2)
        features = self.second(both[..., :3] - centres.unsqueeze(2), both[..., 3:-1], both[..., -1])
        relative = centres - centres.mean(1, keepdim=True)
        return self.third(relative.unsqueeze(1), features.unsqueeze(1), neighbours.inverse_3.unsqueeze(1)).squeeze(1)
