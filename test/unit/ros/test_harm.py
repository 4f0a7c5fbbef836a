"""What is done to processes of the running graph: clocks that jump, and a network that is cut around one of them."""

from __future__ import annotations

import os
import socket
import struct
import subprocess
import sys
import threading
from collections import deque
from types import SimpleNamespace

import pytest

pytest.importorskip("rclpy", reason="no rclpy: run the set-up (make test) first")

from rclpy.clock import Clock, ClockType
from rclpy.time import Time

from f2p.bench.faults import PASSES_S
from f2p.graph import graph
from f2p.ros.base.heartbeat import Watch
from f2p.ros.session import hangable
from f2p.ros.session.delay import ERROR, HEAD, packets_in
from f2p.ros.session.harm import FAULTS, Harm
from f2p.ros.session.motions import MotionWatch, Sample
from f2p.ros.session.network import AT_ONCE, ports_of, require_own, rules
from f2p.settings import SettingError
from f2p_msgs.msg import Heartbeat


def test_a_clock_is_ahead_for_a_while_and_the_steady_one_never(monkeypatch: pytest.MonkeyPatch) -> None:
    moment = [100.0]
    monkeypatch.setattr(hangable.SystemClock, "monotonic_s", lambda _: moment[0])
    now, jump = hangable.jumpable(Clock.now)

    def ahead_s(kind: ClockType) -> float:
        clock = Clock(clock_type=kind)
        return (now(clock) - clock.now()).nanoseconds / 1e9

    assert abs(ahead_s(ClockType.SYSTEM_TIME)) < 1.0
    jump(0, None)
    assert ahead_s(ClockType.SYSTEM_TIME) == pytest.approx(hangable.AHEAD_S, abs=1.0)
    assert ahead_s(ClockType.ROS_TIME) == pytest.approx(hangable.AHEAD_S, abs=1.0)
    assert abs(ahead_s(ClockType.STEADY_TIME)) < 1.0
    moment[0] += PASSES_S["jump"]
    assert abs(ahead_s(ClockType.ROS_TIME)) < 1.0, "it is set right again"


def test_a_motion_is_to_go_on_when_a_clock_jumps_that_it_is_not_timed_by() -> None:
    """One that ended seconds after the orchestrator's clock jumped, with late joint states, counted as stopped late."""
    harm, vital = Harm.__new__(Harm), set(graph.VITAL)
    jumps = {spec.name: harm.spares(spec.name, "jump") for spec in graph.nodes("sim")}
    assert {name for name, spared in jumps.items() if not spared} == {"guard", "stretch_sim"}
    for fault in set(FAULTS) - {"jump"}:
        assert not any(harm.spares(name, fault) for name in (*vital, "guard", "stretch_sim"))
        assert harm.spares("model_server", fault)


@pytest.mark.parametrize("ahead_s", [-3600.0, -10.0, 0.0, 10.0, 3600.0])
def test_a_beat_counts_from_when_it_is_heard_whatever_its_stamp_says(ahead_s: float) -> None:
    """So a clock of a process that jumps neither ends a motion nor keeps one up that its silence ends."""
    heard, clock = [], SimpleNamespace(monotonic_s=lambda: 50.0)
    node = SimpleNamespace(create_subscription=lambda _kind, _topic, on_beat, *_, **__: heard.append(on_beat))
    watch = Watch(node, ["orchestrator"], clock)
    beat = Heartbeat(node="orchestrator", state=Heartbeat.ACTIVE, pid=7)
    beat.header.stamp = Time(nanoseconds=round((1.8e9 + ahead_s) * 1e9)).to_msg()
    heard[0](beat)
    assert watch.life("orchestrator").received_s == 50.0 and watch.active("orchestrator")
    clock.monotonic_s = lambda: 60.0
    assert not watch.alive("orchestrator"), "and it does not live by its stamp"


def test_the_way_of_a_base_that_was_not_heard_meanwhile_counts() -> None:
    """While the driver is cut off nobody hears it: the first that is heard again is where the base already stands."""
    watch = MotionWatch.__new__(MotionWatch)
    watch._lock = threading.Lock()
    watch._base = deque(Sample(at_s, (x, 0.0, 0.0)) for at_s, x in ((9.9, 0.10), (10.0, 0.11), (13.1, 0.15)))
    assert watch.travel(10.0, 15.0) == pytest.approx(0.04)
    assert watch.travel(13.0, 13.05) == 0.0, "nothing heard"


def test_ports_are_those_of_one_process() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.bind(("127.0.0.1", 0))
        assert one.getsockname()[1] in ports_of(os.getpid())
        assert one.getsockname()[1] not in ports_of(os.getppid())


def test_rules_take_as_many_ports_as_one_may() -> None:
    made = rules(list(range(1, AT_ONCE + 3)), ["-j", "DROP"])
    assert [len(rule[rule.index("--ports") + 1].split(",")) for rule in made] == [AT_ONCE, 2]
    assert all(rule[-2:] == ["-j", "DROP"] for rule in made)
    assert rules([], ["-j", "DROP"]) == []


def test_outside_a_network_of_ones_own_nothing_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "if_nameindex", lambda: [(1, "lo"), (2, "eth0")])
    with pytest.raises(SettingError, match="unshare --net"):
        require_own()


NETWORK = """
import os, socket
from f2p.clock import SystemClock
from f2p.ros.session.network import delaying, dropping, require_own

require_own()
heard, sender = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
heard.bind(("127.0.0.1", 0))
heard.settimeout(0.7)
clock = SystemClock()


def arrived(number):
    "What arrived of so many packets, and how long the last took."
    began_s, out = clock.monotonic_s(), b""
    for one in range(number):
        sender.sendto(bytes([one]), heard.getsockname())
    try:
        while len(out) < number:
            out += heard.recv(1)
    except TimeoutError:
        pass
    return out, clock.monotonic_s() - began_s


assert arrived(1)[0]
"""
"""In a network of its own: what a process sends arrives."""

CUT = """
with dropping(os.getpid(), 1.0):
    assert not arrived(1)[0]
assert arrived(1)[0]
with dropping(os.getpid(), 0.3):
    assert 100 < len(arrived(200)[0]) < 180
"""
"""It does not while that is cut, and does again; of 200 packets some 140 do where 30 % are lost."""

SLOW = """
assert arrived(200)[1] < 0.2
with delaying(os.getpid(), 0.3):
    for number in (1, 200):
        out, took_s = arrived(number)
        assert out == bytes(range(number)) and 0.3 <= took_s < 0.6, (len(out), took_s)
    sender.sendto(b"x", heard.getsockname())
assert heard.recv(1) == b"x", "nothing is lost at the end"
assert arrived(200)[1] < 0.2
"""
"""It is late by what it is to be late, in its order, and is not any more afterwards."""


@pytest.mark.parametrize("harm", [CUT, SLOW], ids=["cut", "slow"])
def test_a_network_is_cut_or_slow_and_whole_afterwards(harm: str) -> None:
    command = ["unshare", "--net", "sh", "-c", 'ip link set lo up && iptables -L > /dev/null && exec "$0" "$@"']
    if subprocess.run([*command, "true"], capture_output=True, check=False, timeout=30).returncode:
        pytest.skip("no root, or no iptables: nothing can be cut here")
    subprocess.run([*command, sys.executable, "-c", NETWORK + harm], check=True, timeout=60)


def test_a_kernel_that_queues_nothing_says_so() -> None:
    refused = HEAD.pack(HEAD.size + 4, ERROR, 0, 0, 0) + struct.pack("=i", -1)
    with pytest.raises(OSError, match="does not queue"):
        list(packets_in(refused))
    assert list(packets_in(HEAD.pack(HEAD.size + 4, ERROR, 0, 0, 0) + struct.pack("=i", 0))) == []
