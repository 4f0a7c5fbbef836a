"""`f2p handshake`: five minutes with a hand on the button, to see whether every way to stop stops the robot."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from f2p.cli._shared import NAMESPACE_HELP, Assignments, commands, in_one_line, make_writable, settable
from f2p.files import write_whole
from f2p.ros.session.handshake import HandshakeConfig, StopTrial
from f2p.settings_text import set_by

WARNING = (
    "The arm will move out by {way:.1f} m at {speed:.2f} m/s, four times, and in again. Clear the space beside it, "
    "keep a hand on the runstop button, and press it whenever something looks wrong. Nothing of this was ever "
    "tried on a real Stretch."
)
"""What a person has to know first."""


@in_one_line()
def handshake(
    yes: Annotated[bool, typer.Option("--yes", help="Space clear, hand on the button: do not ask.")] = False,
    namespace: Annotated[str, typer.Option(help=NAMESPACE_HELP)] = "",
    folder: Annotated[Path, typer.Option(help="Where the result is kept.")] = Path("runs/handshake"),
    assignments: Assignments = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object last.")] = False,
) -> None:
    """Move the arm slowly and stop it in every way there is: cancel, stop, a lease that ends, the runstop button.

    How far it went on is read from the encoders and kept; exit code 1 where one way did not stop it within 5 cm.
    """
    from f2p.ros.session.handshake_robot import shaken

    config, console = set_by(HandshakeConfig(), assignments or []), Console()
    make_writable(folder)
    console.print(WARNING.format(way=config.way, speed=config.speed), soft_wrap=True)
    if not yes and not typer.confirm("Is the space clear, and a hand on the button?"):
        raise typer.Exit(1)

    def tell(text: str) -> None:
        console.print(escape(text), soft_wrap=True)

    trials: list[StopTrial] = []
    for trial in shaken(namespace, config, tell):
        trials.append(trial)
        console.print(f"[{'green' if trial.ok else 'red'}]{trial.kind:<7}[/] {escape(trial.text)}", soft_wrap=True)
    stamp = datetime.now().astimezone()
    ok = len(trials) == 4 and all(trial.ok for trial in trials)
    told = {"ok": ok, "at": stamp.isoformat(), "trials": [asdict(trial) for trial in trials], "config": asdict(config)}
    path = folder / f"{stamp:%Y%m%d-%H%M%S}.json"
    write_whole(path, json.dumps(told, indent=1).encode())
    console.print(f"{'every way to stop stopped it' if ok else 'NOT FIT FOR AUTONOMY'}; kept in {path}", soft_wrap=True)
    if as_json:
        typer.echo(json.dumps(told))
    if not ok:
        raise typer.Exit(1)


settable.register("handshake")(HandshakeConfig)


@commands.register("handshake")
def register(app: typer.Typer) -> None:
    """Add `f2p handshake`."""
    app.command()(handshake)
