"""Sampling: the same objective by random search, the best of as many evaluations as the Stein search has (A.3, C20)."""

from __future__ import annotations

from typing import ClassVar

from f2p.learner.protocol import learners
from f2p.learner.targeted import Targeted


@learners.register("sampling")
class Sampling(Targeted):
    """Targeted data by gradient-free search."""

    name: ClassVar[str] = "sampling"
    mode: ClassVar[str] = "sampling"
