"""`f2p console`: the operator's web view of a running stack."""

from __future__ import annotations

import os
import signal
import threading
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console as Terminal
from rich.markup import escape

from f2p.cli._shared import NAMESPACE_HELP, Assignments, commands, in_one_line, settable
from f2p.settings import overridden
from f2p.settings_text import set_by

if TYPE_CHECKING:
    from f2p.ros.console.session import Console

TOLD_AFTER_S, LOOK_S, REST_S = 2.0, 1.0, 60.0
"""When it is first said what is waited for, time between two looks whether that changed (ours: within 5 s), and once
nothing is waited for [s]: each look costs ten seconds of listening."""


@in_one_line()
def console(
    address: Annotated[
        str | None, typer.Option(help="Where to listen; where others reach it, a token is asked for.")
    ] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Port; 0 takes a free one.")] = None,
    token_file: Annotated[
        str | None, typer.Option(help="File with the token; it is made where it is not there.")
    ] = None,
    namespace: Annotated[str, typer.Option(help=NAMESPACE_HELP)] = "",
    assignments: Assignments = None,
) -> None:
    """Show a running stack in the browser, with buttons that work; Ctrl-C ends it.

    It prints the address to open. Without a stack it waits for one, and says so. What is taken at the console stays
    taken when it ends: the robot stands until another operator gives it back.
    """
    from f2p.ros.console.session import Console
    from f2p.ros.remote.goal import spinning

    told = {"address": address, "port": port, "token_file": token_file}
    given = {name: value for name, value in told.items() if value is not None}
    config = set_by(overridden(watching(), given), assignments or [])
    ended, terminal = threading.Event(), Terminal(stderr=True)

    def end(_number: int, _frame: FrameType | None) -> None:
        ended.set()

    previous = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with spinning(f"f2p_console_{os.getpid()}", namespace) as node:
            session = Console(node, config)
            try:
                typer.echo(session.open())
                _wait(session, ended, terminal)
            finally:
                session.close()
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _wait(session: Console, ended: threading.Event, terminal: Terminal) -> None:
    """Say what is waited for, when that changes, until the stack is up; then wait to be asked to end."""
    said = ""
    ended.wait(timeout=TOLD_AFTER_S)
    while not ended.is_set():
        waits = session.listener.waits()
        if waits != said:
            terminal.print(escape(waits or "the stack is up"), soft_wrap=True)
            said = waits
        ended.wait(timeout=LOOK_S if waits else REST_S)


@settable.register("console")
def watching() -> Any:
    """Return what `f2p console` can be asked for. Raises SettingError where ROS is missing."""
    from f2p.settings import SettingError

    try:
        from f2p.ros.console.session import ConsoleConfig
    except ModuleNotFoundError as error:
        raise SettingError(f"the console needs ROS and its messages, and viser: {error}") from error
    return ConsoleConfig()


@commands.register("console")
def register(app: typer.Typer) -> None:
    """Add `f2p console`."""
    app.command()(console)
