"""`f2p up [--sim]`: every process of the graph, supervised, without `launch`."""

from __future__ import annotations

import signal
import threading
from collections import deque
from datetime import datetime
from pathlib import Path
from types import FrameType
from typing import Annotated, Any

import typer
from rich.console import Console, Group
from rich.live import Live
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from f2p.cli._shared import NAMESPACE_HELP, Assignments, commands, in_one_line, settable
from f2p.graph import graph
from f2p.graph.overrides import chosen, configs_of, write_parameters
from f2p.graph.places import claimed
from f2p.graph.supervisor import Supervisor, SupervisorConfig, make_supervisor

_COLOURS = {"running": "green", "backing off": "yellow", "degraded": "red", "ended": "dim", "waiting": "dim"}


def table(supervisor: Supervisor, states: dict[str, str]) -> Table:
    """Return one row a process: what the supervisor and the lifecycle manager know of it."""
    out = Table(title="f2p", title_justify="left")
    for column in ("node", "process", "pid", "lifecycle", "restarts", "what it does"):
        out.add_column(column)
    for name, child in supervisor.children.items():
        pid = str(child.process.pid) if child.process is not None else "-"
        state = f"[{_COLOURS[child.state]}]{child.state}[/]"
        out.add_row(name, state, pid, states.get(name, "-"), str(child.restarts), escape(child.spec.text))
    return out


@in_one_line()
def up(
    sim: Annotated[bool, typer.Option("--sim/--robot", help="The simulated Stretch, or the real one.")] = True,
    wanted: Annotated[list[str] | None, typer.Option("--with", help="An optional node to run; repeatable.")] = None,
    unwanted: Annotated[list[str] | None, typer.Option("--without", help="An optional node to leave out.")] = None,
    namespace: Annotated[str, typer.Option(help=NAMESPACE_HELP)] = "",
    logs: Annotated[Path | None, typer.Option(help="Folder for the log files; default runs/up/<stamp>.")] = None,
    assignments: Assignments = None,
) -> None:
    """Run every process of the robot graph, restarting what dies; Ctrl-C ends them all.

    `--set guard.hold_after_s=0.5` sets a parameter of a node, after the graph's own configuration file.
    """
    console, ended = Console(), threading.Event()
    folder = logs or Path("runs/up") / datetime.now().astimezone().strftime("%Y%m%d-%H%M%S")

    def end(_number: int, _frame: FrameType | None) -> None:
        ended.set()

    previous = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        name, choice = "sim" if sim else "robot", (wanted or (), unwanted or ())
        told = chosen({"supervisor": SupervisorConfig()}, graph.nodes(name, *choice), assignments or [])
        file = ("--params-file", str(write_parameters(folder / "parameters.yaml", told.nodes))) if told.nodes else ()
        supervisor = make_supervisor(name, folder, file, *choice, namespace=namespace, patience=told.own["supervisor"])
        code = _watch(supervisor, namespace, console, ended)
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
    raise typer.Exit(code)


def _watch(supervisor: Supervisor, namespace: str, console: Console, ended: threading.Event) -> int:
    """Start, show and keep up the graph until asked to end; 1 when a process had to be given up."""
    from f2p.ros.remote.hung import LOOK_S
    from f2p.ros.remote.status import GraphStatus

    events: deque[str] = deque(maxlen=8)

    def on_event(node: str, text: str) -> None:
        events.append(f"{datetime.now().astimezone():%H:%M:%S} {node}: {text}")
        if not console.is_terminal:
            console.print(escape(events[-1]), soft_wrap=True)

    supervisor.on_event = on_event
    for spec in supervisor.specs:
        claimed(spec.name, graph.within(namespace)).close()
    status = GraphStatus(namespace)
    try:
        supervisor.start()
        with Live(console=console, auto_refresh=False, transient=False) as live:
            while not ended.wait(timeout=LOOK_S):
                supervisor.poll()
                for name in status.hung(supervisor.children):
                    supervisor.kill(name)
                if console.is_terminal:
                    tail = Text("\n".join([*events, f"logs: {supervisor.folder}"]), style="dim")
                    live.update(Group(table(supervisor, status.states()), tail), refresh=True)
        degraded = supervisor.degraded
    finally:
        supervisor.stop()
        status.close()
    if degraded:
        text = f"given up: {', '.join(degraded)}; see {supervisor.folder}"
        Console(stderr=True).print(escape(text), soft_wrap=True)
    return 1 if degraded else 0


@settable.register("up")
def processes() -> dict[str, Any]:
    """Return what `f2p up` can be asked for: its own patience, and every parameter of the nodes it starts."""
    return {"supervisor": SupervisorConfig(), **configs_of(graph.members())}


@commands.register("up")
def register(app: typer.Typer) -> None:
    """Add `f2p up`."""
    app.command()(up)
