"""`f2p bench`: time and memory against the limits we set ourselves."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from f2p.cli._shared import MOST_SEED, Assignments, commands, in_one_line, settable
from f2p.clock import SystemClock
from f2p.settings import SettingError
from f2p.settings_text import set_by

if TYPE_CHECKING:
    from f2p.bench.protocol import Measurement


@in_one_line()
def bench(
    only: Annotated[
        list[str] | None, typer.Argument(help="Benchmarks to run; all but the longest when none is named.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, max=MOST_SEED, help="Of all scenes.")] = 0,
    assignments: Assignments = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object last.")] = False,
) -> None:
    """Measure planning, learning, hot swap and the running graph; exit code 1 when a limit is not kept.

    The graph runs in a ROS domain of its own on this machine, whatever ROS_DOMAIN_ID says. `badfiles`,
    `console`, `flood`, `promises`, `record` and `teleop` take long, and run only when they are named.
    """
    from f2p.bench.protocol import benchmarks

    console = Console(stderr=True)
    measured: list[Measurement] = []
    configs = set_by(measuring(), assignments or [])
    chosen = {name: benchmarks.make(name, configs.get(name)) for name in only or usual()}
    clock, load = SystemClock(), os.getloadavg()
    console.print(
        f"{os.cpu_count()} processors, load average {' '.join(f'{one:.2f}' for one in load)}", highlight=False
    )
    if load[0] > 1.0:
        console.print("other programs are running: times are longer than this code needs")
    for name, measure in chosen.items():
        start = clock.monotonic_s()
        with console.status(name) as status:
            measured += measure(seed, lambda stage, done, text: status.update(f"{stage} {done:.0%} {escape(text)}"))
        console.print(f"{name}: measured in {clock.monotonic_s() - start:.0f} s", highlight=False)
    table = Table("what", "measured", "matrix products alone", "limit", "", title="f2p bench")
    for one in measured:
        sign, mark = (">=" if one.at_least else "<="), ("[green]kept[/]" if one.holds else "[red]not kept[/]")
        alone = "" if one.products is None else f"{one.products:.2g} {one.unit}"
        table.add_row(one.name, f"{one.value:.4g} {one.unit}", alone, f"{sign} {one.limit:.4g} {one.unit}", mark)
    console.print(table)
    if as_json:
        machine = {"processors": os.cpu_count(), "load_average": load}
        typer.echo(json.dumps({**machine, "measurements": [one.as_json() for one in measured]}))
    if not all(one.holds for one in measured):
        raise typer.Exit(1)


@settable.register("bench")
def measuring() -> dict[str, Any]:
    """Return what each benchmark can be asked for. Raises SettingError where ROS is missing."""
    from f2p.bench.protocol import benchmarks

    try:
        from f2p.ros.session import bench as graph_bench  # noqa: F401 - importing registers them
        from f2p.ros.session import console_load, flood, hands, promises, recorder_load  # noqa: F401
    except ModuleNotFoundError as error:
        raise SettingError(f"the benchmark of the running graph needs ROS and its messages: {error}") from error
    return benchmarks.configs()


def usual() -> list[str]:
    """Return the benchmarks that run where none is named."""
    from f2p.bench.protocol import benchmarks

    return [name for name in benchmarks.names if not getattr(benchmarks.get(name), "on_request", False)]


@commands.register("bench")
def register(app: typer.Typer) -> None:
    """Add `f2p bench`."""
    app.command()(bench)
