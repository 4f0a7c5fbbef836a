"""Nodes of other packages: what is installed says so itself, by an entry point, and no file of ours names it.

A package that brings a node has in its `setup.py`, where `SPEC` is a `NodeSpec` whose `module` is the process:

    entry_points={"f2p.nodes": ["toy = toy.spec:SPEC"]}
"""

from __future__ import annotations

from functools import cache
from importlib.metadata import EntryPoint, entry_points

from f2p.graph.errors import GraphError

GROUP = "f2p.nodes"
"""The entry points that are node specifications."""


@cache
def from_other_packages() -> tuple[tuple[str, object], ...]:
    """What the installed packages bring, each with the package's name; looked for once a process.

    Raises:
        GraphError: One of them cannot be imported; which, and why.
    """
    return tuple((_package_of(entry), _loaded(entry)) for entry in sorted(entry_points(group=GROUP)))


def _package_of(entry: EntryPoint) -> str:
    return entry.dist.name if entry.dist is not None else entry.value


def _loaded(entry: EntryPoint) -> object:
    try:
        return entry.load()
    except Exception as error:  # whatever a foreign module does when it is imported
        text = f"{type(error).__name__}: {error}"
        raise GraphError(
            f"the node {entry.name!r} of {_package_of(entry)} cannot be had from {entry.value!r} ({text}); "
            "mend or remove that package"
        ) from error
