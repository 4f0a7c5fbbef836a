"""Points2Plans: a transformer over object tokens and one action token, one per skill (A.10, A.11.2)."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import ClassVar

from torch import Tensor, nn

from f2p.model.architectures.attention import transformed
from f2p.model.architectures.dynamics import FeatureConfig, Manipulation, SkillDynamics, with_action
from f2p.model.architectures.objectcentric import ObjectCentric, ObjectCentricConfig, literal
from f2p.model.architectures.protocol import architectures
from f2p.model.latent import ObjectLatent
from f2p.model.rowwise import perceptron
from f2p.settings import number


@dataclass(frozen=True)
class TransformerConfig(FeatureConfig):
    """Sizes of the transformer."""

    layers: int = number(2, "transformer layers", low=1, high=12, source="A.11.2")
    heads: int = number(2, "attention heads", low=1, high=16, source="A.11.2")
    feed_forward: int = number(256, "neurons of the feed-forward part", low=16, high=4096, source="ours: not in A.11.2")
    dropout: float = number(0.0, "dropout while training", low=0.0, high=0.9, source="ours: positions suffer from it")


@dataclass(frozen=True)
class Points2PlansConfig(ObjectCentricConfig):
    """The default profile; `literal_config` is the other."""

    dynamics: TransformerConfig = field(default_factory=lambda: TransformerConfig(placement_features=True))


def literal_config() -> Points2PlansConfig:
    """Return what A.11.2 says and no more; dropout and feed-forward are PyTorch's habits in Points2Plans."""
    plain = literal(Points2PlansConfig())
    return dataclasses.replace(plain, dynamics=dataclasses.replace(plain.dynamics, feed_forward=1024, dropout=0.1))


class TransformerDynamics(SkillDynamics):
    """Attention among the segments and the action."""

    def __init__(self, width: int, parameters: int, config: TransformerConfig) -> None:
        super().__init__(width, parameters, config, width)
        half = width // 2
        self.parameter = perceptron(parameters, half, half)
        layer = nn.TransformerEncoderLayer(width, config.heads, config.feed_forward, config.dropout, batch_first=True)
        self.transformer = nn.TransformerEncoder(layer, config.layers, enable_nested_tensor=False)

    def change(self, latent: ObjectLatent, act: Manipulation) -> Tensor:
        """See `SkillDynamics`."""
        tokens, mask = with_action(self.tokens(latent, act), self.parameter(act.parameters), latent, act)
        absent = None if bool(mask.all()) else ~mask
        return transformed(self.transformer, tokens, absent, latent.mask.shape[1])


@architectures.register("points2plans")
class Points2Plans(ObjectCentric):
    """Skill effect model after Points2Plans, as A.11.2 describes it."""

    config_class = Points2PlansConfig
    profiles: ClassVar = {"default": Points2PlansConfig, "literal": literal_config}
    dynamics_class = TransformerDynamics
