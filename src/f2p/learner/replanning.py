"""Replanning: after a failure plan again with the un-updated model, from where the scene stands (Appendix A.4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from f2p.learner.protocol import LearnContext, LearnedData, learners
from f2p.settings import Settings, number
from f2p.types import Failure


@dataclass(frozen=True)
class ReplanningConfig(Settings):
    """How often to try."""

    tries: int = number(
        2, "plans executed, the one that failed among them", low=1, high=20,
        source="method.md 7: the paper's numbers are those of one further, independent try",
    )  # fmt: skip


@learners.register("replanning")
class Replanning:
    """Keeps the weights and plans again."""

    name: ClassVar[str] = "replanning"

    def __init__(self, config: ReplanningConfig | None = None) -> None:
        self.config = config or ReplanningConfig()

    def respond(self, failure: Failure, context: LearnContext) -> LearnedData:
        """No data, another plan."""
        context.progress(self.name, 1.0, f"failure {failure.id} teaches nothing; plans are made again")
        return LearnedData((), tries=self.config.tries)
