"""Run the graph's processes without `launch`: start, restart with back-off, give up honestly, end everything.

Only its own children are ever signalled, by process id. No ROS in here: `f2p up` and the tests drive it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from f2p.clock import Clock, SystemClock
from f2p.graph.errors import SupervisorError
from f2p.graph.graph import NodeSpec, nodes, within
from f2p.graph.places import SUPERVISOR, environment, share
from f2p.settings import Settings, number

REFUSED = 2
"""Exit code of a process that says why it does not start: the same again would end the same."""


def last_line(path: Path) -> str:
    """Return the last line of a log that is not empty."""
    lines = [line for line in path.read_text(errors="replace").splitlines() if line.strip()]
    return lines[-1].strip() if lines else "no word of it"


@dataclass(frozen=True)
class SupervisorConfig(Settings):
    """How patient the supervisor is."""

    backoff_s: float = number(1.0, "wait before the first restart; doubles each time", unit="s", low=0.05, high=60.0,
                              source="promises.md 5.5")  # fmt: skip
    backoff_max_s: float = number(16.0, "longest wait before a restart", unit="s", low=0.05, high=600.0,
                                  source="promises.md 5.5")  # fmt: skip
    respawns: int = number(5, "restarts before a process counts as degraded", low=0, high=100,
                           source="promises.md 5.5")  # fmt: skip
    healthy_after_s: float = number(30.0, "a run this long forgets earlier deaths", unit="s", low=1.0, high=3600.0,
                                    source="ours: longer than any bring-up")  # fmt: skip
    terminate_s: float = number(4.0, "wait after SIGTERM before SIGKILL", unit="s", low=0.1, high=60.0)


@dataclass
class Child:
    """One supervised process."""

    spec: NodeSpec
    command: tuple[str, ...]
    log_path: Path
    process: subprocess.Popen | None = None
    log: IO[bytes] | None = None
    started_s: float = 0.0
    restart_at_s: float = 0.0
    deaths: int = 0
    """Deaths since it last ran healthily."""
    restarts: int = 0
    last_exit: int | None = None
    state: str = "waiting"
    """"waiting", "running", "backing off", "degraded" or "ended"."""


@dataclass
class Supervisor:
    """Keeps one process per graph node alive.

    Args:
        specs: The processes, in order.
        folder: Where the log files go, one per process.
        config: Patience.
        environment: Variables added to this process's own.
        arguments: Extra arguments for each process, e.g. `--ros-args --params-file …`.
        on_event: Called with (node, text) on every start and death.
        clock: Time for back-off and deadlines.
    """

    specs: Sequence[NodeSpec]
    folder: Path
    config: SupervisorConfig = field(default_factory=SupervisorConfig)
    environment: Mapping[str, str] = field(default_factory=dict)
    arguments: Sequence[str] = ()
    """Of every process."""
    own: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Further arguments of single processes, by node."""
    on_event: Callable[[str, str], None] = lambda _node, _text: None
    clock: Clock = field(default_factory=SystemClock)
    command_of: Callable[[NodeSpec], tuple[str, ...]] = lambda spec: (sys.executable, "-m", "f2p.ros.main", spec.name)
    children: dict[str, Child] = field(default_factory=dict, init=False)

    def start(self) -> None:
        """Start every process."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SupervisorError(f"cannot write logs to {self.folder}: {error}") from error
        for spec in self.specs:
            command = (*self.command_of(spec), *self.arguments, *self.own.get(spec.name, ()))
            self.children[spec.name] = Child(spec, command, self.folder / f"{spec.name}.log")
            self._spawn(self.children[spec.name])

    def poll(self) -> None:
        """Notice deaths, restart what is due; call it a few times a second."""
        now = self.clock.monotonic_s()
        for child in self.children.values():
            if child.state == "running" and child.process is not None and child.process.poll() is not None:
                self._died(child, now)
            elif child.state == "running" and child.deaths and now - child.started_s > self.config.healthy_after_s:
                child.deaths = 0
            elif child.state == "backing off" and now >= child.restart_at_s:
                child.restarts += 1
                self._spawn(child)

    def kill(self, name: str) -> None:
        """Kill one own child at once (it hangs); `poll` will restart it."""
        child = self.children[name]
        if child.process is not None and child.process.poll() is None:
            self.on_event(name, f"killed pid {child.process.pid}: it no longer answers")
            child.process.kill()

    @property
    def degraded(self) -> tuple[str, ...]:
        """Processes that were given up."""
        return tuple(name for name, child in self.children.items() if child.state == "degraded")

    def stop(self) -> bool:
        """End every child: SIGTERM in reverse order, SIGKILL after the deadline. True when none had to be killed."""
        running = [c for c in reversed(list(self.children.values())) if c.process is not None]
        for child in running:
            child.state = "ended"
            self._signal(child, signal.SIGTERM)
        until = self.clock.monotonic_s() + self.config.terminate_s
        gentle = True
        for child in running:
            assert child.process is not None
            try:
                child.last_exit = child.process.wait(timeout=max(0.05, until - self.clock.monotonic_s()))
            except subprocess.TimeoutExpired:
                gentle = False
                self._signal(child, signal.SIGKILL)
                child.last_exit = child.process.wait(timeout=5.0)
            if child.log is not None:
                child.log.close()
        return gentle

    @staticmethod
    def _signal(child: Child, number_: signal.Signals) -> None:
        assert child.process is not None
        if child.process.poll() is None:
            if number_ != signal.SIGKILL:
                child.process.send_signal(signal.SIGCONT)
            child.process.send_signal(number_)

    def _spawn(self, child: Child) -> None:
        if child.log is None:
            child.log = child.log_path.open("ab")
        environment = {**os.environ, **self.environment, "PYTHONUNBUFFERED": "1"}
        try:
            child.process = subprocess.Popen(
                child.command, stdout=child.log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                env=environment, start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            raise SupervisorError(f"cannot start {child.spec.name}: {error}") from error
        child.started_s = self.clock.monotonic_s()
        child.state = "running"
        self.on_event(child.spec.name, f"started, pid {child.process.pid}")

    def _died(self, child: Child, now: float) -> None:
        assert child.process is not None
        child.last_exit = child.process.returncode
        if now - child.started_s > self.config.healthy_after_s:
            child.deaths = 0
        child.deaths += 1
        if child.last_exit == REFUSED:
            child.state = "degraded"
            self.on_event(child.spec.name, f"refused to start: {last_line(child.log_path)}")
            return
        if not child.spec.respawn or child.deaths > self.config.respawns:
            child.state = "degraded"
            self.on_event(child.spec.name, f"died (exit {child.last_exit}) {child.deaths} times; given up")
            return
        wait_s = min(self.config.backoff_s * 2.0 ** (child.deaths - 1), self.config.backoff_max_s)
        child.state, child.restart_at_s = "backing off", now + wait_s
        self.on_event(child.spec.name, f"died (exit {child.last_exit}); restart in {wait_s:.0f} s")


def make_supervisor(
    graph: str, logs: Path, extra: tuple[str, ...] = (), wanted: Collection[str] = (), unwanted: Collection[str] = (),
    namespace: str = "", patience: SupervisorConfig | None = None,
) -> Supervisor:  # fmt: skip
    """Return a supervisor of a whole graph with its configuration file; nothing is started yet.

    Its processes end themselves once this one is gone.

    Args:
        graph: One of `f2p.graph.graph.GRAPHS`.
        logs: Folder of the log files.
        extra: Further ROS arguments for every process, such as `-p name:=value`.
        wanted: Optional nodes that run besides those that do by default.
        unwanted: Optional nodes that do not run.
        namespace: Where they run: "" for /f2p, "left" for /left/f2p.
        patience: Of the supervisor.

    Raises:
        GraphError: As `nodes` and `within` do.
        SupervisorError: The graph has no configuration file.
    """
    specs, config = nodes(graph, wanted, unwanted), share(f"config/{graph}.yaml")
    return Supervisor(
        specs=specs, folder=logs, config=patience or SupervisorConfig(),
        environment={**environment(), SUPERVISOR: str(os.getpid())},
        arguments=("--ros-args", "--params-file", str(config), "-r", f"__ns:={within(namespace)}", *extra),
        own={"manager": ("-p", f"graph:={graph}")},
    )  # fmt: skip
