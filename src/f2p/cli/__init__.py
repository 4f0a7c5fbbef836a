"""The command line: one file per group of commands, filed in `commands`; only what is asked for is imported."""

from __future__ import annotations

import contextlib
import importlib
import io
import os
import pkgutil
import sys

import typer

from f2p.cli._shared import commands, complain
from f2p.errors import F2pError


def modules() -> tuple[str, ...]:
    """Return names of the command files, sorted."""
    return tuple(sorted(item.name for item in pkgutil.iter_modules(__path__) if not item.name.startswith("_")))


def build(wanted: str = "") -> typer.Typer:
    """Build the application with the commands of the file called `wanted`, or with all where there is no such file.

    Args:
        wanted: First word of the command line.
    """
    app = typer.Typer(
        name="f2p", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False,
        help="Watch a Stretch do long tasks, notice what the model got wrong, learn it, and go on.",
    )  # fmt: skip
    app.callback()(lambda: None)
    name = wanted.replace("-", "_")
    own = importlib.import_module(f"{__name__}.{name}") if name in modules() else None
    if own is not None and hasattr(own, "register"):  # its own file alone: the others import much, and so may plug-ins
        own.register(app)
        return app
    for command in commands:
        commands.get(command)(app)
    return app


def main() -> None:
    """Run the command line of this process.

    Numerics get one thread unless the caller says otherwise: the networks are small, and two processes whose threads
    wait for each other on two cores took 16 times as long.
    """
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    if isinstance(sys.stdout, io.TextIOWrapper):  # a name that a terminal cannot show must not end a command
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        build(sys.argv[1] if len(sys.argv) > 1 else "")(prog_name="f2p")
    except (
        F2pError,
        OSError,
    ) as error:  # of a plug-in; help and JSON are printed outside of `in_one_line`
        with contextlib.suppress(OSError):
            complain(error)
        sys.exit(2)
    finally:
        _give_up_unwritten()


def _give_up_unwritten() -> None:
    """Drop what a full disk did not take: Python would try once more at its end, and complain in its own words."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
