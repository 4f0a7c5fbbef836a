"""The original model: it learns nothing from a failure (the paper's baseline Original)."""

from __future__ import annotations

from typing import ClassVar

from f2p.learner.protocol import LearnContext, LearnedData, learners
from f2p.types import Failure


@learners.register("original")
class Original:
    """Keeps the weights as they are."""

    name: ClassVar[str] = "original"

    def respond(self, failure: Failure, context: LearnContext) -> LearnedData:
        """No data."""
        context.progress("original", 1.0, f"failure {failure.id} is left as it is")
        return LearnedData(())
