"""Small, the paper's baseline as decision C21 reads it: as many uniform scenes as ours, every body by itself."""

from __future__ import annotations

from typing import ClassVar

from f2p.learner.protocol import learners
from f2p.learner.scenes import free_indices
from f2p.learner.untargeted import Untargeted
from f2p.sim.world import World
from f2p.types import Failure


@learners.register("small")
class Small(Untargeted):
    """Uniform scenes."""

    name: ClassVar[str] = "small"

    def _groups(self, world: World, failure: Failure) -> list[list[int]]:
        """Return every body by itself."""
        return [[index] for index in free_indices(world.bodies)]
