"""`f2p run` where no stack runs: a line that says so within seconds, not half an hour of silence."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest.importorskip("rclpy", reason="no rclpy: run the set-up (make test) first")

from typer.testing import CliRunner

from f2p.cli import build, doctor, run
from f2p.clock import SystemClock
from f2p.errors import CanceledError
from f2p.ros.errors import NoStackError
from f2p.ros.remote.goal import GoalClient, spinning

pytestmark = pytest.mark.together


def test_a_stack_is_found_by_any_of_its_processes(ros_domain: int) -> None:
    with spinning("test_run") as node:
        client = GoalClient(node)
        with pytest.raises(
            NoStackError, match=rf"no stack is running in /f2p of ROS domain {ros_domain}: .*\./f2p up --sim"
        ):
            client.find(0.5)
        with pytest.raises(CanceledError):
            client.find(10.0, lambda: True)
        with spinning("perception"):
            client.find(10.0)


def test_run_without_a_stack_ends_soon_and_says_how_to_start_one(
    ros_domain: int,
) -> None:
    assert run.RunConfig().found_s <= 10.0
    clock = SystemClock()
    began_s = clock.monotonic_s()
    result = CliRunner().invoke(build("run"), ["run", "above(box, table_b)", "--set", "found_s=1"])
    assert result.exit_code == 2 and clock.monotonic_s() - began_s < 15.0
    assert result.stderr.startswith(f"error 921: no stack is running in /f2p of ROS domain {ros_domain}: ")
    assert len(result.stderr.splitlines()) == 1 and not result.stdout


@pytest.mark.parametrize("domain", ["abc", "300", "233", "-1", "1.5", "09"])
@pytest.mark.parametrize("words", [("run", "above(box, table_b)"), ("up",)], ids=["run", "up"])
def test_what_is_no_domain_is_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, words: tuple[str, ...], domain: str
) -> None:
    """A word was a trace of rclpy; of a number that is too large DDS alone spoke, and ended the process."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ROS_DOMAIN_ID", domain)
    result = CliRunner().invoke(build(words[0]), list(words))
    says = f"error 11: ROS_DOMAIN_ID is {domain!r}: must be a whole number from 0 to 232, or not be set\n"
    assert result.exit_code == 2 and result.stderr == says and not result.stdout


@pytest.mark.parametrize("domain", ["abc", "300"])
def test_what_is_no_domain_is_a_finding(monkeypatch: pytest.MonkeyPatch, domain: str) -> None:
    monkeypatch.setenv("ROS_DOMAIN_ID", domain)
    monkeypatch.setattr(doctor, "CHECKS", ())
    result = CliRunner().invoke(build("doctor"), ["doctor", "--json"])
    finding = json.loads(result.stdout.splitlines()[-1])["findings"][0]
    assert result.exit_code == 1 and finding["name"] == "graph" and not finding["ok"]
    assert finding["text"].startswith(f"ROS_DOMAIN_ID is {domain!r}: ") and finding["remedy"]


def test_a_stack_without_a_driver_says_within_seconds_what_it_waits_for(processes: object) -> None:
    """The guard waited without a word, and `f2p run` for half an hour."""
    for name in ("manager", "guard"):
        processes.start(name, "-m", "f2p.ros.main", name)
    result = CliRunner().invoke(build("run"), ["run", "above(box, table_b)", "--set", "ready_s=12"])
    waits = "guard waits for the driver (no message on: /stretch/joint_states, /odom, /mode; no: action /stretch_contr"
    assert result.exit_code == 2 and f"not ready yet: {waits}" in result.stdout
    assert result.stderr.startswith("error 922: the stack is not ready within 12 s: ") and waits in result.stderr
    assert len(result.stderr.splitlines()) == 1 and "ros2 launch stretch_core" in result.stderr
    assert "waits for the driver" in processes.log("guard")
    assert "refused" not in processes.log("guard") + processes.log("manager")


def test_a_namespace_without_a_stack_is_told_with_those_that_have_one(processes: object, ros_domain: int) -> None:
    processes.start("manager", "-m", "f2p.ros.main", "manager", "--ros-args", "-r", "__ns:=/left/f2p")
    words = ["run", "above(box, table_b)", "--namespace", "right", "--set", "found_s=6"]
    result = CliRunner().invoke(build("run"), words)
    assert result.exit_code == 2
    assert f"no stack is running in /right/f2p of ROS domain {ros_domain}: " in result.stderr
    assert "there is one in /left/f2p: say --namespace" in result.stderr
