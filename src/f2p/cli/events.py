"""`f2p events`: what happened, by task, time, failure or weights."""

from __future__ import annotations

import dataclasses
import json
import re
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from f2p.cli._shared import commands, in_one_line
from f2p.clock import SystemClock
from f2p.events import EVENTS, Noted, read_events

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def since_ns(text: str, now_ns: int) -> int:
    """Return a moment [ns]: 90s, 15m, 2h or 3d before `now_ns`, or a date such as 2026-11-27T08:30.

    Raises:
        typer.BadParameter: It is neither.
    """
    ago = re.fullmatch(r"(\d{1,6})([smhd])", text)
    if ago:
        return now_ns - round(timedelta(**{_UNITS[ago[2]]: int(ago[1])}).total_seconds() * 1e9)
    try:
        return round(datetime.fromisoformat(text).astimezone(timezone.utc).timestamp() * 1e9)
    except (ValueError, OverflowError, OSError):
        raise typer.BadParameter(f"{text!r}: write e.g. 90s, 15m, 2h, 3d or 2026-11-27T08:30") from None


@in_one_line()
def events(
    task: Annotated[str, typer.Option(help="Only of the task whose id begins so, with its plans and failures.")] = "",
    since: Annotated[str, typer.Option(help="Only after: 90s, 15m, 2h or 3d ago, or a date and time.")] = "",
    failure: Annotated[str, typer.Option(help="Only of the failure whose id begins so.")] = "",
    weights: Annotated[str, typer.Option(help="Only of the weights whose id begins so.")] = "",
    kind: Annotated[
        list[str] | None, typer.Option(help="Only of this kind, e.g. task, step, failure, swap; repeatable.")
    ] = None,
    most: Annotated[int, typer.Option(min=1, max=1_000_000, help="At most so many, the newest.")] = 200,
    file: Annotated[Path, typer.Option(help="File that the stack wrote.")] = Path(EVENTS),
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object for each event instead.")] = False,
) -> None:
    """List what happened, oldest first: tasks, plans, steps, failures, learning, weights, processes."""
    after = since_ns(since, SystemClock().stamp_ns()) if since else 0
    found = read_events(file, task, after, failure, weights, tuple(kind or ()), most)
    if as_json:
        for event in found:
            typer.echo(json.dumps(dataclasses.asdict(event)))
        return
    console = Console()
    for event in found:
        console.print(escape(line_of(event)), soft_wrap=True, highlight=False)
    if not found:
        console.print("nothing happened that fits")


def line_of(event: Noted) -> str:
    """Return an event as one line with its time."""
    when = datetime.fromtimestamp(event.stamp_ns / 1e9).astimezone()
    code = f" (error {event.code})" if event.code else ""
    return f"{when:%Y-%m-%d %H:%M:%S} {event.node:<12} {event}{code}"


@commands.register("events")
def register(app: typer.Typer) -> None:
    """Add `f2p events`."""
    app.command()(events)
