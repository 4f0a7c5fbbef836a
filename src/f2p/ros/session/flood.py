"""Valid messages of extreme contents at every endpoint of a running graph: nothing may end or grow."""

from __future__ import annotations

import contextlib
import dataclasses
import importlib
import itertools
import json
import subprocess
import sys
import tempfile
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
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
from f2p.settings import Settings, number, setting
from f2p.sim.protocol import make_simulator
from f2p.tasks.protocol import tasks

OURS = "f2p_msgs"
POOL = 200
"""Messages that are drawn for an endpoint beforehand and sent over and over (ours: drawing one takes a millisecond)."""

LONG = 0.05
"""Share of messages with sequences far beyond their bounds (ours: they have megabytes, nobody sends 500 a second)."""

OUTSTANDING = 200
"""Questions that may be without an answer; older ones are given up, as an impatient asker does (ours)."""

TICK_S = 0.01
"""How often messages are sent, so many at a time that the rate is kept [s]."""

BUSY_S = 0.05
"""Longest time that sending goes on before answers are taken [s] (ours)."""

FIND_S = 10.0
"""Wait until whoever floods knows the whole graph [s] (ours)."""

END_S = 0.5
"""Wait after the last message for the round of sending that is under way [s] (ours)."""

WARM_S = 5.0
"""Flood before memory is read for the first time: what is allocated once is no growth [s] (ours)."""

Memory = dict[str, tuple[int, int]]
"""Process id and memory [bytes] of each process, by name."""


@dataclass(frozen=True)
class Flooded:
    """What was sent to one endpoint, and what it answered."""

    name: str
    kind: str
    sent: int
    answers: dict[str, int]
    """Answers by error code."""


def table(found: Sequence[Flooded]) -> str:
    """Return Markdown: one row for each endpoint, with how many answers had which code; 0 is no error."""
    rows = ["| endpoint | message | sent | answers, by error code |", "|---|---|---|---|"]
    for one in sorted(found, key=lambda each: each.name):
        answers = ", ".join(f"{code}: {count}" for code, count in one.answers.items()) or "none"
        rows.append(f"| {one.name} | {one.kind} | {one.sent} | {answers} |")
    return "\n".join(rows)


def written(folder: Path, *, apart_from: str = "") -> int:
    """Return how much the files below a folder hold [bytes], those below one of its folders apart."""
    inside = [path for path in folder.rglob("*") if not apart_from or folder / apart_from not in path.parents]
    return sum(path.stat().st_size for path in inside if path.is_file())


@dataclass
class Endpoint:
    """One topic, service or action of the graph, and what its answers said."""

    name: str
    kind: type
    """What is sent to it."""
    send: Callable[[Any], Any]
    """Sends one message; returns the future of its answer, None for a topic."""
    give_up: Callable[[Any], None] = lambda _future: None
    pool: list[Any] = field(default_factory=list)
    """Messages that are drawn for it once."""
    sent: int = 0
    codes: Counter[int] = field(default_factory=Counter)
    """Answers by error code."""
    waiting: deque[Any] = field(default_factory=deque)

    def flood(self, message: Any) -> None:
        """Send a message, and forget the oldest question where too many are open."""
        future = self.send(message)
        self.sent += 1
        if future is None:
            return
        future.add_done_callback(self._on_answer)
        self.waiting.append(future)
        if len(self.waiting) > OUTSTANDING:
            self.give_up(self.waiting.popleft())

    def told(self) -> Flooded:
        """Return what was sent, and what was said to it."""
        answers = {str(code): count for code, count in sorted(self.codes.items())}
        return Flooded(self.name, self.kind.__name__, self.sent, answers)

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


def flood(node: Node, found: Sequence[Endpoint], rate_hz: float, seconds: float, rng: np.random.Generator) -> None:
    """Send messages to some endpoints at once, to each at a rate for some time. `node` is spun elsewhere."""
    for one in found:
        one.pool = one.pool or [drawn(one.kind, rng, short=bool(rng.random() >= LONG)) for _ in range(POOL)]
    clock = SystemClock()
    start_s, rounds = clock.monotonic_s(), itertools.count()
    messages = ((one, one.pool[number % POOL], number) for number in rounds for one in found)
    following = [next(messages)]

    def send() -> None:
        """Send what is due, and leave time to take answers."""
        now_s = began_s = clock.monotonic_s()
        while now_s < min(start_s + seconds, began_s + BUSY_S):
            one, message, number = following[0]
            if number >= (now_s - start_s) * rate_hz:
                return
            one.flood(message)
            following[0], now_s = next(messages), clock.monotonic_s()

    timer = node.create_timer(TICK_S, send)
    threading.Event().wait(timeout=seconds + END_S)
    node.destroy_timer(timer)


@dataclass(frozen=True)
class FloodConfig(Settings):
    """How much is sent, and what it may cost."""

    seconds: float = number(60.0, "how long the flood lasts; where it is one by one, each of them", unit="s", low=0.1,
                            high=3600.0, source="promises.md 5.30")  # fmt: skip
    rate: float = number(500.0, "messages to each endpoint, or as many as can be sent", unit="Hz", low=1.0, high=5000.0,
                         source="promises.md 5.30")  # fmt: skip
    one_by_one: bool = setting(False, "flood one endpoint after the other, instead of all at once")
    file: Path = setting(Path("runs/flood.json"), "what was sent to each endpoint and answered, and memory")
    rest_s: float = number(10.0, "time to come to rest before memory is read", unit="s", low=0.0, high=600.0)
    most_growth_mb: float = number(50.0, "limit of what a process grows by", unit="MB", low=1.0, high=10_000.0,
                                   source="promises.md 5.30")  # fmt: skip
    most_case_mb: float = number(5.0, "limit of what is written as failures", unit="MB", low=0.1, high=10_000.0)
    most_written_mb: float = number(10.0, "limit of what is written besides: logs, events, weights", unit="MB", low=0.1,
                                    high=10_000.0)  # fmt: skip


@contextlib.contextmanager
def _flooder(config: FloodConfig, seed: int) -> Iterator[tuple[Callable[[], str], Callable[[], None]]]:
    """Run `main` beside the supervisor, which would hear no beats while it sends: its next line, and one to it."""
    told = {"rate": config.rate, "seconds": config.seconds, "one_by_one": config.one_by_one, "seed": seed}
    words = [sys.executable, "-m", __name__, json.dumps(told)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as flooder:
        assert flooder.stdout is not None and flooder.stdin is not None
        send = partial(print, file=flooder.stdin, flush=True)
        try:
            yield flooder.stdout.readline, send
        finally:
            flooder.kill()


def main() -> None:
    """Flood the graph of this ROS domain for a little, say so, wait for a line, and flood it as told; says the end."""
    told = json.loads(sys.argv[1])
    rng = np.random.default_rng(told["seed"])
    with spinning("f2p_flood") as node:
        threading.Event().wait(timeout=FIND_S)
        found = list(endpoints(node))
        flood(node, found, told["rate"], min(WARM_S, told["seconds"]), rng)
        print(len(found), flush=True)
        sys.stdin.readline()
        for one in found:
            one.sent, one.codes = 0, Counter()
        for group in [[one] for one in found] if told["one_by_one"] else [found]:
            flood(node, group, told["rate"], told["seconds"], rng)
        print(json.dumps([dataclasses.asdict(one.told()) for one in found]), flush=True)


@benchmarks.register("flood")
class Flood:
    """Flood every topic, service and action of the simulated robot's graph."""

    on_request = True

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
            with running(supervisor) as session:
                session.wait_ready(lambda text: progress("flood", 0.0, text))
                supervisor.on_event = lambda one, text: print(f"{one}: {text}", flush=True)
                with _flooder(config, seed) as (ask, tell):
                    ask()
                    before, held = self._memory(supervisor), written(folder, apart_from="cases")
                    progress("flood", 0.2, f"{config.seconds:.0f} s of messages at {config.rate:.0f} Hz")
                    tell()
                    found = [Flooded(**one) for one in json.loads(ask())]
                    after, grown = self._memory(supervisor), written(folder, apart_from="cases") - held
            cases = written(folder / "cases")
        self._keep(found, before, after)
        print(table(found), flush=True)
        return self._measured(found, before, after, {"failures": cases, "besides": grown})

    def _measured(
        self, found: list[Flooded], before: Memory, after: Memory, disk: dict[str, int]
    ) -> list[Measurement]:  # fmt: skip
        """Return what came out beside the limits."""
        config, unforeseen = self.config, sum(one.answers.get(str(UNFORESEEN), 0) for one in found)
        rates = [one.sent / config.seconds for one in found]
        least = config.rate / 2.0 if config.one_by_one else config.rate / len(found)
        growths = [
            Measurement(f"growth of {name}", (after[name][1] - size) / 1e6, "MB", config.most_growth_mb)
            for name, (pid, size) in before.items()
            if after.get(name, (0, 0))[0] == pid
        ]
        return [
            Measurement("endpoints that were flooded", len(found), "", 20, at_least=True),
            Measurement("messages a second to an endpoint, least", min(rates), "Hz", least, at_least=True),
            Measurement("processes that ended", len(before) - len(growths), "", 0),
            Measurement("answers that nobody foresaw (999)", unforeseen, "", 0),
            *growths,
            Measurement("failures written", disk["failures"] / 1e6, "MB", config.most_case_mb),
            Measurement("written besides", disk["besides"] / 1e6, "MB", config.most_written_mb),
        ]

    def _keep(self, found: list[Flooded], before: Memory, after: Memory) -> None:
        """Write what the figures come from."""
        self.config.file.parent.mkdir(parents=True, exist_ok=True)
        told = {"endpoints": [dataclasses.asdict(one) for one in found], "memory_before": before, "memory_after": after}
        self.config.file.write_text(json.dumps(told, indent=1))

    def _memory(self, supervisor: Supervisor) -> Memory:
        """Return what each process takes once it has come to rest."""
        threading.Event().wait(timeout=self.config.rest_s)
        processes = {name: child.process for name, child in supervisor.children.items()}
        return {
            name: (one.pid, memory_bytes(one.pid))
            for name, one in processes.items()
            if one is not None and one.poll() is None
        }


if __name__ == "__main__":
    main()
