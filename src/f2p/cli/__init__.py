"""The command line: one file per group of commands, each with `register(app)`; only what is asked for is imported."""

from __future__ import annotations

import contextlib
import importlib
import io
import os
import pkgutil
import sys

import typer

from f2p.cli._shared import complain


def modules() -> tuple[str, ...]:
    """Names of the command files, sorted."""
    return tuple(sorted(item.name for item in pkgutil.iter_modules(__path__) if not item.name.startswith("_")))


def build(wanted: str = "") -> typer.Typer:
    """The application with the commands of the file called `wanted`, or with all where there is no such file.

    Args:
        wanted: First word of the command line.
    """
    app = typer.Typer(
        name="f2p", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False,
        help="Watch a Stretch do long tasks, notice what the model got wrong, learn it, and go on.",
    )  # fmt: skip
    app.callback()(lambda: None)
    name = wanted.replace("-", "_")
    for module in (name,) if name in modules() else modules():
        loaded = importlib.import_module(f"{__name__}.{module}")
        if hasattr(loaded, "register"):
            loaded.register(app)
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
    except OSError as error:  # help and JSON are printed outside of what `in_one_line` guards
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
