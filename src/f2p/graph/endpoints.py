"""What a node says and hears over ROS, by kind."""

from __future__ import annotations

from dataclasses import dataclass, fields

KINDS = ("publishes", "subscribes", "serves", "calls", "executes", "asks")


@dataclass(frozen=True)
class Endpoints:
    """Names of what one node has. What every node has is added by `f2p.graph.speaking`."""

    publishes: tuple[str, ...] = ()
    """Topics."""
    subscribes: tuple[str, ...] = ()
    serves: tuple[str, ...] = ()
    """Services that it answers."""
    calls: tuple[str, ...] = ()
    executes: tuple[str, ...] = ()
    """Actions that it is the server of."""
    asks: tuple[str, ...] = ()
    watches: tuple[str, ...] = ()
    """Nodes whose heartbeats it hears."""

    def __add__(self, other: Endpoints) -> Endpoints:
        """Return what either has, sorted."""
        both = {one.name: tuple(sorted({*getattr(self, one.name), *getattr(other, one.name)})) for one in fields(self)}
        return Endpoints(**both)

    @property
    def every(self) -> frozenset[str]:
        """All names in it."""
        return frozenset(name for kind in KINDS for name in getattr(self, kind))


NOTHING = Endpoints()
