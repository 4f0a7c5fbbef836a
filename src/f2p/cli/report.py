"""`f2p report CASE`: one HTML page about a stored failure and what was learned from it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from f2p.cli._shared import commands, in_one_line


@in_one_line()
def report(
    case: Annotated[Path, typer.Argument(help="Folder of the failure.")],
    store: Annotated[Path, typer.Option(help="Weights store that learned from it.")] = Path("runs/weights"),
    out: Annotated[
        Path | None, typer.Option(help="Page to write; default: report.html in the folder of the failure.")
    ] = None,
) -> None:
    """Write a self-contained page: clouds, contradicted relations, particles, losses, lineage."""
    from f2p.monitor.case import read_case
    from f2p.report.case import learned_from, write_report

    learned = learned_from(store, read_case(case).id)
    seconds = learned.seconds if learned else {}
    typer.echo(write_report(case, out or case / "report.html", {"seconds": seconds}, learned))


@commands.register("report")
def register(app: typer.Typer) -> None:
    """Add `f2p report`."""
    app.command()(report)
