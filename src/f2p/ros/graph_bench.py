"""The running graph: bring-up time, the memory of all its processes, and the rate at which depth images arrive."""

from __future__ import annotations

import tempfile
import threading
from pathlib import Path

import numpy as np
from rclpy.node import Node
from sensor_msgs.msg import Image

from f2p.bench.protocol import Measurement, Progress, benchmarks
from f2p.clock import SystemClock
from f2p.ros import qos
from f2p.ros.demo_session import running, write_parameters
from f2p.ros.goal_client import spinning
from f2p.ros.supervisor import make_supervisor
from f2p.tasks import tasks

LISTEN_S = 10.0
DEPTH_TOPIC = "/camera/depth/image_rect_raw"


def memory_bytes(pid: int) -> int:
    """Proportional set size of one process: shared pages are counted once over all of them."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    return 0


def image_rate(node: Node, seconds: float) -> float:
    """Depth images that arrive per second."""
    arrived: list[int] = []

    def on_image(message: Image) -> None:
        arrived.append(len(message.data))

    subscription = node.create_subscription(Image, DEPTH_TOPIC, on_image, qos.SENSOR)
    threading.Event().wait(timeout=2.0)
    arrived.clear()
    threading.Event().wait(timeout=seconds)
    node.destroy_subscription(subscription)
    return len(arrived) / seconds


@benchmarks.register("graph")
def graph(seed: int, progress: Progress) -> list[Measurement]:
    """Bring the simulated robot's graph up and listen."""
    clock = SystemClock()
    instance = tasks.get("transport")().make(np.random.default_rng(seed), 3)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        parameters = write_parameters(folder, instance.world, "transport", 3, seed)
        supervisor = make_supervisor(True, folder / "logs", ("--params-file", str(parameters)))
        start = clock.monotonic_s()
        with running(supervisor) as session:
            session.wait_ready(lambda text: progress("graph", 0.3, text))
            ready_s = clock.monotonic_s() - start
            progress("graph", 0.5, "listening to depth images")
            with spinning("f2p_bench") as node:
                rate = image_rate(node, LISTEN_S)
            pids = [child.process.pid for child in supervisor.children.values() if child.process is not None]
            memory = sum(memory_bytes(pid) for pid in pids)
    return [
        Measurement("bring-up of all processes", ready_s, "s", 60.0),
        Measurement("depth images at 15 Hz", rate, "Hz", 14.0, at_least=True),
        Measurement("memory of all processes", memory / 1e9, "GB", 8.0),
    ]
