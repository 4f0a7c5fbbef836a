"""A worker that does wrong what its first argument says; a file as second argument counts how often it was started."""

from __future__ import annotations

import os
import socket
import sys
import time
from pathlib import Path

import numpy as np

from f2p.sim.remote import wire
from f2p.sim.remote.mujoco_worker import simulate
from f2p.sim.remote.wire import Job, Result

FAULT, STARTS = sys.argv[1], Path(sys.argv[2])


def hello(**changed: object) -> socket.socket:
    """Call f2p as a worker does, but for what is changed."""
    called = socket.create_connection(("127.0.0.1", int(os.environ[wire.PORT])))
    values: dict[str, object] = {"version": wire.VERSION, "token": os.environ[wire.TOKEN], "engine": "faulty"}
    wire.Wire(called).say(wire.Message("hello", values | changed), 10.0)
    return called


def answer(data: bytes) -> None:
    """Take the first job, and answer it with these bytes."""
    called = hello()
    wire.Wire(called).hear(60.0)
    called.sendall(data)
    time.sleep(60.0)


def fault(job: Job) -> Result:
    """Do a job, or not."""
    first = STARTS.read_text().count("s") == 1
    if FAULT == "dies" or (FAULT == "dies_once" and first):
        print("PhysX: out of memory", flush=True)
        os._exit(7)
    if FAULT == "sleeps":
        time.sleep(60.0)
    if FAULT == "refuses":
        raise RuntimeError("cannot create\nan actor")
    result = simulate(job)
    if FAULT == "other_size":
        half = (getattr(result, name)[:1] for name in wire.arrays_of(result))
        return Result(*half)
    if FAULT == "not_finite":
        object.__setattr__(result, "positions", np.full_like(result.positions, np.nan))
    return result


def main() -> None:
    """Do it."""
    with STARTS.open("a") as file:
        file.write("s")
    if FAULT == "ends":
        print("no GPU here", file=sys.stderr)
        sys.exit(3)
    elif FAULT == "silent":
        time.sleep(60.0)
    elif FAULT == "wrong_token":
        hello(token="guessed")
        time.sleep(60.0)
    elif FAULT == "wrong_version":
        hello(version=99)
        time.sleep(60.0)
    elif FAULT == "nonsense":
        answer(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    elif FAULT == "huge":
        answer(wire.MAGIC + b"\xff\xff\xff\xff")
    elif FAULT == "strangers_first":
        socket.create_connection(("127.0.0.1", int(os.environ[wire.PORT]))).sendall(b"GET / HTTP/1.1\r\n\r\n")
        hello(token="guessed")
        wire.serve("faulty", simulate)
    else:
        wire.serve("faulty", fault)


if __name__ == "__main__":
    main()
