"""What inference asks of the variables of an action, and who makes them for which skill."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from f2p.posterior.barrier import Obstacles
from f2p.posterior.bounds import Bounds
from f2p.posterior.config import ActionConfig
from f2p.posterior.svgd import Coordinates
from f2p.registry import Registry
from f2p.types import Segment, SkillCall


class ActionSpace(Protocol):
    """D unbounded variables per particle and what they mean; everything is differentiable in them."""

    surfaces: tuple[str, ...]
    """Surface that each particle aims at; empty where a skill aims at none."""

    def parameters(self, variables: Tensor) -> Tensor:
        """Return skill parameters (M, P) of variables (M, D)."""

    def log_prior(self, variables: Tensor) -> Tensor:
        """Return ln P(a) of variables (M, D). Shape (M,)."""

    def draw(self, count: int, tries: int, generator: torch.Generator) -> Tensor:
        """Draw variables (count, D) from the prior, the best of `tries` for each particle."""

    def coordinates(self, context: Tensor | None) -> Coordinates:
        """Return how a kernel compares particles, beside columns of `context` (M, C)."""


@dataclass(frozen=True, eq=False)
class Situation:
    """Everything that the space of an action may depend on."""

    call: SkillCall
    """The one that failed."""
    poses: np.ndarray
    """States, held fixed. Shape (M, n, 4)."""
    acted_on: int
    """Index of the call's object."""
    segment: Segment
    """The call's object, as it was seen."""
    bounds: Bounds
    """Surfaces that actions may use."""
    obstacles: Obstacles | None
    """What is kept clear of; None where P(A) is uniform whatever stands there, as in the paper."""
    config: ActionConfig


Maker = Callable[[Situation, np.random.Generator], ActionSpace]

action_spaces: Registry[Maker] = Registry("space of actions", "f2p.posterior.action_spaces")
"""What makes the space of a skill's actions, by the skill's name; one without an entry is bounded by its parameters."""


def as_tensor(array: np.ndarray) -> Tensor:
    """Return an array as float32."""
    return torch.as_tensor(array, dtype=torch.float32)
