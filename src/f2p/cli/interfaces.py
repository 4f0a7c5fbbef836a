"""`f2p interfaces`: what f2p speaks over ROS, for people; the source of docs/interfaces.md."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from f2p.cli._shared import commands, in_one_line
from f2p.cli.interfaces_page import definitions, page, summary


@in_one_line()
def interfaces(
    as_markdown: Annotated[bool, typer.Option("--markdown", help="Print all of them as a page.")] = False,
) -> None:
    """List the actions, services and messages of f2p; with --markdown as a page, with what each field means."""
    if as_markdown:
        typer.echo(page(), nl=False)
        return
    table = Table("type", "what it is for")
    for name, text in definitions().items():
        table.add_row(name, summary(text))
    Console().print(table)


@commands.register("interfaces")
def register(app: typer.Typer) -> None:
    """Add `f2p interfaces`."""
    app.command()(interfaces)
