"""A terminal of which every key is read as it is pressed, and that is as it was afterwards, whatever happens."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import termios
import threading
from collections.abc import Iterator
from types import FrameType

from f2p.settings import SettingError

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextlib.contextmanager
def raw(descriptor: int) -> Iterator[threading.Event]:
    """Read keys without echo, line by line no more, for the length of the block; yields an event that signals set.

    Keys that were not read are thrown away in the end: a key held down while it ends is no input of a shell.

    Raises:
        SettingError: It is no terminal.
    """
    try:
        before = termios.tcgetattr(descriptor)
    except termios.error as error:
        raise SettingError(
            "teleop reads single keys: start it in a terminal, not with its input from a file"
        ) from error
    told = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        told.set()

    handlers = {number: signal.signal(number, end) for number in SIGNALS}
    now = termios.tcgetattr(descriptor)
    now[3] &= ~(termios.ICANON | termios.ECHO | termios.ISIG | termios.IEXTEN)
    now[0] &= ~termios.IXON
    now[6][termios.VMIN], now[6][termios.VTIME] = 0, 0
    try:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, now)
        yield told
    finally:
        with contextlib.suppress(termios.error):  # the terminal itself is gone
            termios.tcsetattr(descriptor, termios.TCSAFLUSH, before)
        for number, handler in handlers.items():
            signal.signal(number, handler)


def read_keys(descriptor: int, within_s: float) -> bytes | None:
    """Return what was typed, empty where nothing was within some time [s]; None when the terminal is gone."""
    try:
        if not select.select([descriptor], [], [], within_s)[0]:
            return b""
        return os.read(descriptor, 1024) or None
    except OSError:
        return None
