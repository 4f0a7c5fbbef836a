"""`f2p bench console`: what the console costs while nobody looks and while somebody does, and how soon all is sent.

The stack stands still meanwhile: beats, joint states and transforms go on as while it works. Processor time is the
kernel's count of the console's process; a viewer is a socket that reads what a browser would.
"""

from __future__ import annotations

import contextlib
import tempfile
import threading
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import viser
from msgspec import msgpack
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from f2p.bench.protocol import Measurement, Progress, benchmarks
from f2p.clock import SystemClock
from f2p.graph.supervisor import make_supervisor
from f2p.ros.session.demo import running, write_parameters
from f2p.ros.session.recorder_load import spent
from f2p.settings import Settings, number
from f2p.sim.protocol import make_simulator
from f2p.tasks.protocol import tasks

QUIET_S = 1.0
"""Silence after which a viewer has everything [s] (ours: ten periods of the drawing)."""

CAMERA: dict[str, Any] = {
    "type": "ViewerCameraMessage", "wxyz": (1.0, 0.0, 0.0, 0.0), "position": (2.0, 0.0, 1.0), "fov": 1.0, "near": 0.01,
    "far": 100.0, "image_height": 720, "image_width": 1280, "look_at": (0.0, 0.0, 0.5), "up_direction": (0.0, 0.0, 1.0),
}  # fmt: skip
"""What a browser says first, and from when on it is a viewer."""

REST_S = 15.0
"""Until a console that was looked at rests again [s] (ours: it stays awake for ten)."""


@dataclass(frozen=True)
class ConsoleLoadConfig(Settings):
    """How long is measured, and what the console may cost."""

    port: int = number(8099, "port of the console", low=1024, high=65535)
    seconds: float = number(30.0, "length of each measurement", unit="s", low=1.0, high=3600.0)
    unwatched_cores: float = number(0.10, "most of a processor while nobody looks", low=0.0, high=8.0,
                                    source="ours: nobody shall think of ending it")  # fmt: skip
    watched_cores: float = number(0.5, "most of a processor while one looks", low=0.0, high=8.0,
                                  source="ours: as the recorder")  # fmt: skip
    sent_s: float = number(3.0, "longest time until a viewer has page and scene", unit="s", low=0.1, high=60.0,
                           source="ours")  # fmt: skip


@benchmarks.register("console")
class ConsoleLoad:
    """Start a stack with a console, look at it, and count."""

    on_request = True

    def __init__(self, config: ConsoleLoadConfig | None = None) -> None:
        self.config = config or ConsoleLoadConfig()

    def __call__(self, seed: int, progress: Progress) -> list[Measurement]:
        """Measure."""
        config, name = self.config, tasks.names[0]
        instance = tasks.make(name).make(np.random.default_rng(seed), 3, make_simulator())
        with tempfile.TemporaryDirectory(prefix="f2p-bench-") as folder:
            file = write_parameters(Path(folder), instance.world, name, 3, seed, {"console": {"port": config.port}})
            supervisor = make_supervisor("sim", Path(folder) / "logs", ("--params-file", str(file)), ("console",))
            with running(supervisor) as session:
                session.wait_ready(lambda text: progress("setup", 0.0, text))
                process = supervisor.children["console"].process
                assert process is not None, "it is active"
                unwatched = self._cores(process.pid, "nobody looks", progress)
                with looking(config.port) as sent_s:
                    watched = self._cores(process.pid, "one looks", progress)
        return [
            Measurement("console: processors while nobody looks", unwatched, "cores", config.unwatched_cores),
            Measurement("console: processors while one looks", watched, "cores", config.watched_cores),
            Measurement("console: page and scene sent after", sent_s, "s", config.sent_s),
        ]

    def _cores(self, pid: int, what: str, progress: Progress) -> float:
        """Return the share of a processor that a process takes; what came before has settled."""
        clock, pause = SystemClock(), threading.Event()
        progress(what, 0.0, "it settles")
        pause.wait(timeout=REST_S)
        before, start_s = spent(pid).cpu_s, clock.monotonic_s()
        progress(what, 0.5, "it is measured")
        pause.wait(timeout=self.config.seconds)
        return (spent(pid).cpu_s - before) / (clock.monotonic_s() - start_s)


@contextlib.contextmanager
def looking(port: int) -> Iterator[float]:
    """Be a viewer; yields the seconds until page and scene had come [s].

    Raises:
        OSError: The console does not answer.
    """
    clock, ended = SystemClock(), threading.Event()
    start_s = clock.monotonic_s()
    request = urllib.request.Request(f"http://127.0.0.1:{port}/", headers={"Accept-Encoding": "gzip"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        answer.read()
    protocol: list = [f"viser-v{viser.__version__}"]
    with connect(f"ws://127.0.0.1:{port}/", subprotocols=protocol, max_size=2**28, open_timeout=30) as socket:
        socket.send(msgpack.encode(CAMERA))
        last_s = clock.monotonic_s()
        with contextlib.suppress(TimeoutError):
            while clock.monotonic_s() - start_s < 30.0:
                socket.recv(timeout=QUIET_S)
                last_s = clock.monotonic_s()

        def read() -> None:
            with contextlib.suppress(ConnectionClosed):
                while not ended.is_set():
                    with contextlib.suppress(TimeoutError):
                        socket.recv(timeout=0.5)

        reader = threading.Thread(target=read, name="f2p-viewer", daemon=True)
        reader.start()
        try:
            yield last_s - start_s
        finally:
            ended.set()
            reader.join(timeout=5.0)
