"""`f2p report CASE`: one HTML page about a stored failure and what was learned from it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from f2p.cli._shared import commands, in_one_line
from f2p.errors import F2pError

if TYPE_CHECKING:
    from f2p.report.seen import Glimpse


@in_one_line()
def report(
    case: Annotated[Path, typer.Argument(help="Folder of the failure.")],
    store: Annotated[Path, typer.Option(help="Weights store that learned from it.")] = Path("runs/weights"),
    out: Annotated[
        Path | None, typer.Option(help="Page to write; default: report.html in the folder of the failure.")
    ] = None,
) -> None:
    """Write a self-contained page: what was tried, expected, happened, why, what was learned, what to do now."""
    from f2p.monitor.case import read_case
    from f2p.report.case import learned_from, write_report
    from f2p.report.why import versions_of
    from f2p.report.words import PAGE
    from f2p.weights.modules import open_store

    learned = learned_from(store, read_case(case).id)
    summary = {"seconds": learned.seconds} if learned else {}
    versions = partial(versions_of, open_store(store)) if learned else (lambda _failure: ())
    typer.echo(write_report(case, out or case / PAGE, summary, learned, versions=versions, look=look))


def look(recording: Path, stamps_ns: Sequence[int]) -> tuple[Glimpse, ...]:
    """Return pictures and joints out of a failure's recording; nothing, and a line, where they cannot be read."""
    try:
        from f2p.ros.replay.glimpses import glimpses

        return glimpses(recording, stamps_ns)
    except (ImportError, F2pError, OSError) as error:
        typer.echo(f"without the camera's pictures: {error}", err=True)
        return ()


@commands.register("report")
def register(app: typer.Typer) -> None:
    """Add `f2p report`."""
    app.command()(report)
