"""Fail2Progress: infer scenes and actions around the failure by Stein variational inference (A.13), learn from them.

Particles keep their distance from each other, so that a few of them cover the states and actions in which the model is
as wrong as it was in the failure. What else a learner of this kind simulates stands in `targeted`.
"""

from __future__ import annotations

from typing import ClassVar

from f2p.learner.protocol import learners
from f2p.learner.targeted import Targeted


@learners.register("fail2progress")
class Fail2Progress(Targeted):
    """Targeted data by Stein variational inference."""

    name: ClassVar[str] = "fail2progress"
