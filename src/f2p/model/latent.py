"""The latent of object-centric architectures: one row per segment, and where each segment is."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from f2p.model.pointconv import Neighbourhoods

FLOATS = ("features", "shape", "centroid", "extent", "identity")
"""Fields of a latent that every scene has and that a gradient may flow through."""


@dataclass(frozen=True, eq=False)
class Clouds:
    """What is known of clouds before identities are given."""

    shape: Tensor
    """Features P of the encoder. Shape (B, n, 128)."""
    centroid: Tensor
    """[m]. Shape (B, n, 3)."""
    extent: Tensor
    """[m]. Shape (B, n, 6)."""


@dataclass(frozen=True, eq=False)
class ObjectLatent:
    """B scenes of n segments; fulfils `protocol.Latent`. Frame: task frame, [m]."""

    features: Tensor
    """X = P ⊕ ID, what the decoders and the dynamics see. Shape (B, n, 256)."""
    shape: Tensor
    """Features of the cloud alone: unchanged by translation when the encoder is centred. Shape (B, n, 128)."""
    centroid: Tensor
    """Mean of the cloud [m]. Shape (B, n, 3)."""
    extent: Tensor
    """Where the cloud ends, as lowest and highest corner less the centroid [m]. Shape (B, n, 6)."""
    identity: Tensor
    """ID, the identity encoding. Shape (B, n, 128)."""
    mask: Tensor
    """True where there is a segment. Shape (B, n), bool."""
    points: Tensor | None = None
    """The clouds, kept where moving means encoding again (not centred). Shape (B, n, 128, 3)."""
    neighbours: Neighbourhoods | None = None
    """Neighbourhoods of the B·n clouds, kept with `points`."""

    @property
    def batch(self) -> int:
        """Number B of scenes."""
        return len(self.features)

    @property
    def boxes(self) -> Tensor:
        """Where every cloud is and ends: centroid, and corners less the centroid [m]. Shape (B, n, 9)."""
        return torch.cat([self.centroid, self.extent], -1)

    def expanded(self, batch: int) -> ObjectLatent:
        """Return the latent for `batch` candidates: that of one scene is repeated, any other returned as it is."""
        if self.batch == batch:
            return self

        def wide(value: Tensor) -> Tensor:
            return value.expand(batch, *value.shape[1:])

        neighbours = self.neighbours
        if neighbours is not None:
            fields = (getattr(neighbours, item.name) for item in dataclasses.fields(neighbours))
            neighbours = Neighbourhoods(*(value.repeat(batch, *(1,) * (value.dim() - 1)) for value in fields))
        return ObjectLatent(
            wide(self.features),
            wide(self.shape),
            wide(self.centroid),
            wide(self.extent),
            wide(self.identity),
            wide(self.mask),
            None if self.points is None else wide(self.points),
            neighbours,
        )

    def gathered(self, others: Sequence[ObjectLatent], index: Tensor) -> ObjectLatent:
        """Return scenes `index` (k,) of these and of all `others`, counted through, as one latent."""
        every, count = (self, *others), self.mask.shape[1]
        points = [one.points for one in every if one.points is not None]
        near = [one.neighbours for one in every if one.neighbours is not None]
        clouds = (index.unsqueeze(-1) * count + torch.arange(count)).flatten()
        return ObjectLatent(
            **{name: torch.cat([getattr(one, name) for one in every])[index] for name in (*FLOATS, "mask")},
            points=torch.cat(points)[index] if points else None,
            neighbours=near[0].joined(near[1:]).take(clouds) if near else None,
        )

    def detached(self) -> ObjectLatent:
        """Return the same values without a gradient."""
        points = None if self.points is None else self.points.detach()
        return dataclasses.replace(self, points=points, **{name: getattr(self, name).detach() for name in FLOATS})

    def difference(self, other: ObjectLatent) -> Tensor:
        """Return the mean square over the features of every segment. Shape (B, n)."""
        return (self.features - other.features).square().mean(-1)
