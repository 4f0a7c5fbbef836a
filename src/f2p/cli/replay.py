"""`f2p replay BAG|CASE`: run a recording or a failure again, and say whether what comes out is what was recorded."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from f2p.cli._shared import NAMESPACE_HELP, Assignments, commands, complain, in_one_line, settable
from f2p.files import write_whole
from f2p.record.certificate import digest_of_value
from f2p.settings import SettingError
from f2p.settings_text import set_by

if TYPE_CHECKING:
    from f2p.record.certificate import Certificate
    from f2p.ros.replay.rerun import ReplayConfig

PLAY_HELP = (
    "Play it with /clock instead, in a ROS domain of its own. Keys: space pauses, n goes to the next event, + and - "
    "change the rate, < and > seek 5 s, q ends."
)
"""Of the option `--play`."""

MARKS = {True: "[green]yes[/]", False: "[red]no[/]", None: "-"}


@in_one_line()
def replay(
    path: Annotated[Path, typer.Argument(metavar="BAG|CASE", help="A recording, or a failure's folder.")],
    out: Annotated[Path | None, typer.Option(help="Write the certificate to this file.")] = None,
    against: Annotated[Path | None, typer.Option(help="A certificate of before, which this one is to equal.")] = None,
    play: Annotated[bool, typer.Option("--play", help=PLAY_HELP)] = False,
    rate: Annotated[float, typer.Option(min=0.01, max=100.0, help="How fast it is played.")] = 1.0,
    start: Annotated[float, typer.Option("--from", min=0.0, help=r"Where playing begins \[s].")] = 0.0,
    paused: Annotated[bool, typer.Option("--paused", help="Stand still at first.")] = False,
    joined: Annotated[
        bool, typer.Option("--joined", help="Play in the domain this process is in; of use to launch files alone.")
    ] = False,
    namespace: Annotated[str, typer.Option(help=NAMESPACE_HELP)] = "",
    assignments: Assignments = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the certificate as one JSON object last.")] = False,
) -> None:
    """Run perception and monitor again on what was recorded; nothing moves, and no process is started.

    Exit code 0 if all that comes out is what the record says, 1 if something differs, from the record or from the
    certificate given, or nothing can be read; 3 if it agrees as far as a damaged recording goes.
    """
    from f2p.record.certificate import difference, read_certificate
    from f2p.record.errors import NotABagError

    if play:
        _play(path, rate, start, paused, namespace, joined)
        return
    console, config = Console(stderr=as_json), set_by(replaying(), assignments or [])
    from f2p.ros.replay.certified import certified

    before = None if against is None else read_certificate(against)
    try:
        made, reasons = certified(path, config)
    except NotABagError as error:
        complain(error)
        raise typer.Exit(1) from error
    console.print(_table(made, path.name))
    console.print(f"certificate {made.digest}", highlight=False, soft_wrap=True)
    for reason in reasons:
        console.print(f"lost: {escape(reason)}", soft_wrap=True)
    differs = "" if before is None else difference(before, made)
    if before is not None:
        told = f"differs from {against}: {differs}" if differs else f"equal to {against}, bit for bit"
        console.print(escape(told), soft_wrap=True)
    if out is not None:
        write_whole(out, json.dumps(made.as_json(), indent=1).encode())
    if as_json:
        typer.echo(json.dumps({**made.as_json(), "lost": reasons, "differs": differs}))
    raise typer.Exit(1 if differs or not made.agrees else 3 if reasons else 0)


def _play(path: Path, rate: float, start: float, paused: bool, namespace: str, joined: bool) -> None:
    """Play a recording, or that of a failure."""
    from f2p.cli._keys import single_keys
    from f2p.record.bag import open_bag
    from f2p.ros.replay.launched import recording_of
    from f2p.ros.replay.playing import play as play_it

    bag = open_bag(recording_of(path))
    with single_keys() as keys:
        play_it(bag, rate, start, paused, keys, typer.echo, namespace, joined)


def _table(made: Certificate, name: str) -> Table:
    table = Table("step", "what", "as recorded", "what comes out now", "digest", title=escape(name))
    for number, step in enumerate(made.steps, start=1):
        parts = digest_of_value(dict(step.parts))[:10]
        table.add_row(str(number), step.kind, MARKS[step.agrees], escape(step.text), parts)
    return table


@settable.register("replay")
def replaying() -> ReplayConfig:
    """Return what `f2p replay` can be asked for. Raises SettingError where ROS is missing."""
    try:
        from f2p.ros.replay.rerun import ReplayConfig
    except ModuleNotFoundError as error:
        raise SettingError(f"messages are read with ROS and its interfaces: {error}") from error
    return ReplayConfig()


@commands.register("replay")
def register(app: typer.Typer) -> None:
    """Add `f2p replay`."""
    app.command()(replay)
