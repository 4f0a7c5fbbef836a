"""A worker's life from f2p's side: started with a secret, recognised, asked with deadlines, ended by its id."""

from __future__ import annotations

import contextlib
import os
import secrets
import shlex
import shutil
import socket
import subprocess
import tempfile
import weakref
from dataclasses import dataclass
from typing import IO

from f2p.clock import Clock, SystemClock
from f2p.settings import Settings, number, setting
from f2p.sim.errors import (
    SimulatorMissingError,
    WorkerAnswerError,
    WorkerLateError,
    WorkerLostError,
    WorkerRefusedError,
    WorkerVersionError,
)
from f2p.sim.remote import wire

STRANGER_S = 5.0
"""Longest time that somebody who connects may take to say who he is [s]."""
END_S = 5.0
"""A worker that is asked to end is killed after this time [s]."""
POLL_S = 0.2
"""How often a worker that has not called yet is looked after [s]."""


def check_installed(simulator: str, config: WorkerConfig, how: str) -> None:
    """Look for a worker's program before anything is computed that needs it. Raises SimulatorMissingError."""
    try:
        program = next(iter(shlex.split(config.command)), "")
    except ValueError as error:  # a quote that is not closed
        raise SimulatorMissingError(simulator, config.command, how) from error
    if shutil.which(program) is None:
        raise SimulatorMissingError(simulator, program, how)


@dataclass(frozen=True)
class WorkerConfig(Settings):
    """How a worker is started, and how long it is waited for."""

    command: str = setting(
        "", "words of its command line, quoted as in a shell but run without one; empty: as the simulator says"
    )
    start_s: float = number(120.0, "longest start", unit="s", low=0.1, high=3600.0, source="ours: Isaac Gym compiles")
    answer_s: float = number(300.0, "longest batch", unit="s", low=0.1, high=36000.0, source="ours")


class WorkerProcess:
    """One running worker. It listens to nobody else, and ends with this object.

    Args:
        simulator: Name for messages.
        config: Command line and deadlines.
        clock: Times deadlines.

    Raises:
        WorkerError: It is not there, ends, is late, or is another version.
    """

    def __init__(self, simulator: str, config: WorkerConfig, clock: Clock | None = None) -> None:
        self._simulator, self._config, self._clock = simulator, config, clock or SystemClock()
        self._said: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - as long as the worker
        token = secrets.token_hex(32)
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self._process = self._spawn(listener.getsockname()[1], token)
            self._end = weakref.finalize(self, _end, self._process, self._said)
            try:
                self._wire, self.engine = self._accept(listener, token)
            except BaseException:
                self.close()
                raise
        weakref.finalize(self, self._wire.close)

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    def close(self) -> None:
        """End the process and wait until it has."""
        self._end()

    def ask(self, job: wire.Job) -> wire.Result:
        """Have a job done. Raises WorkerError; but for a refusal, the worker is of no more use then."""
        try:
            self._wire.say(wire.Message("job", {}, wire.arrays_of(job)), self._config.answer_s)
            answer = self._wire.hear(self._config.answer_s)
            if answer.kind == "refusal":
                raise WorkerRefusedError(self._simulator, str(answer.values.get("text", "")))
            if answer.kind != "result":
                raise WorkerAnswerError(self._simulator, f"a message of kind {answer.kind!r} where a result was due")
            result = wire.result_of(answer)
        except wire.LateError as error:
            raise WorkerLateError(self._simulator, "finish a batch", self._config.answer_s) from error
        except wire.ClosedError as error:
            raise self._lost("during a batch") from error
        except wire.WireError as error:
            raise WorkerAnswerError(self._simulator, str(error)) from error
        if result.openings.shape != job.openings.shape:
            shapes = f"{job.openings.shape} runs and bodies were asked for, {result.openings.shape} came"
            raise WorkerAnswerError(self._simulator, shapes)
        return result

    def _spawn(self, port: int, token: str) -> subprocess.Popen[bytes]:
        try:
            return subprocess.Popen(  # a session of its own: an interrupt at the terminal is ours to handle
                shlex.split(self._config.command), stdin=subprocess.DEVNULL, stdout=self._said, stderr=self._said,
                start_new_session=True, env={**os.environ, wire.PORT: str(port), wire.TOKEN: token},
            )  # fmt: skip
        except OSError as error:
            raise WorkerLostError(self._simulator, f"cannot be started: {error}", "") from error

    def _accept(self, listener: socket.socket, token: str) -> tuple[wire.Wire, str]:
        """Wait for the worker's call; whoever does not know the secret is not spoken to."""
        listener.settimeout(POLL_S)
        until = self._clock.monotonic_s() + self._config.start_s
        while (left := until - self._clock.monotonic_s()) > 0.0:
            try:
                connected, _ = listener.accept()
            except TimeoutError:
                if self._process.poll() is not None:
                    raise self._lost("before it called") from None
                continue
            caller = wire.Wire(connected)
            try:
                hello = caller.hear(min(STRANGER_S, left))
            except wire.WireError:
                caller.close()
                continue
            if hello.kind != "hello" or not wire.same_token(hello, token):
                caller.close()
                continue
            if hello.values.get("version") != wire.VERSION:
                caller.close()
                raise WorkerVersionError(self._simulator, hello.values.get("version"), wire.VERSION)
            return caller, str(hello.values.get("engine", ""))
        raise WorkerLateError(self._simulator, "call", self._config.start_s)

    def _lost(self, when: str) -> WorkerLostError:
        """Return what is known of a worker that is gone: how it ended, and its last line."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(END_S)
        code = self._process.poll()
        ended = (
            "hung up" if code is None else f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"
        )
        size = self._said.seek(0, os.SEEK_END)
        self._said.seek(max(0, size - 2000))
        lines = self._said.read().decode(errors="replace").split("\n")
        said = next((" ".join(line.split()) for line in reversed(lines) if line.strip()), "")
        return WorkerLostError(self._simulator, f"{ended} {when}", said[:300])


def _end(process: subprocess.Popen[bytes], said: IO[bytes]) -> None:
    """End one process by its id."""
    process.terminate()
    try:
        process.wait(END_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(END_S)
    said.close()
