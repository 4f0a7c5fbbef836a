"""What comes over the wire is a message within its bounds, or one sentence saying why not."""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from f2p.sim.remote import wire


@contextlib.contextmanager
def connected() -> Iterator[tuple[wire.Wire, socket.socket]]:
    """A wire, and a socket at its other end."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        other = socket.create_connection(listener.getsockname())
        mine, _ = listener.accept()
    with mine, other:
        yield wire.Wire(mine), other


@pytest.fixture
def pair() -> Iterator[tuple[wire.Wire, socket.socket]]:
    with connected() as both:
        yield both


def job(runs: int = 2, steps: int = 3) -> wire.Job:
    """A cube over a table."""
    upright = np.array([1.0, 0.0, 0.0, 0.0])
    return wire.Job(
        board_body=np.array([0, 1]), board_center=np.zeros((2, 3)), board_half=np.full((2, 3), 0.05),
        board_slides=np.zeros(2, bool), free=np.array([False, True]), slide_most=np.zeros(2),
        positions=np.zeros((runs, 2, 3)), quaternions=np.tile(upright, (runs, 2, 1)), openings=np.zeros((runs, 2)),
        held=np.ones(runs, int), path_positions=np.zeros((runs, steps, 3)),
        path_quaternions=np.tile(upright, (runs, steps, 1)), path_holds=np.ones((runs, steps), bool),
        tool=np.full(runs, -1), tool_positions=np.zeros((runs, steps, 3)),
        tool_quaternions=np.tile(upright, (runs, steps, 1)), box_tool=np.zeros(0, int), box_center=np.zeros((0, 3)),
        box_half=np.zeros((0, 3)), box_quaternion=np.zeros((0, 4)), physics=np.array([0.005, 0.8, 250.0, 0.02]),
    )  # fmt: skip


def result(runs: int = 2) -> wire.Result:
    upright = np.tile([1.0, 0.0, 0.0, 0.0], (runs, 2, 1))
    return wire.Result(
        np.zeros((runs, 2, 3)), upright, np.zeros((runs, 2)), np.zeros(runs), np.ones(runs, bool),
        np.zeros((runs, 2, 2), bool),
    )  # fmt: skip


def header(kind: object = "result", values: object = None, arrays: object = ()) -> bytes:
    data = json.dumps({"kind": kind, "values": {} if values is None else values, "arrays": arrays}).encode()
    return wire.MAGIC + struct.pack("<I", len(data)) + data


def test_a_job_and_a_result_come_out_as_they_went_in(pair: tuple[wire.Wire, socket.socket]) -> None:
    mine, other = pair[0], wire.Wire(pair[1])
    other.say(wire.Message("job", {"a": 1}, wire.arrays_of(job())), 5.0)
    heard = mine.hear(5.0)
    assert (heard.kind, heard.values) == ("job", {"a": 1})
    for name, array in wire.arrays_of(wire.job_of(heard)).items():
        assert np.array_equal(array, getattr(job(), name)), name
    mine.say(wire.Message("result", {}, wire.arrays_of(result())), 5.0)
    assert wire.result_of(other.hear(5.0)).alive.tolist() == [True, True]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", "starts with"),
        (wire.MAGIC + struct.pack("<I", 2**32 - 1), "header of 4294967295 bytes is too large"),
        (wire.MAGIC + struct.pack("<I", 4) + b"{\xff}x", "header cannot be read"),
        (wire.MAGIC + struct.pack("<I", 2) + b"[]", "header cannot be read"),
        (wire.MAGIC + struct.pack("<I", 60_000) + b"[" * 60_000, "header cannot be read"),
        (header(kind=3), "is not a kind"),
        (header(values=[1]), "is not a kind"),
        (header(arrays=[["a", "f8", [1]]] * 33), "a few arrays"),
        (header(arrays=[["a", "f8", [2**27, 2**27]]]), "announces more than"),
        (header(arrays=[["a", "f8", [-1]]]), "may not come"),
        (header(arrays=[["a", "f8", [True]]]), "may not come"),
        (header(arrays=[["a", "f8", [1.5]]]), "may not come"),
        (header(arrays=[["a", "f8", [1] * 5]]), "may not come"),
        (header(arrays=[["a", "O", [1]]]), "may not come"),
        (header(arrays=[["a", ["f8"], [1]]]), "may not come"),
        (header(arrays=[["a", "f8", 3]]), "header cannot be read"),
        (header(arrays=7), "header cannot be read"),
    ],
)
def test_nonsense_is_refused_in_one_sentence(pair: tuple[wire.Wire, socket.socket], data: bytes, says: str) -> None:
    pair[1].sendall(data)
    with pytest.raises(wire.WireError, match=says) as caught:
        pair[0].hear(0.3)
    assert "\n" not in str(caught.value)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=400))
def test_no_bytes_at_all_do_anything_else(data: bytes) -> None:
    with connected() as (mine, other):
        other.sendall(wire.MAGIC + data if len(data) % 2 else data)
        other.shutdown(socket.SHUT_WR)
        with pytest.raises(wire.WireError):
            mine.hear(1.0)


def test_who_says_half_and_waits_is_late_and_who_hangs_up_is_gone(pair: tuple[wire.Wire, socket.socket]) -> None:
    pair[1].sendall(header(arrays=[["a", "f8", [100]]]) + b"\0" * 80)
    with pytest.raises(wire.LateError):
        pair[0].hear(0.2)
    pair[1].close()
    with pytest.raises(wire.ClosedError):
        pair[0].hear(5.0)


def test_who_says_a_byte_now_and_then_does_not_hold_the_deadline_off(pair: tuple[wire.Wire, socket.socket]) -> None:
    ended = threading.Event()

    def drip() -> None:
        while not ended.wait(0.05):
            pair[1].sendall(b"F")

    pair[1].sendall(wire.MAGIC + struct.pack("<I", 60_000))
    thread = threading.Thread(target=drip, daemon=True)
    thread.start()
    with pytest.raises(wire.LateError):
        pair[0].hear(0.4)
    ended.set()
    thread.join(5.0)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda one: replace(one, positions=one.positions[:1]), "positions has shape"),
        (lambda one: replace(one, positions=one.positions * np.nan), "positions is not finite"),
        (lambda one: replace(one, quaternions=one.quaternions * 3.0), "unit length"),
        (lambda one: replace(one, alive=one.alive.astype(float)), "alive is of type"),
        (lambda one: replace(one, contacts=one.contacts[:, :1]), "contacts has shape"),
        (lambda one: replace(one, openings=np.zeros(3)), "has shape"),
    ],
)
def test_a_result_that_cannot_be_is_refused(change: Callable[[wire.Result], object], says: str) -> None:
    with pytest.raises(wire.WireError, match=says):
        change(result())


def test_a_run_that_blew_up_may_say_anything() -> None:
    one = result()
    broken = one.positions.copy()
    broken[1] = np.nan
    assert not replace(one, positions=broken, alive=np.array([True, False])).alive[1]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda one: replace(one, held=np.array([0, 2])), "names a body that is none of 2"),
        (lambda one: replace(one, board_half=-one.board_half), "a job needs"),
        (lambda one: replace(one, path_holds=one.path_holds[:, :0], path_positions=one.path_positions[:, :0],
                             path_quaternions=one.path_quaternions[:, :0], tool_positions=one.tool_positions[:, :0],
                             tool_quaternions=one.tool_quaternions[:, :0]), "a job needs"),
        (lambda one: replace(one, tool=np.array([0, -1])), "a run moves one that has no cuboids"),
        (lambda one: replace(one, box_tool=np.array([1]), box_center=np.zeros((1, 3)), box_half=np.ones((1, 3)),
                             box_quaternion=np.ones((1, 4))), "not numbered from 0 on"),
        (lambda one: replace(one, free=one.free.astype(int)), "free is of type"),
    ],
)  # fmt: skip
def test_a_job_that_cannot_be_done_is_refused(change: Callable[[wire.Job], object], says: str) -> None:
    with pytest.raises(wire.WireError, match=says):
        change(job())


def test_a_message_that_nobody_would_take_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "MOST_BYTES", 100)
    with pytest.raises(wire.WireError, match="too large, at most 100"):
        wire.packed(wire.Message("job", {}, wire.arrays_of(job())))


def test_the_file_stands_alone() -> None:
    """It is copied into an image that has nothing of f2p."""
    said = "import sys, wire; print(sorted(name for name in sys.modules if name.startswith('f2p')))"
    folder = Path(wire.__file__).parent
    done = subprocess.run(
        [sys.executable, "-c", said], cwd=folder, env={"PYTHONPATH": str(folder)}, capture_output=True, text=True,
        check=True, timeout=60,
    )  # fmt: skip
    assert done.stdout.strip() == "[]"
