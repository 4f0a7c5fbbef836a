"""Shows how far set-up is, one line a stage, and keeps what the tools say in a log."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

TICK_S = 1.0
"""How often the elapsed time on a terminal is renewed [s]."""
TAIL_LINES = 25
"""How many lines of the log an error shows."""


class SetupError(Exception):
    """Set-up cannot go on; the message says why and what to do."""


def line(number: int, total: int, title: str, seconds: float, ending: str) -> str:
    """Return one progress line."""
    return f"set-up {number}/{total}  {title:<44} {seconds:6.1f} s  {ending}".rstrip()


@contextmanager
def shown(number: int, total: int, title: str, stream: TextIO = sys.stderr) -> Iterator[None]:
    """Show a stage while it runs: on a terminal with the seconds counting, elsewhere when it starts and ends."""
    start = time.monotonic()
    over = threading.Event()

    def tick() -> None:
        while not over.wait(TICK_S):
            stream.write("\r" + line(number, total, title, time.monotonic() - start, "…"))
            stream.flush()

    if stream.isatty():
        threading.Thread(target=tick, daemon=True).start()
    else:
        print(f"set-up {number}/{total}  {title} …", file=stream, flush=True)
    ending = "failed"
    try:
        yield
        ending = "done"
    finally:
        over.set()
        lead = "\r" if stream.isatty() else ""
        print(lead + line(number, total, title, time.monotonic() - start, ending), file=stream, flush=True)


def tail(log: Path, count: int = TAIL_LINES) -> str:
    """Return the last lines of a log."""
    try:
        return "\n".join(log.read_text(errors="replace").splitlines()[-count:])
    except OSError:
        return ""


def run_logged(command: list[str], log: Path, environment: Mapping[str, str] | None = None) -> None:
    """Run a command and append all it says to `log`.

    Raises:
        SetupError: It could not be started or failed; the message holds the end of what it said.
    """
    with log.open("ab") as stream:
        stream.write(f"\n$ {' '.join(command)}\n".encode())
        stream.flush()
        try:
            code = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
                env=dict(os.environ if environment is None else environment),
                close_fds=False,  # the lock of set-up is held by all that it starts
                check=False,
            ).returncode
        except OSError as error:
            raise SetupError(f"cannot start {command[0]!r}: {error}") from error
    if code != 0:
        raise SetupError(f"{command[0]!r} ended with {code}; the end of {log}:\n{tail(log)}")
