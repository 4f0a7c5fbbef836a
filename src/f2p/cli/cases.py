"""`f2p cases`: the failures that are kept, what became of each, and where its page is."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from f2p.cli._shared import commands, complain, in_one_line
from f2p.errors import F2pError

CASES = Path("runs/failures")
"""Where the monitor keeps failures unless its parameter says otherwise."""


def case_folder(asked: str, folder: Path) -> Path:
    """Return the folder of a failure: a path, or its id (or the beginning of one) within `folder`.

    Raises:
        typer.BadParameter: There is none, or more than one.
    """
    from f2p.monitor.case import is_case

    if is_case(Path(asked)):
        return Path(asked)
    found = [one for one in kept(folder) if one.name.startswith(asked)]
    if len(found) != 1:
        names = ", ".join(one.name for one in kept(folder)) or "none"
        raise typer.BadParameter(f"{asked!r} is no failure's folder, nor the beginning of one id in {folder}: {names}")
    return found[0]


def kept(folder: Path) -> list[Path]:
    """Return the failures in a folder, oldest first."""
    from f2p.monitor.case import is_case, written_ns

    return sorted((one for one in folder.glob("*") if is_case(one)), key=written_ns) if folder.is_dir() else []


@in_one_line()
def cases(
    folder: Annotated[Path, typer.Option(help="Where failures are kept.")] = CASES,
    store: Annotated[Path, typer.Option(help="Weights store that learned from them.")] = Path("runs/weights"),
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object last.")] = False,
) -> None:
    """List the failures that are kept, oldest first: step, cause, what was learned, and the page that explains it."""
    console, rows = Console(stderr=as_json), [row_of(one, store) for one in kept(folder)]
    table = Table("failure", "when", "step", "cause", "learned", "page")
    table.columns[0].overflow = "fold"
    for row in rows:
        page = "yes" if row["page"] else "f2p report"
        table.add_row(*(escape(row[key]) for key in ("id", "when", "step", "cause", "learned")), page)
    console.print(table if rows else f"no failures in {folder}", soft_wrap=not rows)
    if as_json:
        typer.echo(json.dumps({"folder": str(folder), "cases": rows}))


def row_of(case: Path, store: Path) -> dict[str, Any]:
    """Return one line of the list; a failure that cannot be read is listed as such."""
    from f2p.monitor.case import handled, read_case, written_ns
    from f2p.report.case import learned_from
    from f2p.report.words import PAGE, call_text

    when = f"{datetime.fromtimestamp(written_ns(case) / 1e9).astimezone():%m-%d %H:%M}"
    page = str(case / PAGE) if (case / PAGE).is_file() else ""
    try:
        failure = read_case(case)
        learned = learned_from(store, failure.id)
    except F2pError as error:
        complain(error)
        return {"id": case.name, "when": when, "step": "unreadable", "cause": "", "learned": "", "page": page}
    fate = (
        f"{learned.weights[:12]} {learned.lesson.fate}" if learned else "nothing came of it" if handled(case) else "no"
    )
    step = call_text(failure.outcome.call)
    return {"id": failure.id, "when": when, "step": step, "cause": failure.cause.value, "learned": fate, "page": page}


@commands.register("cases")
def register(app: typer.Typer) -> None:
    """Add `f2p cases`."""
    app.command()(cases)
