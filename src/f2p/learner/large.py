"""Large, the paper's baseline as decision C21 reads it: Small with a hundred times the paper's twenty transitions.

It is the one learner that has a larger budget than the others by definition; where a budget is given, it keeps to it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from f2p.learner.protocol import learners
from f2p.learner.small import Small
from f2p.learner.untargeted import UntargetedConfig
from f2p.settings import number


@dataclass(frozen=True)
class LargeConfig(UntargetedConfig):
    """How large."""

    transitions: int = number(2000, "scenes and actions", low=1, high=100_000, source="C21")


@learners.register("large")
class Large(Small):
    """Many uniform scenes."""

    name: ClassVar[str] = "large"
    defaults: ClassVar[type[UntargetedConfig]] = LargeConfig
