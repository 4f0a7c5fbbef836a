"""`f2p bench record`: what the recorder costs while a robot fails a task, and whether it misses images.

The stack pursues one goal with the untaught model; the recorder keeps the minute in memory, records the whole pursuit,
and what else happens in it. Its processor time and memory are the kernel's counts of its process.
"""

from __future__ import annotations

import os
import struct
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rclpy.node import Node
from sensor_msgs.msg import Image

from f2p.bench.protocol import Measurement, Progress, benchmarks
from f2p.clock import SystemClock
from f2p.graph.supervisor import Supervisor, make_supervisor
from f2p.record.bag import open_bag, survey
from f2p.ros.base import qos
from f2p.ros.remote.goal import spinning
from f2p.ros.session.bench import DEPTH_TOPIC
from f2p.ros.session.demo import DemoSession, running, write_parameters
from f2p.settings import Settings, number, setting
from f2p.sim.protocol import make_simulator
from f2p.tasks.protocol import TaskInstance, tasks
from f2p.types import LearnFrom


@dataclass(frozen=True)
class RecorderLoadConfig(Settings):
    """What is pursued, and what recording it may cost."""

    objects: int = number(3, "objects in the box", low=1, high=7)
    attempts: int = number(1, "pursuits of the goal", low=1, high=100)
    attempt_s: float = number(600.0, "longest pursuit", unit="s", low=10.0, high=3600.0)
    keep: Path = setting(Path(), "folder that keeps cases and recordings; a temporary one where it is none")
    cores: float = number(0.5, "most that the recorder takes of a processor", low=0.0, high=8.0, source="ours")
    memory_bytes: float = number(400e6, "most that it takes of the memory", unit="B", low=1e6, high=1e11,
                                 source="ours")  # fmt: skip
    missing: float = number(0.01, "largest share of images that are not in the recording", low=0.0, high=1.0,
                            source="ours: of those that another process got")  # fmt: skip


@dataclass(frozen=True)
class _Spent:
    """What a process has taken until now."""

    cpu_s: float
    highest_bytes: int


def spent(pid: int) -> _Spent:
    """Return processor time and highest resident memory of one process. Raises OSError."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    ticks = int(fields[11]) + int(fields[12])
    status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":" in line)
    return _Spent(ticks / os.sysconf("SC_CLK_TCK"), int(status["VmHWM"].split()[0]) * 1024)


def stamp_of(data: bytes) -> int:
    """Return the stamp of a serialized message that begins with a header [ns]."""
    seconds, nanoseconds = struct.unpack_from("<iI", data, 4)  # behind the four bytes of the encapsulation
    return int(seconds) * 1_000_000_000 + int(nanoseconds)


class Published:
    """The stamps of all depth images that somebody beside the recorder gets."""

    def __init__(self, node: Node) -> None:
        self.stamps_ns: set[int] = set()
        node.create_subscription(Image, DEPTH_TOPIC, self._on_image, qos.SENSOR, raw=True)

    def _on_image(self, data: bytes) -> None:
        self.stamps_ns.add(stamp_of(data))


@benchmarks.register("record")
class RecorderLoad:
    """Pursue a goal with the recorder on, and count."""

    on_request = True

    def __init__(self, config: RecorderLoadConfig | None = None) -> None:
        self.config = config or RecorderLoadConfig()

    def __call__(self, seed: int, progress: Progress) -> list[Measurement]:
        """Measure."""
        config = self.config
        task = tasks.names[0]  # whichever: what is measured is the recorder
        instance = tasks.make(task).make(np.random.default_rng(seed), config.objects, make_simulator())
        with tempfile.TemporaryDirectory(prefix="f2p-bench-") as temporary:
            folder = Path(temporary) if config.keep == Path() else config.keep.absolute()
            given: dict[str, dict[str, Any]] = {"recorder": {"folder": str(folder / "recordings"), "tasks": True}}
            file = write_parameters(folder, instance.world, task, config.objects, seed, given)
            supervisor = make_supervisor("sim", folder / "logs", ("--params-file", str(file)), wanted=("recorder",))
            with running(supervisor) as session, spinning("f2p_bench", images=True) as node:
                published = Published(node)
                session.wait_ready(lambda text: progress("setup", 0.0, text))
                cores, highest = self._pursue(session, supervisor, instance, seed, progress)
            return [
                Measurement("recorder: processors", cores, "cores", config.cores),
                Measurement("recorder: memory", highest / 1e6, "MB", config.memory_bytes / 1e6),
                *_recorded(folder / "recordings", published.stamps_ns, config.missing),
            ]

    def _pursue(
        self, session: DemoSession, supervisor: Supervisor, instance: TaskInstance, seed: int, progress: Progress
    ) -> tuple[float, int]:  # fmt: skip
        process, clock = supervisor.children["recorder"].process, SystemClock()
        assert process is not None, "it is active"
        begun, start_s = spent(process.pid), clock.monotonic_s()
        for index in range(self.config.attempts):
            session.goals.achieve(
                instance.goal, instance.proposal, 1, LearnFrom.NOTHING, seed + index, self.config.attempt_s,
                progress=lambda stage, _elapsed_s, detail: progress(stage, 0.5, detail),
            )  # fmt: skip
            session.reset()
        ended = spent(process.pid)
        return (ended.cpu_s - begun.cpu_s) / (clock.monotonic_s() - start_s), ended.highest_bytes


def _recorded(folder: Path, published: set[int], most_missing: float) -> list[Measurement]:
    """Return how whole the recordings are, and the share of the images within them that only the other listener got."""
    found = {path: survey(open_bag(path)) for path in sorted(folder.iterdir())}
    recorded: set[int] = set()
    within: set[int] = set()
    for path in found:
        own = {stamp_of(one.data) for one in open_bag(path).messages() if one.topic.name == DEPTH_TOPIC}
        recorded |= own
        within |= {stamp for stamp in published if own and min(own) <= stamp <= max(own)}
    messages, lost = sum(one.messages for one in found.values()), sum(not one.loss.whole for one in found.values())
    return [
        Measurement("recorder: messages", messages, "", 1.0, at_least=True),
        Measurement("recorder: recordings that are not whole", lost, "", 0.0),
        Measurement("recorder: images heard elsewhere", len(within), "", 1.0, at_least=True),
        Measurement("recorder: images missing", len(within - recorded) / max(1, len(within)), "", most_missing),
    ]
