"""What has been seen so far: a way to look goes in, the scene comes out with the names objects had before.

What was known and is neither seen nor where it was is looked for from beside, since something tall may hide it; if it
is not found there either, it is not claimed to be anywhere, and not looked for again until it was seen (ours).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from f2p.types import Scene

ASIDE = (-0.3, 0.3)
"""How far beside the usual place another look is taken from, along task y [m] (ours)."""

See = Callable[[float, Scene | None], Scene]
"""Look from so far beside the usual place [m], with names from an earlier scene."""


def told_nobody(text: str) -> None:
    """Ignore what is said."""


@dataclass
class Memory:
    """Names and places from look to look."""

    previous: Scene | None = None
    """Everything with a name, where it was seen last."""
    gone: frozenset[str] = frozenset()
    """Names of what was not found when it was last looked for."""

    def look(self, see: See, tell: Callable[[str], None] = told_nobody) -> Scene:
        """Look around; from beside as well if something is missing."""
        scene = see(0.0, self.previous)
        for aside in ASIDE:
            lost = self._lost(scene) - self.gone
            if not lost:
                break
            tell(f"another look from {aside:+.1f} m beside, for: {', '.join(sorted(lost))}")
            scene = min(scene, see(aside, self.previous), key=lambda one: len(self._lost(one)))
        self.gone = self._lost(scene)
        if self.gone:
            tell(f"not seen, and not where they were: {', '.join(sorted(self.gone))}")
        self.previous = scene if self.previous is None else remembered(self.previous, scene)
        return scene

    def _lost(self, scene: Scene) -> frozenset[str]:
        """Return known objects that are neither seen nor where they were."""
        return frozenset() if self.previous is None else frozenset(self.previous.names) - set(scene.names)


def remembered(previous: Scene, current: Scene) -> Scene:
    """Return `current`, with what only `previous` saw added where it was, so that no name is lost."""
    missing = tuple(segment for segment in previous.segments if segment.name not in current.names)
    return Scene((*current.segments, *missing), current.stamp_ns)
