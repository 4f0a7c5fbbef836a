"""`f2p why STEP`: what a failed step was, and what each version of the weights would have predicted of it."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from f2p.cli._shared import commands, in_one_line
from f2p.cli.cases import CASES, case_folder


@in_one_line()
def why(
    step: Annotated[str, typer.Argument(help="The failed step: its failure's folder, id, or the beginning of that.")],
    folder: Annotated[Path, typer.Option(help="Where failures are kept.")] = CASES,
    store: Annotated[Path, typer.Option(help="Weights store whose versions are asked.")] = Path("runs/weights"),
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object last.")] = False,
) -> None:
    """Say why a step went otherwise, and what each version of the weights would have predicted of it."""
    from f2p.monitor.case import read_case
    from f2p.report import words
    from f2p.report.case import learned_from
    from f2p.report.why import versions_of
    from f2p.weights.modules import open_store

    console, case = Console(stderr=as_json), case_folder(step, folder)
    failure, learned = read_case(case), None
    versions = versions_of(open_store(store), failure)
    learned = learned_from(store, failure.id)
    lesson = learned.lesson if learned else None
    told = {
        "tried": words.tried(failure), "expected": words.expected(failure), "happened": words.happened(failure),
        "cause": words.why(failure), "helped": words.helped(lesson), "now": words.do_now(failure, lesson, case),
    }  # fmt: skip
    for name, text in told.items():
        console.print(f"[bold]{name:<9}[/] {escape(text)}", soft_wrap=True)
    rows = words.relation_rows(failure)
    table = Table("after the step", "happened", *(escape(one.name) for one in versions))
    for index, (relation, _, found) in enumerate(rows):
        table.add_row(escape(relation), found, *(f"P = {one.predicted[index]:.2f}" for one in versions))
    table.add_row(
        "the whole step is off by", f"{failure.threshold:.2f} allowed", *(f"{one.score:.2f}" for one in versions)
    )
    table.add_row("P(goal)", "", *(f"{one.goal:.2f}" for one in versions))
    console.print(table)
    if as_json:
        typer.echo(json.dumps({**told, "versions": [dataclasses.asdict(one) for one in versions]}))


@commands.register("why")
def register(app: typer.Typer) -> None:
    """Add `f2p why`."""
    app.command()(why)
