"""Stow-GNN: messages between all segments and the action, two steps, 150 wide, one network per skill.

The propagation network of Chen et al., "Predicting Object Interactions with Behavior Primitives" (CoRL 2023):
three-layer encoders of nodes and of pairs, messages from pairs, updates of nodes. There nodes are particles and edges
reach 2 cm. Here (ours: how relations were attached is not published) nodes are the object-centric latents, the tool is
one node that encodes the action, every pair has an edge, and the decoders are those of Points2Plans.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from f2p.model.architectures.dynamics import FeatureConfig, Manipulation, SkillDynamics, with_action
from f2p.model.architectures.objectcentric import ObjectCentric, ObjectCentricConfig, literal
from f2p.model.architectures.protocol import architectures
from f2p.model.heads import GAPS, gaps
from f2p.model.latent import ObjectLatent
from f2p.model.rowwise import perceptron
from f2p.settings import number, setting


@dataclass(frozen=True)
class MessageConfig(FeatureConfig):
    """Sizes of the propagation network."""

    steps: int = number(2, "propagation steps", low=1, high=12, source="Stow, config/config.py")
    hidden: int = number(150, "width of encoders, messages and updates", low=8, high=1024, source="Stow, model.py")
    pair_features: bool = setting(
        True, "give the pair encoder how the bounding boxes of a pair lie to each other, as the decoder gets it"
    )


@dataclass(frozen=True)
class StowGnnConfig(ObjectCentricConfig):
    """The default profile; `literal_config` is the other."""

    dynamics: MessageConfig = field(default_factory=lambda: MessageConfig(placement_features=True))


def literal_config() -> StowGnnConfig:
    """Nothing beyond clouds, identities and the action: A.11.2 with messages in the transformer's place."""
    return literal(StowGnnConfig(dynamics=MessageConfig(pair_features=False)))


class MessagePassing(SkillDynamics):
    """Messages among the segments and the action."""

    def __init__(self, width: int, parameters: int, config: MessageConfig) -> None:
        super().__init__(width, parameters, config, config.hidden)
        half, hidden = width // 2, config.hidden
        self.steps = int(config.steps)
        self.parameter = perceptron(parameters, half, half)
        self.node = perceptron(width, hidden, hidden, hidden)
        self.receiver = nn.Linear(width, hidden)
        self.sender = nn.Linear(width, hidden, bias=False)
        self.gaps = nn.Linear(GAPS, hidden, bias=False) if config.pair_features else None
        self.pair = perceptron(hidden, hidden, hidden)
        self.message_pair = nn.Linear(hidden, hidden)
        self.message_receiver = nn.Linear(hidden, hidden, bias=False)
        self.message_sender = nn.Linear(hidden, hidden, bias=False)
        self.update_node = nn.Linear(hidden, hidden)
        self.update_messages = nn.Linear(hidden, hidden, bias=False)

    def change(self, latent: ObjectLatent, act: Manipulation) -> Tensor:
        """See `SkillDynamics`; a linear layer on a pair is applied to its members apart and summed."""
        tokens, mask = with_action(self.tokens(latent, act), self.parameter(act.parameters), latent, act)
        node = functional.relu(self.node(tokens))
        pair = self.receiver(tokens).unsqueeze(2) + self.sender(tokens).unsqueeze(1)
        if self.gaps is not None:
            boxes = latent.boxes
            between = self.gaps(gaps(boxes.unsqueeze(2), boxes.unsqueeze(1)))
            pair = pair + functional.pad(between, (0, 0, 0, 1, 0, 1))  # the action is nowhere
        told = self.message_pair(functional.relu(self.pair(functional.relu(pair))))
        heard = (mask.unsqueeze(1) & ~torch.eye(mask.shape[1], dtype=torch.bool)).unsqueeze(-1)
        effect, fixed = torch.zeros_like(node), self.update_node(node)
        for _ in range(self.steps):
            message = told + self.message_receiver(effect).unsqueeze(2) + self.message_sender(effect).unsqueeze(1)
            total = (functional.relu(message) * heard).sum(2)
            effect = functional.relu(fixed + self.update_messages(total) + effect)
        return effect[:, :-1]


@architectures.register("stow_gnn")
class StowGnn(ObjectCentric):
    """Skill effect model with the dynamics of Stow-GNN."""

    config_class = StowGnnConfig
    profiles: ClassVar = {"default": StowGnnConfig, "literal": literal_config}
    dynamics_class = MessagePassing
