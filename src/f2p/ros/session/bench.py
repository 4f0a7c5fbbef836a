"""The running graph: bring-up time, the rate at which depth images arrive, and the memory of all processes at work."""

from __future__ import annotations

import contextlib
import tempfile
import threading
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from rclpy.node import Node
from sensor_msgs.msg import Image

from f2p.bench.protocol import Measurement, Progress, benchmarks
from f2p.clock import SystemClock
from f2p.graph.supervisor import Supervisor, make_supervisor
from f2p.ros.base import qos
from f2p.ros.remote.goal import spinning
from f2p.ros.session.demo import running, write_parameters
from f2p.settings import Settings, number
from f2p.sim.protocol import make_simulator
from f2p.tasks.protocol import tasks
from f2p.types import LearnFrom

DEPTH_TOPIC = "/camera/depth/image_rect_raw"


def memory_bytes(pid: int) -> int:
    """Proportional set size of one process: shared pages are counted once over all of them."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    return 0


def image_rate(node: Node, seconds: float) -> float:
    """Return the depth images that arrive per second."""
    arrived: list[int] = []

    def on_image(message: Image) -> None:
        arrived.append(len(message.data))

    subscription = node.create_subscription(Image, DEPTH_TOPIC, on_image, qos.SENSOR)
    threading.Event().wait(timeout=2.0)
    arrived.clear()
    threading.Event().wait(timeout=seconds)
    node.destroy_subscription(subscription)
    return len(arrived) / seconds


@dataclass
class MemoryWatch:
    """Adds up, again and again while its block runs, what all processes of a supervisor take."""

    supervisor: Supervisor
    highest: int = 0
    """The most that was seen at once [bytes]."""
    ended: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> MemoryWatch:
        self._thread = threading.Thread(target=self._watch, name="f2p-memory", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        self._thread.join(timeout=5.0)

    def _watch(self) -> None:
        while not self.ended.wait(timeout=0.5):
            children = [child.process for child in self.supervisor.children.values()]
            with contextlib.suppress(OSError):  # one ended meanwhile
                self.highest = max(self.highest, sum(memory_bytes(one.pid) for one in children if one is not None))


@dataclass(frozen=True)
class GraphBenchConfig(Settings):
    """How long is listened, and what the processes may need."""

    listen_s: float = number(10.0, "how long depth images are counted", unit="s", low=0.5, high=600.0)
    most_ready_s: float = number(60.0, "limit of the bring-up of all processes", unit="s", low=1.0, high=3600.0)
    least_rate: float = number(14.0, "least rate of depth images sent at 15 Hz", unit="Hz", low=0.1, high=15.0)
    most_memory_gb: float = number(8.0, "limit of the memory of all processes", unit="GB", low=0.1, high=1000.0)


@benchmarks.register("graph")
class Graph:
    """Bring the simulated robot's graph up, listen, and let it fail the task and learn from that."""

    def __init__(self, config: GraphBenchConfig | None = None) -> None:
        self.config = config or GraphBenchConfig()

    def __call__(self, seed: int, progress: Progress) -> list[Measurement]:
        """Measure."""
        clock, config = SystemClock(), self.config
        instance = tasks.make("transport").make(np.random.default_rng(seed), 3, make_simulator())
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            parameters = write_parameters(folder, instance.world, "transport", 3, seed)
            supervisor = make_supervisor("sim", folder / "logs", ("--params-file", str(parameters)))
            start = clock.monotonic_s()
            with running(supervisor) as session:
                session.wait_ready(lambda text: progress("graph", 0.3, text))
                ready_s = clock.monotonic_s() - start
                progress("graph", 0.5, "listening to depth images")
                with spinning("f2p_bench", images=True) as node:
                    rate = image_rate(node, config.listen_s)
                with MemoryWatch(supervisor) as memory:
                    session.goals.achieve(
                        instance.goal, instance.proposal, 1, LearnFrom.CONTRADICTIONS, seed,
                        progress=lambda _stage, _elapsed_s, detail: progress("graph", 0.6, detail),
                    )  # fmt: skip
        return [
            Measurement("bring-up of all processes", ready_s, "s", config.most_ready_s),
            Measurement("depth images at 15 Hz", rate, "Hz", config.least_rate, at_least=True),
            Measurement("memory of all processes, most", memory.highest / 1e9, "GB", config.most_memory_gb),
        ]
