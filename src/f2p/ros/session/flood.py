"""Valid messages of extreme contents at every endpoint of a running graph: nothing may end or grow."""

from __future__ import annotations

import importlib
import tempfile
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from rclpy.action import ActionClient
from rclpy.node import Node

from f2p.bench.protocol import Measurement, Progress, benchmarks
from f2p.clock import SystemClock
from f2p.errors import UNFORESEEN
from f2p.graph import graph
from f2p.graph.supervisor import Supervisor, make_supervisor
from f2p.ros.base import qos
from f2p.ros.remote.goal import spinning
from f2p.ros.session.bench import memory_bytes
from f2p.ros.session.demo import running, write_parameters
from f2p.ros.session.extremes import drawn
from f2p.settings import Settings, number
from f2p.sim.protocol import make_simulator
from f2p.tasks.protocol import tasks

OURS = "f2p_msgs"
POOL = 200
"""Messages that are drawn for an endpoint beforehand and sent over and over (ours: drawing one takes a millisecond)."""

OUTSTANDING = 200
"""Questions that may be without an answer; older ones are given up, as an impatient asker does (ours)."""

TICK_S = 0.01
"""How often messages are sent, so many at a time that the rate is kept [s]."""


@dataclass
class Endpoint:
    """One topic, service or action of the graph, and what its answers said."""

    name: str
    kind: type
    """What is sent to it."""
    send: Callable[[Any], Any]
    """Sends one message; returns the future of its answer, None for a topic."""
    give_up: Callable[[Any], None] = lambda _future: None
    codes: Counter[int] = field(default_factory=Counter)
    """Answers by error code."""
    waiting: deque[Any] = field(default_factory=deque)

    def flood(self, message: Any) -> None:
        """Send a message, and forget the oldest question where too many are open."""
        future = self.send(message)
        if future is None:
            return
        future.add_done_callback(self._on_answer)
        self.waiting.append(future)
        if len(self.waiting) > OUTSTANDING:
            self.give_up(self.waiting.popleft())

    def _on_answer(self, future: Any) -> None:
        answer: Any = None if future.cancelled() else future.result()
        if getattr(answer, "accepted", False):  # a goal: its result says
            answer.get_result_async().add_done_callback(self._on_answer)
            return
        answer = getattr(answer, "result", answer)
        if hasattr(answer, "error_code"):
            self.codes[int(answer.error_code)] += 1


def endpoints(node: Node) -> Iterator[Endpoint]:
    """Yield everything in a graph that takes messages of ours; `node` sends."""
    beats = {spec.heartbeat_topic.rpartition("/")[2]: spec for spec in graph.members()}
    for name, (kind, *_) in node.get_service_names_and_types():
        if kind.startswith(f"{OURS}/srv/"):
            service = _load(kind)
            client = node.create_client(service, name)
            yield Endpoint(name, service.Request, client.call_async, client.remove_pending_request)
    for name, (kind, *_) in node.get_topic_names_and_types(no_demangle=False):
        if kind.startswith(f"{OURS}/msg/"):
            last = name.rpartition("/")[2]
            beat = beats.get(last) if "heartbeat" in name else None
            profile = qos.heartbeat(beat.heartbeat_s, beat.dead_after_s) if beat else qos.LATCHED
            yield Endpoint(name, _load(kind), node.create_publisher(_load(kind), name, profile).publish)
    for name, kind in _actions(node):
        action = _load(kind)
        yield Endpoint(name, action.Goal, ActionClient(node, action, name).send_goal_async)


def _load(kind: str) -> Any:
    package, part, name = kind.split("/")
    return getattr(importlib.import_module(f"{package}.{part}"), name)


def _actions(node: Node) -> list[tuple[str, str]]:
    """Return name and type of every action of ours."""
    end, found = "_action/send_goal", []
    for name, (kind, *_) in _hidden_services(node):
        if name.endswith(end) and kind.startswith(f"{OURS}/action/"):
            found.append((name.removesuffix(f"/{end}"), kind.removesuffix("_SendGoal")))
    return found


def _hidden_services(node: Node) -> list[tuple[str, list[str]]]:
    """Return the services of all nodes, those behind actions too."""
    out: list[tuple[str, list[str]]] = []
    for name, namespace in set(node.get_node_names_and_namespaces()):
        out += node.get_service_names_and_types_by_node(name, namespace)
    return out


def flood(node: Node, endpoint: Endpoint, rate_hz: float, seconds: float, rng: np.random.Generator) -> int:
    """Send messages to one endpoint at a rate for some time; how many were sent. `node` is spun elsewhere."""
    pool = [drawn(endpoint.kind, rng) for _ in range(POOL)]
    sent, clock = [0], SystemClock()
    start = clock.monotonic_s()

    def send() -> None:
        due = int(min(clock.monotonic_s() - start, seconds) * rate_hz)
        for index in range(sent[0], min(due, sent[0] + int(2 * rate_hz * TICK_S) + 1)):
            endpoint.flood(pool[index % POOL])
            sent[0] += 1

    timer = node.create_timer(TICK_S, send)
    threading.Event().wait(timeout=seconds)
    node.destroy_timer(timer)
    return sent[0]


@dataclass(frozen=True)
class FloodConfig(Settings):
    """How much is sent, and what it may cost."""

    seconds: float = number(60.0, "how long each endpoint is flooded", unit="s", low=0.1, high=3600.0,
                            source="promises.md 5.30")  # fmt: skip
    rate: float = number(500.0, "messages", unit="Hz", low=1.0, high=5000.0, source="promises.md 5.30")
    rest_s: float = number(10.0, "time to come to rest before memory is read", unit="s", low=0.0, high=600.0)
    most_growth_mb: float = number(50.0, "limit of what a process grows by", unit="MB", low=1.0, high=10_000.0,
                                   source="promises.md 5.30")  # fmt: skip
    most_case_mb: float = number(5.0, "limit of what is written as failures", unit="MB", low=0.1, high=10_000.0)


@benchmarks.register("flood")
class Flood:
    """Flood every topic, service and action of the simulated robot's graph, one after the other."""

    def __init__(self, config: FloodConfig | None = None) -> None:
        self.config = config or FloodConfig()

    def __call__(self, seed: int, progress: Progress) -> list[Measurement]:
        """Measure."""
        rng, config = np.random.default_rng(seed), self.config
        task = tasks.names[0]  # whichever: what is flooded are the processes
        world = tasks.make(task).make(rng, 3, make_simulator()).world
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            parameters = write_parameters(folder, world, task, 3, seed)
            supervisor = make_supervisor("sim", folder / "logs", ("--params-file", str(parameters)))
            with running(supervisor) as session, spinning("f2p_flood") as node:
                session.wait_ready(lambda text: progress("flood", 0.0, text))
                found = list(endpoints(node))
                for one in found:  # what is allocated once is no growth
                    flood(node, one, config.rate, min(1.0, config.seconds), rng)
                before, rates = self._memory(supervisor), []
                for index, one in enumerate(found):
                    progress("flood", index / len(found), one.name)
                    rates.append(flood(node, one, config.rate, config.seconds, rng) / config.seconds)
                after = self._memory(supervisor)
            cases = sum(path.stat().st_size for path in (folder / "cases").rglob("*") if path.is_file())
        growth = max(after[pid] - size for pid, size in before.items() if pid in after)
        codes = sum((one.codes for one in found), Counter[int]())
        return [
            Measurement("endpoints that were flooded", len(found), "", 20, at_least=True),
            Measurement("messages a second, least", min(rates), "Hz", 0.5 * config.rate, at_least=True),
            Measurement("processes that ended", len(set(before) ^ set(after)), "", 0),
            Measurement("answers that nobody foresaw (999)", codes[UNFORESEEN], "", 0),
            Measurement("growth of a process, most", growth / 1e6, "MB", config.most_growth_mb),
            Measurement("failures written", cases / 1e6, "MB", config.most_case_mb),
        ]

    def _memory(self, supervisor: Supervisor) -> dict[int, int]:
        """Return what each process takes once it has come to rest [bytes], by process id."""
        threading.Event().wait(timeout=self.config.rest_s)
        processes = [child.process for child in supervisor.children.values() if child.process is not None]
        return {one.pid: memory_bytes(one.pid) for one in processes if one.poll() is None}
