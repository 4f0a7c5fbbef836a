"""Dyn: a transformer over object tokens and one action token; one such network per skill (A.10, A.11.2)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from f2p.model.heads import GAPS, picked
from f2p.settings import Settings, number
from f2p.types import BINARY_RELATIONS, PARAMETER_SIZE

PLACEMENT = 64
"""Neurons that compare an object with a placement."""


@dataclass(frozen=True)
class DynamicsConfig(Settings):
    """Sizes and options of the dynamics."""

    layers: int = number(2, "transformer layers", low=1, high=12, source="A.11.2")
    heads: int = number(2, "attention heads", low=1, high=16, source="A.11.2")
    feed_forward: int = number(256, "neurons of the feed-forward part", low=16, high=4096, source="ours: not in A.11.2")
    dropout: float = number(0.0, "dropout while training", low=0.0, high=0.9, source="ours: positions suffer from it")
    grasped_flag: bool = True
    """Mark the manipulated object's token (ours: without it nothing moves)."""
    relation_features: bool = True
    """Tell every object its detected relations with the manipulated one (ours)."""
    placement_features: bool = False
    """Tell every object how it stands to the manipulated one where that is to be put (ours: what falls, and where)."""
    zero_output: bool = True
    """Linear layer after the transformer that starts at zero: nothing changes (ours)."""


def default_dynamics() -> DynamicsConfig:
    """Everything that helps (a manifest without an entry means the plain defaults above)."""
    return DynamicsConfig(placement_features=True)


def literal_dynamics() -> DynamicsConfig:
    """What A.11.2 says and no more; dropout and feed-forward are PyTorch's habits in Points2Plans."""
    return DynamicsConfig(
        feed_forward=1024, dropout=0.1, grasped_flag=False, relation_features=False, zero_output=False
    )


class PlacementFeatures(nn.Module):
    """What every segment is to a placement: under it, beside it, in its way; and what the best of them is (ours).

    Without it, 6 of 16 held-out falls were not foreseen though the placement was 10 cm or more beyond every edge.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.pair = nn.Sequential(nn.Linear(GAPS, PLACEMENT), nn.ReLU(), nn.Linear(PLACEMENT, PLACEMENT), nn.ReLU())
        self.each = nn.Linear(PLACEMENT, width)
        self.best = nn.Linear(PLACEMENT, width)
        for layer in (self.each, self.best):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(self, placement: Tensor, mask: Tensor, object_index: Tensor) -> Tensor:
        """What to add to the tokens. Shape (B, n, width)."""
        pair = self.pair(placement) * mask.unsqueeze(-1)
        grasped = torch.zeros_like(pair[..., :1]).scatter(1, object_index.view(-1, 1, 1), 1.0)
        best = (pair * (1.0 - grasped)).amax(1, keepdim=True)
        return self.each(pair) + grasped * self.best(best)


class SkillDynamics(nn.Module):
    """The change of every latent under one skill."""

    def __init__(self, width: int, config: DynamicsConfig) -> None:
        super().__init__()
        self.config = config
        half = width // 2
        self.parameter = nn.Sequential(nn.Linear(PARAMETER_SIZE, half), nn.ReLU(), nn.Linear(half, half))
        layer = nn.TransformerEncoderLayer(width, config.heads, config.feed_forward, config.dropout, batch_first=True)
        self.transformer = nn.TransformerEncoder(layer, config.layers, enable_nested_tensor=False)
        if config.grasped_flag:
            self.flag = nn.Linear(1 + PARAMETER_SIZE, width)
        if config.relation_features:
            count = 2 * len(BINARY_RELATIONS)
            self.relations = nn.Linear(count * (1 + PARAMETER_SIZE), width, bias=False)
            nn.init.zeros_(self.relations.weight)
        if config.placement_features:
            self.placement = PlacementFeatures(width)
        if config.zero_output:
            self.output = nn.Linear(width, width)
            nn.init.zeros_(self.output.weight)
            nn.init.zeros_(self.output.bias)

    def forward(
        self,
        features: Tensor,
        identity: Tensor,
        mask: Tensor,
        object_index: Tensor,
        parameters: Tensor,
        related: Tensor | None,
        placement: Tensor | None = None,
    ) -> Tensor:
        """δX (B, n, 256).

        Args:
            features: X. Shape (B, n, 256).
            identity: ID. Shape (B, n, 128).
            mask: Shape (B, n).
            object_index: Shape (B,).
            parameters: Shape (B, 4), [m, m, m, rad].
            related: Probabilities of every segment's relations to and from the manipulated one, for
                `relation_features`. Shape (B, n, 18).
            placement: How the manipulated object, where it is to be put, lies to every segment, for
                `placement_features`. Shape (B, n, 45).
        """
        tokens = features
        if self.config.grasped_flag:
            grasped = torch.zeros_like(features[..., :1]).scatter(1, object_index.view(-1, 1, 1), 1.0)
            tokens = tokens + self.flag(torch.cat([grasped, grasped * parameters.unsqueeze(1)], -1))
        if self.config.relation_features and related is not None:
            product = (related.unsqueeze(-1) * parameters[:, None, None, :]).flatten(-2)
            tokens = tokens + self.relations(torch.cat([related, product], -1))
        if self.config.placement_features and placement is not None:
            tokens = tokens + self.placement(placement, mask, object_index)
        action = torch.cat([self.parameter(parameters), picked(identity, object_index)], -1)
        tokens = torch.cat([tokens, action.unsqueeze(1)], 1)
        absent = torch.cat([~mask, torch.zeros_like(mask[:, :1])], 1)
        change = self.transformer(tokens, src_key_padding_mask=absent)[:, :-1]
        return self.output(change) if self.config.zero_output else change
