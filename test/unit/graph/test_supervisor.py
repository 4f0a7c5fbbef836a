"""The supervisor on small processes of its own: restart with back-off, honest giving up, ending everything by id."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from f2p.clock import SystemClock
from f2p.graph.errors import SupervisorError
from f2p.graph.graph import NodeSpec
from f2p.graph.supervisor import Supervisor, SupervisorConfig, make_supervisor

SLEEPS = "import time; print('up', flush=True); time.sleep(600)"
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"
)
DIES = "print('bye', flush=True); raise SystemExit(3)"
QUICK = SupervisorConfig(backoff_s=0.05, backoff_max_s=0.2, respawns=3, healthy_after_s=60.0, terminate_s=0.5)


def make(folder: Path, config: SupervisorConfig = QUICK, respawn: bool = True, **programs: str) -> Supervisor:
    return Supervisor(
        [NodeSpec(name, "a test", respawn=respawn) for name in programs], folder, config,
        command_of=lambda spec: (sys.executable, "-c", programs[spec.name]),
    )  # fmt: skip


def poll_until(supervisor: Supervisor, condition: Callable[[], bool], within: float = 60.0) -> None:
    clock, pause = SystemClock(), threading.Event()
    start = clock.monotonic_s()
    while not condition():
        assert clock.monotonic_s() - start < within, "not in time"
        supervisor.poll()
        pause.wait(timeout=0.01)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_killed_process_comes_back_with_another_id(tmp_path: Path) -> None:
    supervisor = make(tmp_path, one=SLEEPS, two=SLEEPS)
    supervisor.start()
    try:
        child, other = supervisor.children["one"], supervisor.children["two"].process.pid
        first = child.process.pid
        os.kill(first, signal.SIGKILL)
        poll_until(supervisor, lambda: child.restarts == 1 and child.state == "running")
        assert child.process.pid != first and child.last_exit == -signal.SIGKILL
        assert supervisor.children["two"].process.pid == other
    finally:
        supervisor.stop()


def test_a_crash_loop_ends_degraded_with_growing_waits(tmp_path: Path) -> None:
    events: list[str] = []
    supervisor = make(tmp_path, bad=DIES)
    supervisor.on_event = lambda _node, text: events.append(text)
    supervisor.start()
    poll_until(supervisor, lambda: bool(supervisor.degraded))
    assert supervisor.degraded == ("bad",)
    assert supervisor.children["bad"].restarts == 3
    assert (tmp_path / "bad.log").read_text().count("bye") == 4
    assert "given up" in events[-1]
    assert supervisor.stop()


def test_what_may_not_respawn_is_given_up_at_once(tmp_path: Path) -> None:
    supervisor = make(tmp_path, respawn=False, bad=DIES)
    supervisor.start()
    poll_until(supervisor, lambda: bool(supervisor.degraded))
    assert supervisor.children["bad"].restarts == 0
    supervisor.stop()


def test_stop_leaves_nobody_behind_even_the_stubborn_and_the_stopped(tmp_path: Path) -> None:
    supervisor = make(tmp_path, gentle=SLEEPS, stubborn=STUBBORN, frozen=SLEEPS)
    supervisor.start()
    pids = [child.process.pid for child in supervisor.children.values()]
    poll_until(supervisor, lambda: all("up" in (tmp_path / f"{name}.log").read_text() for name in supervisor.children))
    os.kill(supervisor.children["frozen"].process.pid, signal.SIGSTOP)
    assert not supervisor.stop()
    assert not any(is_alive(pid) for pid in pids)
    assert supervisor.children["gentle"].last_exit == -signal.SIGTERM
    assert supervisor.children["stubborn"].last_exit == -signal.SIGKILL


def test_a_hanging_child_is_killed_on_request_and_restarted(tmp_path: Path) -> None:
    supervisor = make(tmp_path, one=STUBBORN)
    supervisor.start()
    try:
        supervisor.kill("one")
        poll_until(supervisor, lambda: supervisor.children["one"].restarts == 1)
    finally:
        supervisor.stop()


def test_no_place_for_logs_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SupervisorError, match="cannot write logs to"):
        make(tmp_path / "file" / "logs", one=SLEEPS).start()


@pytest.mark.parametrize("graph", ["robot", "sim"])
def test_the_graphs_processes_know_whom_they_must_not_outlive(tmp_path: Path, graph: str) -> None:
    supervisor = make_supervisor(graph, tmp_path, ("--params-file", "more.yaml"))
    assert supervisor.environment["F2P_SUPERVISOR_PID"] == str(os.getpid())
    assert Path(supervisor.arguments[2]).name == f"{graph}.yaml"
    assert supervisor.arguments[3:5] == ("-r", "__ns:=/f2p")
    assert supervisor.own["manager"] == ("-p", f"graph:={graph}"), "the manager would bring up another graph"
    assert supervisor.arguments[-1] == "more.yaml" and not supervisor.children


def test_the_benchmarks_processes_end_with_the_benchmark(monkeypatch: pytest.MonkeyPatch) -> None:
    """A benchmark that was killed left ten processes behind."""
    graph_bench = pytest.importorskip("f2p.ros.session.bench", reason="no rclpy: run the set-up (make test) first")
    started: list[Supervisor] = []

    def running(supervisor: Supervisor) -> None:
        started.append(supervisor)
        raise SupervisorError("enough seen")

    monkeypatch.setattr(graph_bench, "running", running)
    with pytest.raises(SupervisorError, match="enough seen"):
        graph_bench.Graph()(0, lambda *_: None)
    assert started[0].environment["F2P_SUPERVISOR_PID"] == str(os.getpid())
    assert [Path(one).name for one in started[0].arguments if one.endswith("yaml")] == ["sim.yaml", "parameters.yaml"]
