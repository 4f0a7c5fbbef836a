"""Binary-Pred: every segment with the manipulated one and the action, alone; no messages, one network per skill.

A pairwise predictor, after the relation classifiers that the paper's third baseline cites; its published form is not
known, and so these are ours: the effect on a segment follows from it, the manipulated object and the action only, what
else lies around is not seen. Encoder and decoders are those of Points2Plans.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from torch import Tensor, nn
from torch.nn import functional

from f2p.model.architectures.dynamics import FeatureConfig, Manipulation, SkillDynamics
from f2p.model.architectures.objectcentric import ObjectCentric, ObjectCentricConfig, literal
from f2p.model.architectures.protocol import architectures
from f2p.model.heads import GAPS, gaps, picked
from f2p.model.latent import ObjectLatent
from f2p.model.rowwise import perceptron
from f2p.settings import number, setting


@dataclass(frozen=True)
class PairConfig(FeatureConfig):
    """Sizes of the pairwise network."""

    hidden: int = number(256, "neurons of a hidden layer", low=8, high=2048)
    pair_features: bool = setting(
        True, "give the network how the bounding boxes of the pair lie to each other, as the decoder gets it"
    )


@dataclass(frozen=True)
class BinaryPredConfig(ObjectCentricConfig):
    """The default profile; `literal_config` is the other."""

    dynamics: PairConfig = field(default_factory=lambda: PairConfig(placement_features=True))


def literal_config() -> BinaryPredConfig:
    """Nothing beyond clouds, identities and the action."""
    return literal(BinaryPredConfig(dynamics=PairConfig(pair_features=False)))


class PairDynamics(SkillDynamics):
    """A perceptron on (segment, manipulated segment, action)."""

    among = False

    def __init__(self, width: int, parameters: int, config: PairConfig) -> None:
        super().__init__(width, parameters, config, config.hidden)
        hidden = config.hidden
        self.segment = nn.Linear(width, hidden)
        self.manipulated = nn.Linear(width, hidden, bias=False)
        self.action = perceptron(parameters, hidden, hidden)
        self.gaps = nn.Linear(GAPS, hidden, bias=False) if config.pair_features else None
        self.layers = perceptron(hidden, hidden, hidden)

    def change(self, latent: ObjectLatent, act: Manipulation) -> Tensor:
        """See `SkillDynamics`. The first layer is applied to the members of a pair apart and summed."""
        manipulated = picked(latent.features, act.object_index)
        pair = self.segment(self.tokens(latent, act)) + (
            self.manipulated(manipulated) + self.action(act.parameters)
        ).unsqueeze(1)
        if self.gaps is not None:
            boxes = latent.boxes
            pair = pair + self.gaps(gaps(boxes, picked(boxes, act.object_index).unsqueeze(1)))
        return functional.relu(self.layers(functional.relu(pair)))


@architectures.register("binary_pred")
class BinaryPred(ObjectCentric):
    """Skill effect model that sees pairs only."""

    config_class = BinaryPredConfig
    profiles: ClassVar = {"default": BinaryPredConfig, "literal": literal_config}
    dynamics_class = PairDynamics
