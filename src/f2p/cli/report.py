"""`f2p report CASE`: one HTML page about a stored failure and what was learned from it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from f2p.errors import F2pError


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

    try:
        learned = learned_from(store, read_case(case).id)
        seconds = learned.seconds if learned else {}
        page = write_report(case, out or case / "report.html", {"seconds": seconds}, learned)
    except (F2pError, OSError) as error:
        Console(stderr=True).print(f"error: {escape(str(error))}", soft_wrap=True)
        raise typer.Exit(2) from error
    typer.echo(page)


def register(app: typer.Typer) -> None:
    """Add `f2p report`."""
    app.command()(report)
