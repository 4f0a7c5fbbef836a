"""The paper's appendix to the letter: particles of the literal inference alone, and the literal recipe (A.5, A.13)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from f2p.learner.protocol import LearnContext, LearnedData, learners
from f2p.learner.shares import TargetedConfig
from f2p.learner.targeted import Targeted
from f2p.model.recipe import literal_finetuning
from f2p.posterior.config import PosteriorConfig
from f2p.settings import group, number
from f2p.types import Failure


@dataclass(frozen=True)
class LiteralConfig(TargetedConfig):
    """Nothing of ours: no counter-examples, nothing put elsewhere, no other skill, no scene but the one that failed."""

    transitions: int = number(21, "twenty particles and the failed step", low=2, high=1000, source="A.5")
    counter_examples: float = number(0.0, "as in the targeted learners; here none", low=0.0, high=0.5, source="A.5")
    elsewhere: float = number(0.0, "as in the targeted learners; here none", low=0.0, high=0.5, source="A.5")
    otherwise: float = number(0.0, "as in the targeted learners; here none", low=0.0, high=0.5, source="A.5")
    aftermath: float = number(0.0, "as in the targeted learners; here none", low=0.0, high=1.0, source="A.5")
    posterior: PosteriorConfig = group(lambda: PosteriorConfig(mode="literal"), "its number of particles is replaced")


@learners.register("literal")
class Literal(Targeted):
    """Data and recipe of the paper's appendix."""

    name: ClassVar[str] = "literal"

    def __init__(self, config: TargetedConfig | None = None) -> None:
        super().__init__(config or LiteralConfig())

    def respond(self, failure: Failure, context: LearnContext) -> LearnedData:
        """Return it as all of this kind, to be learned as the appendix says."""
        return replace(super().respond(failure, context), recipe=literal_finetuning())
