"""Signs of life over real DDS: a kill, a stop and a hung job are noticed; a respawn is told apart."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytest.importorskip("rclpy", reason="no rclpy: run the set-up (make test) first")

import rclpy
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node

from f2p.clock import SystemClock
from f2p.graph.graph import NAMESPACE
from f2p.graph.graph import node as spec_of
from f2p.ros.base import qos
from f2p.ros.base.heartbeat import Pulse, Watch
from f2p.ros.base.shared_memory import sweep
from f2p.ros.remote.goal import spinning
from f2p_msgs.msg import Heartbeat

NAME, SEES = "orchestrator", "perception"
"""A process without images, and one with."""
UP_S = 150.0
"""Longest start of a process on a busy machine [s]."""

SLACK_S = 1.5
"""What a busy machine may add to the lease [s]."""


@pytest.fixture
def node(ros_domain: int) -> Iterator[Node]:
    with spinning("test_heartbeat") as made:
        yield made


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "stopped"])
def test_a_dead_or_stopped_process_is_noticed_within_its_lease(
    node: Node, processes: object, until: Callable[..., float], number: signal.Signals
) -> None:
    child = processes.start(NAME, "-m", f"f2p.ros.nodes.{NAME}")
    watch, lease_s = Watch(node, [NAME]), spec_of(NAME).dead_after_s
    until(lambda: watch.alive(NAME), UP_S, "first heartbeat")
    assert watch.life(NAME).pid == child.pid and watch.life(NAME).state == "unconfigured"
    assert not watch.active(NAME)
    child.send_signal(number)
    took = until(lambda: not watch.alive(NAME), lease_s + SLACK_S + 5, "noticing")
    assert took <= lease_s + SLACK_S
    if number == signal.SIGSTOP:
        child.send_signal(signal.SIGCONT)
        until(lambda: watch.alive(NAME), 20, "life after SIGCONT")


@pytest.mark.together
def test_a_respawned_process_is_another_one(node: Node, processes: object, until: Callable[..., float]) -> None:
    first = processes.start(NAME, "-m", f"f2p.ros.nodes.{NAME}")
    watch = Watch(node, [NAME])
    until(lambda: watch.alive(NAME), UP_S, "first heartbeat")
    first.kill()
    second = processes.start(NAME, "-m", f"f2p.ros.nodes.{NAME}")
    until(lambda: watch.alive(NAME) and watch.life(NAME).pid == second.pid, UP_S, "the second's heartbeat")


@pytest.mark.parametrize(("depth", "heard"), [(1, False), (20, True)])
def test_forged_beats_do_not_push_out_a_real_one(ros_domain: int, depth: int, heard: bool) -> None:
    """A flood of beats in strange names had the supervisor end processes that beat all the time."""
    context = Context()
    rclpy.init(context=context)
    node, executor = (
        rclpy.create_node("one", context=context, namespace=NAMESPACE),
        SingleThreadedExecutor(context=context),
    )
    executor.add_node(node)
    spec, watch = spec_of(NAME), Watch(node, [NAME], depth=depth)
    real, forged = (
        Pulse(node, spec),
        node.create_publisher(Heartbeat, spec.heartbeat_topic, qos.heartbeat(spec.heartbeat_s, spec.dead_after_s)),
    )
    until_found = [executor.spin_once(timeout_sec=0.05) for _ in range(10)]
    real.beat("active")
    for _ in until_found:
        forged.publish(Heartbeat(node="nobody"))
    for _ in range(40):
        executor.spin_once(timeout_sec=0.02)
    assert (watch.life(NAME).pid == os.getpid()) is heard
    executor.shutdown()
    node.destroy_node()
    rclpy.try_shutdown(context=context)


@pytest.mark.together
def test_the_shared_memory_of_a_killed_process_is_given_back(
    node: Node, processes: object, until: Callable[..., float]
) -> None:
    """Of a process with images; those without have none (`ros/base/transports`)."""
    child, watch = processes.start(SEES, "-m", f"f2p.ros.nodes.{SEES}"), Watch(node, [SEES])
    until(lambda: watch.alive(SEES), UP_S, "first heartbeat")
    held = [link.readlink() for link in Path(f"/proc/{child.pid}/fd").iterdir() if link.is_symlink()]
    segments = [lock.with_name(lock.name[:-3]) for lock in held if re.fullmatch("fastrtps_[0-9a-f]{16}_el", lock.name)]
    sweep()
    assert sum(segment.stat().st_size for segment in segments) > 64e6, "a living process keeps its own"
    child.kill()
    child.wait(timeout=10)
    sweep()
    assert not [segment for segment in segments if segment.exists()], "a dead one's stays in memory for ever"


@pytest.mark.together
def test_a_node_ends_soon_after_sigterm(processes: object, node: Node, until: Callable[..., float]) -> None:
    child, clock = processes.start(NAME, "-m", f"f2p.ros.nodes.{NAME}"), SystemClock()
    watch = Watch(node, [NAME])
    until(lambda: watch.alive(NAME), UP_S, "first heartbeat")
    start = clock.monotonic_s()
    child.terminate()
    assert child.wait(timeout=15) == 0
    assert clock.monotonic_s() - start < 10


@pytest.mark.parametrize(("name", "after_s"), [("manager", 0.6), ("guard", 0.9), ("guard", 4.0), ("monitor", 2.0)])
def test_ctrl_c_ends_a_process_soon_with_code_0_and_without_a_trace(
    processes: object, ros_domain: int, name: str, after_s: float
) -> None:
    """Nine of ten ended with -2 and a trace; a terminal sends SIGINT to all of them, and people press it twice."""
    child = processes.start(name, "-m", "f2p.ros.main", name)
    with contextlib.suppress(subprocess.TimeoutExpired):
        child.wait(timeout=after_s)
    for _ in range(2):
        child.send_signal(signal.SIGINT)
    assert child.wait(timeout=5.0) == 0, processes.log(name)
    assert "Traceback" not in processes.log(name)


def test_ctrl_c_at_a_node_that_works_leaves_nothing_to_read(
    processes: object, node: Node, until: Callable[..., float]
) -> None:
    """rclpy's executor was taken apart after ROS: "Exception ignored in SingleThreadedExecutor.__del__"."""
    child, watch = (
        processes.start(NAME, "-m", "f2p.ros.main", NAME, "--ros-args", "--log-level", "warn"),
        Watch(node, [NAME]),
    )
    until(lambda: watch.alive(NAME), UP_S, "first heartbeat")
    child.send_signal(signal.SIGINT)
    assert child.wait(timeout=5.0) == 0, processes.log(NAME)
    assert processes.log(NAME) == ""


@pytest.mark.together
def test_the_same_node_twice_on_one_machine_is_one_line(processes: object, node: Node) -> None:
    """Two guards would command one driver."""
    processes.start("manager", "-m", "f2p.ros.main", "manager")
    watcher = threading.Event()
    while "graph: " not in processes.log("manager"):
        watcher.wait(timeout=0.1)
    second = processes.start("second", "-m", "f2p.ros.main", "manager")
    assert second.wait(timeout=30) == 2
    said = processes.log("second")
    assert said.startswith("error 974: /f2p/manager runs on this machine already, in ROS domain ")
    assert said.count("\n") == 1
    elsewhere = processes.start("elsewhere", "-m", "f2p.ros.main", "manager", "--ros-args", "-r", "__ns:=/left/f2p")
    with pytest.raises(subprocess.TimeoutExpired):
        elsewhere.wait(timeout=3)


@pytest.mark.together
@pytest.mark.parametrize("module", ["manager", "stretch_sim", "monitor"])
def test_a_process_whose_supervisor_is_gone_ends_itself(
    processes: object, monkeypatch: pytest.MonkeyPatch, module: str
) -> None:
    """A demo that was killed left its simulator and its manager behind."""
    monkeypatch.setenv("F2P_SUPERVISOR_PID", "1")
    child = processes.start("orphan", "-m", f"f2p.ros.nodes.{module}")
    assert child.wait(timeout=UP_S) == 0, processes.log("orphan")
