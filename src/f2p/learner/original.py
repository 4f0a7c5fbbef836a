"""The original model: it learns nothing from a failure (the paper's baseline Original)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from f2p.learner.protocol import LearnContext, LearnedData, learners
from f2p.settings import Settings
from f2p.types import Failure


@dataclass(frozen=True)
class OriginalConfig(Settings):
    """Nothing to set."""


@learners.register("original")
class Original:
    """Keeps the weights as they are."""

    name: ClassVar[str] = "original"

    def __init__(self, config: OriginalConfig | None = None) -> None:
        self.config = config or OriginalConfig()

    def respond(self, failure: Failure, context: LearnContext) -> LearnedData:
        """No data."""
        context.progress(self.name, 1.0, f"failure {failure.id} is left as it is")
        return LearnedData(())
