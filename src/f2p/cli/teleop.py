"""`f2p teleop`: drive the robot by hand from a terminal, take it from whatever moves it, and give it back."""

from __future__ import annotations

import os
import shutil
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from f2p.cli._shared import NAMESPACE_HELP, Assignments, commands, in_one_line, settable
from f2p.settings import Settings, group, number
from f2p.settings_text import set_by
from f2p.teleop.core import Teleop, TeleopConfig
from f2p.teleop.keys import HELP, keys_of
from f2p.teleop.terminal import raw, read_keys

if TYPE_CHECKING:
    from f2p.ros.remote.station import Station

LINE_S = 0.1
"""Time between two looks at the line, and longest wait for a key [s]."""


@dataclass(frozen=True)
class TeleopCommandConfig(Settings):
    """What `f2p teleop` waits for, and its keyboard and gamepad."""

    found_s: float = number(10.0, "longest wait for a sign of a running stack", unit="s", low=0.1, high=600.0,
                            source="ours: as f2p run")  # fmt: skip
    silent_s: float = number(0.30, "silence of the guard that ends the lease", unit="s", low=0.1, high=5.0,
                             source="promises.md 5.4")  # fmt: skip
    hands: TeleopConfig = group(TeleopConfig)


@in_one_line()
def teleop(
    gamepad: Annotated[bool, typer.Option("--gamepad", help="Listen to a gamepad on /joy too.")] = False,
    namespace: Annotated[str, typer.Option(help=NAMESPACE_HELP)] = "",
    assignments: Assignments = None,
) -> None:
    """Drive by hand: hold a key to move, let go to stop; r gives the robot back, and the stack looks and plans afresh.

    The first key that is held takes the robot from a running skill at once. Only an order gives it back (r, y, k, G);
    quitting does not: a goal that is pursued waits. Exit code 1 when the terminal is gone.
    """
    from f2p.ros.base.heartbeat import Watch
    from f2p.ros.remote.goal import GoalClient, spinning
    from f2p.ros.remote.guard import GuardClientConfig
    from f2p.ros.remote.station import Station

    config = set_by(TeleopCommandConfig(), assignments or [])
    with raw(sys.stdin.fileno()) as told, spinning(f"f2p_teleop_{os.getpid()}", namespace) as node:
        GoalClient(node).find(config.found_s, told.is_set)
        station = Station(node, Watch(node, ["guard"]), Teleop(config.hands), GuardClientConfig(config.silent_s))
        if gamepad:
            station.listen_to_gamepad()
        typer.echo(HELP)
        station.start()
        try:
            there = _follow(station, told, sys.stdin.fileno(), _shown)
            held = station.holding
        finally:
            station.close()
    if there:
        typer.echo("\nyou had the robot and did not give it back: a goal that was pursued waits" if held else "")
    else:
        raise typer.Exit(1)


def _follow(station: Station, told: threading.Event, descriptor: int, show: Callable[[str], None]) -> bool:
    """Hand keys on until the operator quits; False where the terminal is gone."""
    shown = ""
    while not (told.is_set() or station.over):
        typed = read_keys(descriptor, LINE_S)
        if typed is None:
            station.let_go()
            return False
        for key in keys_of(typed):
            station.key(key)
        line = station.line(max(shutil.get_terminal_size().columns - 1, 20))
        if line != shown:
            show(line)
            shown = line
    return True


def _shown(line: str) -> None:
    """Write the line over the one before."""
    sys.stdout.write(f"\r\x1b[K{line}")
    sys.stdout.flush()


settable.register("teleop")(TeleopCommandConfig)


@commands.register("teleop")
def register(app: typer.Typer) -> None:
    """Add `f2p teleop`."""
    app.command()(teleop)
