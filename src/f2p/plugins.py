"""Members from elsewhere: modules that a lab adds to the families without touching a file of ours.

A plug-in is a module that registers its members when it is imported, as ours do. It is named by the environment
variable `F2P_PLUGINS`, `module,module`, or by an installed package's entry point of the group `f2p.plugins`. All are
imported once a process, when a family is first asked for its members. Relations are named apart from them, by
`F2P_RELATIONS` or the group `f2p.relations`, since they come before everything else (`relation/table.py`).
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterator
from importlib.metadata import entry_points

from f2p.errors import F2pError

VARIABLE, GROUP = "F2P_PLUGINS", "f2p.plugins"


class PluginError(F2pError):
    """A plug-in that cannot be imported."""

    code = 12

    def __init__(self, module: str, where: str, error: Exception) -> None:
        said = " ".join(str(error).split())
        super().__init__(f"the plug-in {module!r} of {where} cannot be imported ({type(error).__name__}: {said})")


def plugins(variable: str = VARIABLE, group: str = GROUP) -> Iterator[tuple[str, str]]:
    """Yield the modules that are named, each with where: first those of the environment, then those of packages."""
    for name in os.environ.get(variable, "").split(","):
        if name.strip():
            yield name.strip(), variable
    for entry in sorted(entry_points(group=group)):
        yield entry.module, f"the package {entry.dist.name!r}" if entry.dist is not None else group


def import_plugins(variable: str = VARIABLE, group: str = GROUP) -> None:
    """Import every plug-in that is not imported yet. Raises PluginError naming the first that does not do."""
    for module, where in plugins(variable, group):
        try:
            importlib.import_module(module)
        except Exception as error:  # whatever a foreign module does when it is imported
            raise PluginError(module, where, error) from error
