"""The terminal is as it was, however teleop ends, and one that is gone is told from one that is silent."""

from __future__ import annotations

import contextlib
import os
import pty
import signal
import subprocess
import sys
import termios
from collections.abc import Iterator

import pytest

from f2p.robot.protocol import LIFT
from f2p.settings import SettingError
from f2p.teleop.line import status_line
from f2p.teleop.terminal import raw, read_keys
from f2p.teleop.wish import Speed


@pytest.fixture
def terminal() -> Iterator[tuple[int, int]]:
    """Both ends of a pseudo-terminal: the person's, and the program's."""
    person, program = pty.openpty()
    yield person, program
    for one in (person, program):
        with contextlib.suppress(OSError):
            os.close(one)


def test_keys_come_one_by_one_without_echo_and_it_is_as_before(terminal: tuple[int, int]) -> None:
    person, program = terminal
    before = termios.tcgetattr(program)
    with raw(program) as told:
        os.write(person, b"w")
        assert read_keys(program, 1.0) == b"w"
        os.write(person, b"\x03")
        assert read_keys(program, 1.0) == b"\x03" and not told.is_set(), "Ctrl-C is a key"
        assert read_keys(program, 0.0) == b""
    assert termios.tcgetattr(program) == before


def test_it_is_as_before_after_an_error_and_a_signal(terminal: tuple[int, int]) -> None:
    _, program = terminal
    before, handler = termios.tcgetattr(program), signal.getsignal(signal.SIGTERM)
    with pytest.raises(ZeroDivisionError), raw(program):
        raise ZeroDivisionError
    assert termios.tcgetattr(program) == before
    with raw(program) as told:
        os.kill(os.getpid(), signal.SIGTERM)
        assert told.wait(timeout=2.0)
    assert termios.tcgetattr(program) == before and signal.getsignal(signal.SIGTERM) is handler


def test_a_terminal_that_is_gone_is_not_a_silent_one(terminal: tuple[int, int]) -> None:
    person, program = terminal
    with raw(program):
        os.close(person)
        assert read_keys(program, 1.0) is None


def test_without_a_terminal_it_says_so() -> None:
    script = "from f2p.teleop.terminal import raw\nwith raw(0): pass"
    ended = subprocess.run([sys.executable, "-c", script], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                           check=False, timeout=60)  # fmt: skip
    assert SettingError.__name__ in ended.stderr and "start it in a terminal" in ended.stderr


def test_the_line_fits_and_holds_no_control_characters() -> None:
    line = status_line("operator: you", Speed.FAST, {LIFT: 0.234}, "a\x1b[31mname\n", 80)
    assert line == "operator: you | fast | a [31mname  | lift 0.23"
    assert len(status_line("x" * 300, Speed.SLOW, {}, "", 80)) == 80
