"""What commands share: their registry, how they refuse (one line on stderr, exit code 2), seeds, folders."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from f2p.errors import F2pError
from f2p.files import naming
from f2p.registry import Registry

commands: Registry[Callable[[typer.Typer], None]] = Registry("command", "f2p.cli")
"""What adds a command, or a group of them, by its name."""

settable: Registry[Callable[[], Any]] = Registry("group of settings", "f2p.cli")
"""Gives the default config of a command that takes `--set`, by the command's name."""

Assignments = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="Change a setting, as often as wanted; see f2p settings."),
]
"""The option `--set` of a command."""

NAMESPACE_HELP = "Namespace of the stack: left for the one in /left/f2p; nothing for the one in /f2p."
"""Of the option `--namespace`."""

MOST_SEED = 2**63 - 1
"""Largest seed of the command line: with what attempts add to it, it fits the messages and torch."""

MOST_WORKERS = 1024
"""Processes that simulate or try: more than one machine runs; without an end a slip of the keys hangs it."""


@contextmanager
def in_one_line() -> Iterator[None]:
    """Errors of what is inside as one line and exit code 2; a decorator as well."""
    try:
        yield
    except BrokenPipeError:  # whoever read our output has enough; the command line ends quietly then
        raise
    except (F2pError, OSError) as error:
        complain(error)
        raise typer.Exit(2) from error


def complain(error: F2pError | OSError) -> None:
    """Print an error, with its code where it has one, as one line on stderr."""
    code = f" {error.code}" if isinstance(error, F2pError) and error.code else ""
    text = " ".join(str(error).splitlines())
    Console(stderr=True).print(f"error{code}: {escape(text)}", soft_wrap=True)


def make_writable(folder: Path) -> None:
    """Make a folder, and see that files can be made in it: before the work whose results are to lie there.

    Raises:
        OSError: They cannot be; names the folder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with naming(folder), tempfile.TemporaryFile(dir=folder):
        pass
