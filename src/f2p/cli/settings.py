"""`f2p settings [GROUP]`: what can be set in commands and nodes, with defaults, units, bounds, meaning and source."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from f2p.cli._shared import commands, in_one_line, settable
from f2p.cli.settings_page import page
from f2p.registry import UnknownNameError
from f2p.settings_text import SettingFacts, settings_of, text_of

CONFIG = Path(__file__).resolve().parents[3] / "config"


def node_names() -> list[str]:
    """Return nodes that have settings, whether or not ROS is installed."""
    from f2p.graph import graph

    return [f"node {spec.name}" for spec in graph.OWN]


def config_of(group: str) -> Any:
    """Return the default config of a command or node (`node guard`). Raises SettingError where ROS is not installed."""
    if not group.startswith("node "):
        return settable.get(group)()
    from f2p.graph import graph
    from f2p.graph.overrides import configs_of

    name = group.removeprefix("node ")
    return configs_of([graph.node(name)])[name]


def roots() -> dict[str, Any]:
    """Return the default configs of all commands and nodes, by their title on the page."""
    nodes = {f"Node `{name.removeprefix('node ')}`": config_of(name) for name in node_names()}
    return {f"`f2p {name}`": config_of(name) for name in settable.names} | nodes


def drawn(rows: list[SettingFacts], title: str) -> Table:
    """Return the settings of one group, for a terminal."""
    table = Table("name", "default", "unit", "may be", "meaning", "source", title=title)
    for item in rows:
        cells = (item.name, text_of(item.default), item.unit, item.bounds, item.meaning, item.source)
        table.add_row(*map(escape, cells))
    return table


@in_one_line()
def settings(
    group: Annotated[list[str] | None, typer.Argument(help="A command, node NAME, or all.")] = None,
    as_markdown: Annotated[bool, typer.Option("--markdown", help="Print all of them as a page.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object last.")] = False,
) -> None:
    """Show what `--set` takes in each command, and what the parameters of each node are."""
    if as_markdown:
        typer.echo(page(roots(), CONFIG), nl=False)
        return
    known, wanted = [*settable.names, *node_names()], " ".join(group or ["all"])
    if wanted not in (*known, "all"):
        raise UnknownNameError("group of settings", wanted, (*known, "all"))
    rows = {name: list(settings_of(config_of(name))) for name in (known if wanted == "all" else [wanted])}
    for name, items in rows.items():
        Console(stderr=as_json).print(drawn(items, name))
    if as_json:
        typer.echo(json.dumps({name: {item.name: text_of(item.default) for item in rows[name]} for name in rows}))


@commands.register("settings")
def register(app: typer.Typer) -> None:
    """Add `f2p settings`."""
    app.command()(settings)
