"""What the dynamics of object-centric architectures share: what every segment is given of a skill, and the output."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import reduce
from typing import ClassVar

import torch
from torch import Tensor, nn

from f2p.model.heads import GAPS, picked
from f2p.model.latent import ObjectLatent
from f2p.model.rowwise import Rowwise, perceptron
from f2p.settings import Settings, setting
from f2p.types import BINARY_RELATIONS

PLACEMENT = 64
"""Neurons that compare an object with a placement."""


@dataclass(frozen=True)
class FeatureConfig(Settings):
    """What the dynamics are given beyond the latents (a manifest without an entry means these plain defaults)."""

    grasped_flag: bool = setting(True, "mark the manipulated object's token", source="ours: without it nothing moves")
    relation_features: bool = setting(True, "give every object its detected relations with the manipulated one")
    placement_features: bool = setting(
        False, "give every object how it stands to the manipulated one where that is to be put",
        source="ours: what falls, and where",
    )  # fmt: skip
    zero_output: bool = setting(True, "last linear layer that starts at zero: nothing changes")


@dataclass(frozen=True, eq=False)
class Manipulation:
    """A skill on one segment of each scene, as all its segments see it."""

    object_index: Tensor
    """Shape (B,)."""
    parameters: Tensor
    """Shape (B, P), in the units of the skill's own."""
    related: Tensor | None = None
    """Probabilities of every segment's relations to and from the manipulated one. Shape (B, n, 18)."""
    placement: Tensor | None = None
    """How the manipulated object, where it is to be put, lies to every segment. Shape (B, n, 45)."""

    def grasped(self, like: Tensor) -> Tensor:
        """Return one at the manipulated segment, zero elsewhere; `like` (B, n, c). Shape (B, n, 1)."""
        return torch.zeros_like(like[..., :1]).scatter(1, self.object_index.view(-1, 1, 1), 1.0)


class PlacementFeatures(nn.Module):
    """What every segment is to a placement: under it, beside it, in its way; and what the best of them is (ours).

    Without it, 6 of 16 held-out falls were not foreseen though the placement was 10 cm or more beyond every edge.
    """

    def __init__(self, width: int, among: bool) -> None:
        super().__init__()
        self.pair = Rowwise(*perceptron(GAPS, PLACEMENT, PLACEMENT), nn.ReLU(inplace=True))
        self.each = nn.Linear(PLACEMENT, width)
        self.best = nn.Linear(PLACEMENT, width) if among else None
        for layer in (self.each, self.best):
            _zero(layer)

    def forward(self, placement: Tensor, mask: Tensor, grasped: Tensor) -> Tensor:
        """Return what to add to the tokens. Shape (B, n, width)."""
        pair = self.pair(placement) * mask.unsqueeze(-1)
        if self.best is None:
            return self.each(pair)
        best = (pair * (1.0 - grasped)).amax(1, keepdim=True)
        return torch.addcmul(self.each(pair), grasped, self.best(best))


class SkillDynamics(nn.Module, ABC):
    """The change of every latent under one skill; subclasses say in `change` how segments learn of each other."""

    among: ClassVar[bool] = True
    """Whether what the manipulated object is given of a placement may come from all segments at once."""

    def __init__(self, width: int, parameters: int, config: FeatureConfig, inner: int) -> None:
        """Make the shared parts.

        Args:
            width: Features of a latent.
            parameters: Numbers that the skill takes.
            config: What segments are given.
            inner: Features that `change` gives.
        """
        super().__init__()
        self.config = config
        if config.grasped_flag:
            self.flag = nn.Linear(1 + parameters, width)
        if config.relation_features:
            self.relations = nn.Linear(2 * len(BINARY_RELATIONS) * (1 + parameters), width, bias=False)
            _zero(self.relations)
        if config.placement_features:
            self.placement = PlacementFeatures(width, self.among)
        last = config.zero_output or inner != width
        self.output: nn.Module = nn.Linear(inner, width) if last else nn.Identity()
        if config.zero_output:
            _zero(self.output)

    def forward(self, latent: ObjectLatent, act: Manipulation) -> Tensor:
        """Return δX (B, n, width)."""
        return self.output(self.change(latent, act))

    @abstractmethod
    def change(self, latent: ObjectLatent, act: Manipulation) -> Tensor:
        """Return what the output layer makes δX of. Shape (B, n, inner)."""

    def tokens(self, latent: ObjectLatent, act: Manipulation) -> Tensor:
        """Return X of every segment and what it is given of the skill. Shape (B, n, width)."""
        parameters, given = act.parameters, []
        grasped = act.grasped(latent.features)
        if self.config.grasped_flag:
            given.append(self.flag(torch.cat([grasped, grasped * parameters.unsqueeze(1)], -1).flatten(0, 1)))
        if self.config.relation_features and act.related is not None:
            product = (act.related.unsqueeze(-1) * parameters[:, None, None, :]).flatten(-2)
            given.append(self.relations(torch.cat([act.related, product], -1).flatten(0, 1)))
        if self.config.placement_features and act.placement is not None:
            given.append(self.placement(act.placement, latent.mask, grasped).flatten(0, 1))
        if not given:
            return latent.features
        rows = reduce(Tensor.add_, (*given[1:], latent.features.flatten(0, 1)), given[0])  # of no view: see `Rowwise`
        return rows.view_as(latent.features)


def with_action(tokens: Tensor, action: Tensor, latent: ObjectLatent, act: Manipulation) -> tuple[Tensor, Tensor]:
    """Add a token, the encoded parameters and whom they act on (A.11.2); and return which tokens are there.

    Args:
        tokens: Shape (B, n, width).
        action: Shape (B, width less that of an identity).
        latent: Has the identities.
        act: Says which segment is manipulated.

    Returns:
        Tokens (B, n + 1, width) and mask (B, n + 1).
    """
    token = torch.cat([action, picked(latent.identity, act.object_index)], -1)
    mask = torch.cat([latent.mask, torch.ones_like(latent.mask[:, :1])], 1)
    return torch.cat([tokens, token.unsqueeze(1)], 1), mask


def _zero(layer: nn.Module | None) -> None:
    """Let a layer begin with saying nothing."""
    for value in () if layer is None else layer.parameters():
        nn.init.zeros_(value)
