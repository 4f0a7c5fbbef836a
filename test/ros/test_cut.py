"""A step that was sent while the driver was cut off from the network is not heard when the network is back."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("rclpy", reason="no rclpy: run the set-up (make test) first")

CUT = """
import subprocess, sys, threading

from f2p.clock import SystemClock
from f2p.robot.protocol import LIFT, Motion
from f2p.ros.remote.driver import GONE_S, Driver
from f2p.ros.remote.goal import spinning
from f2p.ros.session.network import dropping, require_own

require_own()
pause, clock, steps = threading.Event(), SystemClock(), []
fake = subprocess.Popen([sys.executable, sys.argv[1]], stdout=subprocess.PIPE, text=True)
threading.Thread(target=lambda: steps.extend(one for one in fake.stdout if "STEP" in one), daemon=True).start()


def until(condition, within_s=20.0):
    end_s = clock.monotonic_s() + within_s
    while not condition():
        assert clock.monotonic_s() < end_s, "not within time"
        pause.wait(timeout=0.05)


with spinning("cut") as node:
    try:
        driver = Driver(node, clock)
        send = lambda: driver.send(Motion((LIFT,), (0.3,)), (0.2,), lambda: None, lambda *_: None)
        until(lambda: not driver.missing())
        send()
        until(lambda: len(steps) == 1 and not driver.state().pending)
        with dropping(fake.pid, 1.0):
            send()
            pause.wait(timeout=2.0 * GONE_S)
        pause.wait(timeout=5.0)
        assert len(steps) == 1, "it was heard after the network was back"
        until(lambda: not driver.missing())
        send()
        until(lambda: len(steps) == 2 and not driver.state().pending)
    finally:
        fake.kill()
"""
"""In a network of its own, beside the driver for tests: one step before the cut, one in it, one after."""


def test_a_step_sent_into_a_cut_network_is_never_heard(ros_domain: int) -> None:
    """It was heard 1.6 s after the network was back, and moved the base by a step that nobody waited for."""
    command = ["unshare", "--net", "sh", "-c", 'ip link set lo up && iptables -L > /dev/null && exec "$0" "$@"']
    if subprocess.run([*command, "true"], capture_output=True, check=False, timeout=30).returncode:
        pytest.skip("no root, or no iptables: nothing can be cut here")
    fake = Path(__file__).with_name("fake_driver.py")
    subprocess.run([*command, sys.executable, "-c", CUT, str(fake)], check=True, timeout=120)
