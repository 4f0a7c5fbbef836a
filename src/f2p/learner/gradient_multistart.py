"""Multi-start gradient ascent: no repulsion, but each particle begins where the Stein search would begin it (C19)."""

from __future__ import annotations

from typing import ClassVar

from f2p.learner.protocol import learners
from f2p.learner.targeted import Targeted


@learners.register("gradient_multistart")
class GradientMultistart(Targeted):
    """Targeted data by gradient ascent from many starts."""

    name: ClassVar[str] = "gradient_multistart"
    mode: ClassVar[str] = "gradient"
