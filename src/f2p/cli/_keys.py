"""Single keys of a terminal, as they are pressed."""

from __future__ import annotations

import contextlib
import os
import select
import sys
import termios
import tty
from collections.abc import Callable, Iterator


@contextlib.contextmanager
def single_keys() -> Iterator[Callable[[], str]]:
    """Yield what gives the key pressed since it was last asked, or "": always, where there is no terminal."""
    if not sys.stdin.isatty():
        yield lambda: ""
        return
    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)
    tty.setcbreak(descriptor)
    try:
        yield lambda: os.read(descriptor, 1).decode(errors="replace") if _there(descriptor) else ""
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)


def _there(descriptor: int) -> bool:
    return bool(select.select([descriptor], [], [], 0.0)[0])
