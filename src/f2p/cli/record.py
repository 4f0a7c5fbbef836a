"""`f2p record …`: have the robot record, and see what is in a recording and how much of it is left."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from f2p.cli._shared import NAMESPACE_HELP, commands, complain, in_one_line

if TYPE_CHECKING:
    from f2p.record.bag import Survey

Recording = Annotated[Path, typer.Argument(metavar="BAG", help="A rosbag2 folder, or one .mcap or .db3 file of it.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object last.")]

Namespace = Annotated[str, typer.Option(help=NAMESPACE_HELP)]

MOST_REASONS = 20
"""Damages that are printed one by one (ours: a screen)."""


def start(namespace: Namespace = "") -> None:
    """Record from now on, the minute before included, until `f2p record stop`."""
    _ask("start", namespace)


def stop(namespace: Namespace = "") -> None:
    """End what `f2p record start` began."""
    _ask("stop", namespace)


def mark(namespace: Namespace = "") -> None:
    """Record the minute before this moment, and the quarter after it."""
    _ask("mark", namespace)


@in_one_line()
def _ask(what: str, namespace: str) -> None:
    """Ask the recorder of a running stack. Exit code 1 where it refuses."""
    from f2p.ros.remote.record_request import ask_recorder

    done, told = ask_recorder(what, namespace, _wait)
    typer.echo(told)
    if not done:
        raise typer.Exit(1)


def _wait(text: str) -> None:
    """Say what is waited for."""
    Console(stderr=True).print(escape(f"{text}; a stack records with recorder:=true, or f2p up --with recorder"))


def show(bag: Recording, as_json: Json = False) -> None:
    """Read a recording to its end; exit code 0 if it is whole, 3 if a part of it is lost, 1 if nothing can be read."""
    from f2p.record.bag import open_bag, survey
    from f2p.record.errors import NotABagError

    try:
        found = survey(open_bag(bag))
    except (NotABagError, OSError) as error:
        complain(error)
        raise typer.Exit(1) from error
    console = Console(stderr=as_json)
    table = Table(
        "topic", "type", "messages", title=f"{escape(bag.name)}: {(found.end_ns - found.start_ns) / 1e9:.1f} s"
    )
    for topic, count in sorted(found.counts.items(), key=lambda item: item[0].name):
        table.add_row(escape(topic.name), escape(topic.kind), str(count))
    console.print(table)
    console.print(escape(_lost(found)), soft_wrap=True)
    if as_json:
        typer.echo(json.dumps(_facts(found)))
    raise typer.Exit(found.exit_code)


def _lost(found: Survey) -> str:
    """Return what is lost, for people."""
    loss = found.loss
    if loss.whole:
        return f"whole: {found.messages} messages"
    least = "at least " if loss.open_end else ""
    head = (
        f"{found.messages} messages can be read; {least}{loss.messages} are lost, and {loss.unread_bytes} bytes unread"
    )
    more = [f"and {len(loss.reasons) - MOST_REASONS} damages more"] if len(loss.reasons) > MOST_REASONS else []
    return "\n".join([head, *loss.reasons[:MOST_REASONS], *more])


def _facts(found: Survey) -> dict[str, object]:
    loss = found.loss
    return {
        "messages": found.messages, "start_ns": found.start_ns, "end_ns": found.end_ns,
        "topics": {topic.name: {"type": topic.kind, "messages": count} for topic, count in found.counts.items()},
        "whole": loss.whole, "lost": loss.messages, "lost_more": loss.open_end, "damaged_chunks": loss.chunks,
        "unread_bytes": loss.unread_bytes, "reasons": loss.reasons,
    }  # fmt: skip


@commands.register("record")
def register(app: typer.Typer) -> None:
    """Add `f2p record`."""
    group = typer.Typer(no_args_is_help=True, help="Look at recordings, and have the robot make them.")
    for command in (start, stop, mark, show):
        group.command(command.__name__)(command)
    app.add_typer(group, name="record")
