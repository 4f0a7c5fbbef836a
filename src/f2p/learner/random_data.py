"""Untargeted data of the same size: the failure's bodies anywhere, any of them grasped, put anywhere.

Objects stay in their container (a filled box stands somewhere else), so this is the harder rival: nothing is missing
but the targeting.
"""

from __future__ import annotations

from typing import ClassVar

from f2p.learner.protocol import learners
from f2p.learner.untargeted import Untargeted


@learners.register("random")
class RandomData(Untargeted):
    """Random scenes that keep containers filled."""

    name: ClassVar[str] = "random"
