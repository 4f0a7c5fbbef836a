"""Gradient: the same objective by gradient ascent without repulsion, all particles from one start (A.4, C19).

They end where the nearest mode is: the mode collapse that the paper reports. `gradient_multistart` gives each particle
a start of its own.
"""

from __future__ import annotations

from typing import ClassVar

from f2p.learner.protocol import learners
from f2p.learner.targeted import Targeted


@learners.register("gradient")
class Gradient(Targeted):
    """Targeted data by single-start gradient ascent."""

    name: ClassVar[str] = "gradient"
    mode: ClassVar[str] = "gradient_single"
