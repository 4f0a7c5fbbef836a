"""What f2p and a physics worker say to each other: a bounded JSON header, then arrays as little-endian bytes.

This file goes into the worker's image as it is: Python 3.8, numpy, nothing of f2p. A worker keeps nothing between jobs,
so that one which died is replaced by asking another the same again.
"""

from __future__ import annotations

import hmac
import json
import os
import socket
import struct
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field, fields

import numpy as np

VERSION = 2
"""Of everything in this file; both sides must have the same."""
PORT, TOKEN = "F2P_WORKER_PORT", "F2P_WORKER_TOKEN"
"""Environment of a worker: where f2p listens on 127.0.0.1, and the secret that tells the worker from a stranger."""

MAGIC = b"F2PW"
MOST_HEADER = 64 * 1024
MOST_BYTES = 256 * 1024 * 1024
"""Largest header and largest sum of all arrays of one message [bytes] (ours: a thousand scenes of twenty seconds)."""
MOST_ARRAYS, MOST_AXES = 32, 4
TYPES = {"f8": "<f8", "i8": "<i8", "b1": "|u1"}
"""Element types by their name in the header; truth values travel as bytes."""
KINDS = {
    "board_body": "i",
    "held": "i",
    "board_slides": "b",
    "free": "b",
    "path_holds": "b",
    "alive": "b",
    "contacts": "b",
    "tool": "i",
    "box_tool": "i",
}
"""Kinds of numpy's types of all arrays that are not of floating-point numbers."""
CONNECT_S, SAY_S = 10.0, 60.0
"""Longest wait of a worker for the connection and for a message to go out [s]."""


class WireError(ValueError):
    """What came over the wire is not what may come: torn, too large, of another shape, or not a number."""


class LateError(WireError):
    """Nothing came in time."""


class ClosedError(WireError):
    """The other side is gone."""


@dataclass(frozen=True, eq=False)
class Message:
    """One message."""

    kind: str
    values: dict[str, object] = field(default_factory=dict)
    arrays: dict[str, np.ndarray] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Job:
    """M runs of one scene that shall go on for some time, perhaps while a gripper carries a body in each.

    A body is a set of boards in the frame of its box's centre. Quaternions are (w, x, y, z), body to task frame, whose
    z axis points up; the floor is at z = 0. Every body starts at rest.
    """

    board_body: np.ndarray
    """Which body a board belongs to. Shape (boards,), i8."""
    board_center: np.ndarray
    """Shape (boards, 3) [m]."""
    board_half: np.ndarray
    """Half extents. Shape (boards, 3) [m]."""
    board_slides: np.ndarray
    """Whether it belongs to the part that slides out along −x of its body. Shape (boards,), b1."""
    free: np.ndarray
    """Which bodies move; the others hang in the air. Shape (bodies,), b1."""
    slide_most: np.ndarray
    """How far the sliding part comes out, 0 where there is none. Shape (bodies,) [m]."""
    positions: np.ndarray
    """Shape (runs, bodies, 3) [m]."""
    quaternions: np.ndarray
    """Shape (runs, bodies, 4)."""
    openings: np.ndarray
    """How far the sliding parts are out. Shape (runs, bodies) [m]."""
    held: np.ndarray
    """The body that the gripper holds. Shape (runs,), i8."""
    path_positions: np.ndarray
    """Where the held body is to be after each step. Shape (runs, steps, 3) [m]."""
    path_quaternions: np.ndarray
    """Shape (runs, steps, 4)."""
    path_holds: np.ndarray
    """Whether the gripper is closed in each step. Shape (runs, steps), b1; all false where nothing is carried."""
    tool: np.ndarray
    """The tool with a shape that a run moves, -1 for none. Shape (runs,), i8."""
    tool_positions: np.ndarray
    """Where the tool, or the point without a shape, is after each step. Shape (runs, steps, 3) [m]."""
    tool_quaternions: np.ndarray
    """How it has turned since the start. Shape (runs, steps, 4)."""
    box_tool: np.ndarray
    """The tool that each cuboid of a tool belongs to. Shape (boxes,), i8."""
    box_center: np.ndarray
    """In the tool's frame. Shape (boxes, 3) [m]."""
    box_half: np.ndarray
    """Half extents. Shape (boxes, 3) [m]."""
    box_quaternion: np.ndarray
    """Cuboid to tool frame. Shape (boxes, 4)."""
    physics: np.ndarray
    """Time step [s], sliding friction, density of what moves [kg/m^3], softness of the grasp [s]. Shape (4,)."""

    def __post_init__(self) -> None:
        """Check that everything fits together. Raises WireError."""
        boards, bodies, boxes = len(self.board_body), len(self.free), len(self.box_tool)
        runs, steps = self.path_holds.shape[:2]
        _checked(self, {
            "board_body": (boards,), "board_center": (boards, 3), "board_half": (boards, 3),
            "board_slides": (boards,), "free": (bodies,), "slide_most": (bodies,), "positions": (runs, bodies, 3),
            "quaternions": (runs, bodies, 4), "openings": (runs, bodies), "held": (runs,),
            "path_positions": (runs, steps, 3), "path_quaternions": (runs, steps, 4), "path_holds": (runs, steps),
            "tool": (runs,), "tool_positions": (runs, steps, 3), "tool_quaternions": (runs, steps, 4),
            "box_tool": (boxes,), "box_center": (boxes, 3), "box_half": (boxes, 3), "box_quaternion": (boxes, 4),
            "physics": (4,),
        })  # fmt: skip
        for name, indices in (("board_body", self.board_body), ("held", self.held)):
            if np.any(indices < 0) or np.any(indices >= bodies):
                raise WireError(f"{name} names a body that is none of {bodies}")
        tools = set(self.box_tool.tolist())
        if tools != set(range(len(tools))) or not set(self.tool.tolist()) <= tools | {-1}:
            raise WireError("tools are not numbered from 0 on, or a run moves one that has no cuboids")
        if not np.all(self.box_half > 0.0):
            raise WireError("a tool needs cuboids with extents above 0")
        if not (boards and runs and steps and np.all(self.board_half > 0.0) and np.all(self.physics > 0.0)):
            raise WireError("a job needs boards with extents, runs, steps and physics above 0")


@dataclass(frozen=True, eq=False)
class Result:
    """Where the bodies of a job are at its end; numbers of runs that blew up mean nothing."""

    positions: np.ndarray
    """Shape (runs, bodies, 3) [m]."""
    quaternions: np.ndarray
    """Shape (runs, bodies, 4)."""
    openings: np.ndarray
    """Shape (runs, bodies) [m]."""
    speeds: np.ndarray
    """Greatest linear speed of any body. Shape (runs,) [m/s]."""
    alive: np.ndarray
    """False where a run blew up. Shape (runs,), b1."""
    contacts: np.ndarray
    """Which bodies touch. Shape (runs, bodies, bodies), b1."""

    def __post_init__(self) -> None:
        """Check that everything fits together, and that what is alive is finite. Raises WireError."""
        runs, bodies = self.openings.shape if self.openings.ndim == 2 else (-1, -1)
        _checked(self, {
            "positions": (runs, bodies, 3), "quaternions": (runs, bodies, 4), "openings": (runs, bodies),
            "speeds": (runs,), "alive": (runs,), "contacts": (runs, bodies, bodies),
        }, self.alive if self.alive.shape == (runs,) else None)  # fmt: skip
        lengths = np.linalg.norm(self.quaternions[self.alive], axis=-1)
        if np.any(np.abs(lengths - 1.0) > 1e-2):
            raise WireError("quaternions are not of unit length")


def _checked(message: Job | Result, shapes: dict[str, tuple[int, ...]], rows: np.ndarray | None = None) -> None:
    """Compare shapes, and look for what is not finite (in `rows` only, where they are given). Raises WireError."""
    for name, shape in shapes.items():
        array = getattr(message, name)
        if array.shape != shape:
            raise WireError(f"{name} has shape {array.shape}, expected {shape}")
        if array.dtype.kind != KINDS.get(name, "f"):
            raise WireError(f"{name} is of type {array.dtype}")
    for name in shapes:
        array = getattr(message, name)
        if not np.all(np.isfinite(array if rows is None else array[rows])):
            raise WireError(f"{name} is not finite")


def arrays_of(item: Job | Result) -> dict[str, np.ndarray]:
    """Return the arrays of a job or a result by name."""
    return {one.name: getattr(item, one.name) for one in fields(item)}


def job_of(message: Message) -> Job:
    """Read a job. Raises WireError."""
    return Job(**_wanted(message, {one.name for one in fields(Job)}))


def result_of(message: Message) -> Result:
    """Read a result. Raises WireError."""
    return Result(**_wanted(message, {one.name for one in fields(Result)}))


def _wanted(message: Message, names: set[str]) -> dict[str, np.ndarray]:
    if set(message.arrays) != names:
        raise WireError(f"a {message.kind} has the arrays {sorted(names)}, not {sorted(message.arrays)}")
    return message.arrays


def packed(message: Message) -> bytes:
    """Return the bytes of a message. Raises WireError when it is larger than the other side would take."""
    parts, told = [], []
    for name, array in message.arrays.items():
        kind = "b1" if array.dtype == np.bool_ else "i8" if array.dtype.kind in "iu" else "f8"
        parts.append(np.ascontiguousarray(array, dtype=TYPES[kind]).tobytes())
        told.append([name, kind, list(array.shape)])
    header = json.dumps({"kind": message.kind, "values": message.values, "arrays": told}).encode()
    if len(header) > MOST_HEADER or sum(map(len, parts)) > MOST_BYTES:
        raise WireError(f"a {message.kind} of {sum(map(len, parts))} bytes is too large, at most {MOST_BYTES}")
    return b"".join([MAGIC, struct.pack("<I", len(header)), header, *parts])


class Wire:
    """One connected socket. Every call ends by its deadline."""

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def say(self, message: Message, seconds: float) -> None:
        """Send a message. Raises WireError, LateError, ClosedError."""
        data = packed(message)
        self._socket.settimeout(seconds)
        try:
            self._socket.sendall(data)
        except socket.timeout as error:  # noqa: UP041 - another error than TimeoutError in Python 3.8
            raise LateError(f"a {message.kind} was not taken within {seconds:g} s") from error
        except OSError as error:
            raise ClosedError(f"the other side hung up: {error}") from error

    def hear(self, seconds: float | None) -> Message:
        """Wait for a message, None: for ever. Raises WireError, LateError, ClosedError."""
        until = None if seconds is None else time.monotonic() + seconds
        start = self._take(8, until)
        if start[:4] != MAGIC:
            raise WireError(f"a message starts with {MAGIC!r}, not with {bytes(start[:4])!r}")
        (length,) = struct.unpack("<I", start[4:])
        if length > MOST_HEADER:
            raise WireError(f"a header of {length} bytes is too large, at most {MOST_HEADER}")
        kind, values, told = _header(bytes(self._take(length, until)))
        if sum(size for _, _, _, size in told) > MOST_BYTES:
            raise WireError(f"a {kind} announces more than {MOST_BYTES} bytes")
        arrays = {}
        for name, element, shape, size in told:
            array = np.frombuffer(self._take(size, until), dtype=TYPES[element]).reshape(shape)
            arrays[name] = array != 0 if element == "b1" else array
        return Message(kind, values, arrays)

    def _take(self, size: int, until: float | None) -> bytearray:
        """Exactly `size` bytes."""
        data = bytearray(size)
        view, got = memoryview(data), 0
        while got < size:
            left = None if until is None else until - time.monotonic()
            if left is not None and left <= 0.0:
                raise LateError("no answer in time")
            self._socket.settimeout(left)
            try:
                count = self._socket.recv_into(view[got:])
            except socket.timeout as error:  # noqa: UP041 - another error than TimeoutError in Python 3.8
                raise LateError("no answer in time") from error
            except OSError as error:
                raise ClosedError(f"the connection broke: {error}") from error
            if not count:
                raise ClosedError("the other side hung up")
            got += count
        return data


def _header(data: bytes) -> tuple[str, dict[str, object], list[tuple[str, str, tuple[int, ...], int]]]:
    """Kind, values, and (name, type, shape, bytes) of every array. Raises WireError unless all is as it may be."""
    try:
        read = json.loads(data.decode())
        kind, values, told = read["kind"], read["values"], read["arrays"]
        out = [(name, element, tuple(shape)) for name, element, shape in told]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise WireError(f"the header cannot be read: {error!r}") from error
    if not isinstance(kind, str) or not isinstance(values, dict) or len(out) > MOST_ARRAYS:
        raise WireError("the header is not a kind, values and a few arrays")
    sized = []
    for name, element, shape in out:
        fits = isinstance(name, str) and isinstance(element, str) and element in TYPES and len(shape) <= MOST_AXES
        if not fits or not all(type(axis) is int and 0 <= axis <= MOST_BYTES for axis in shape):
            raise WireError(f"array {name!r} of type {element!r} and shape {shape!r} may not come")
        size = np.dtype(TYPES[element]).itemsize
        for axis in shape:
            size *= axis
        sized.append((name, element, shape, size))
    return kind, values, sized


def same_token(message: Message, token: str) -> bool:
    """Tell whether a hello carries the secret; compared in constant time."""
    return hmac.compare_digest(str(message.values.get("token", "")).encode(), token.encode())


def serve(engine: str, simulate: Callable[[Job], Result]) -> None:
    """Be a worker: call f2p, and do jobs until it hangs up. Raises WireError, OSError, KeyError.

    Args:
        engine: What simulates, and its version, for messages.
        simulate: Does a job; what it raises is told as a refusal, in one line, and the worker goes on.
    """
    wire = Wire(socket.create_connection(("127.0.0.1", int(os.environ[PORT])), CONNECT_S))
    hello = {"version": VERSION, "token": os.environ[TOKEN], "engine": engine, "python": sys.version.split()[0]}
    wire.say(Message("hello", hello), SAY_S)
    while True:
        try:
            message = wire.hear(None)
        except ClosedError:
            return
        try:
            answer = Message("result", {}, arrays_of(simulate(job_of(message))))
        except Exception as error:  # whatever it is, f2p hears of it
            answer = Message("refusal", {"text": " ".join(f"{type(error).__name__}: {error}".split())[:500]})
        wire.say(answer, SAY_S)
