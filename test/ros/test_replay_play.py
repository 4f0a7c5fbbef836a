"""Playing a recording: heard with its clock in a domain of its own, and not at all where the robot is."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("rclpy", reason="no rclpy: run the set-up (make test) first")

from geometry_msgs.msg import Twist
from rclpy.serialization import serialize_message
from rosgraph_msgs.msg import Clock
from std_msgs.msg import String
from std_srvs.srv import SetBool

from f2p.graph.places import own_domain
from f2p.record.definitions import own_definition
from f2p.record.subjects import LATCHED, STATE, qos_text
from f2p.record.values import Recorded, Topic
from f2p.record.writer import BagFolder
from f2p.ros.base import qos
from f2p.ros.base.heartbeat import Watch
from f2p.ros.remote.goal import spinning
from f2p.ros.replay.launched import player_command

from .conftest import WITH_ME

pytestmark = pytest.mark.together

S, START_NS, LONG_S = 1_000_000_000, 1_700_000_000_000_000_000, 600


def recording(folder: Path) -> Path:
    """Ten minutes of what was said, and of a base that was driven."""
    said = Topic("/said", "std_msgs/msg/String", own_definition("std_msgs/msg/String"), qos=qos_text(LATCHED))
    driven = Topic("/stretch/cmd_vel", "geometry_msgs/msg/Twist", own_definition("geometry_msgs/msg/Twist"),
                   qos=qos_text(STATE))  # fmt: skip
    bag = BagFolder(folder, 60.0, {})
    for second in range(LONG_S):
        bag.write(Recorded(said, START_NS + second * S, serialize_message(String(data=str(second)))))
        bag.write(Recorded(driven, START_NS + second * S, serialize_message(Twist())))
    bag.end()
    return folder


def test_it_is_heard_in_its_own_domain_and_never_in_the_robots(
    ros_domain: int, tmp_path: Path, until: Callable[..., float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROS_DOMAIN_ID", "7")  # the robot's, exported as on its own computer
    command = (sys.executable, "-m", "f2p", "replay", str(recording(tmp_path / "bag")), "--play", "--rate", "5")
    heard: dict[str, list[str]] = {"robot": [], "replay": []}
    times: list[int] = []
    with (
        spinning("robot_listener") as robot,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as player,
    ):
        assert player.stdout is not None
        line = player.stdout.readline()
        found = re.search(r"ROS_DOMAIN_ID=(\d+), on this machine only", line)
        assert found and found[1] != "7" and found[1] != os.environ["ROS_DOMAIN_ID"], line
        robot.create_subscription(String, "/said", lambda one: heard["robot"].append(one.data), 10)
        robot.create_subscription(Clock, "/clock", lambda _: heard["robot"].append("clock"), 10)
        monkeypatch.setenv("ROS_DOMAIN_ID", found[1])
        with spinning("replay_listener") as listener:
            listener.create_subscription(String, "/said", lambda one: heard["replay"].append(one.data), qos.LATCHED)
            listener.create_subscription(Twist, "/stretch/cmd_vel", lambda _: heard["replay"].append("drive"), 10)
            listener.create_subscription(Clock, "/clock", lambda one: times.append(one.clock.sec), 10)
            until(lambda: len(heard["replay"]) > 3 and len(times) > 3, 120.0, "the recording is heard")
        player.terminate()
        rest = player.stdout.read()
    assert heard["robot"] == []
    assert heard["replay"] and set(heard["replay"]) <= set(map(str, range(LONG_S))), "what was said, and no command"
    assert times and START_NS // S <= min(times) <= max(times) <= START_NS // S + LONG_S
    assert "/stretch/cmd_vel is not played: it commands" in rest


class Launched:
    """The processes of `replay.launch.py` as it asks for them: in its domain, with the time of the recording."""

    def __init__(self, bag: Path, domain: dict[str, str], folder: Path) -> None:
        self.folder = folder
        self.environment = {**os.environ, **domain}
        self.children = [self._start(player_command(str(bag), "1.0", "2.0", True, ""))]
        for name in ("manager", "monitor"):
            told = ("--ros-args", "-p", "use_sim_time:=true")
            more = ("-p", "graph:=replay") if name == "manager" else ()
            self.children.append(self._start([sys.executable, "-m", f"f2p.ros.nodes.{name}", *told, *more]))

    def _start(self, command: list[str]) -> subprocess.Popen[bytes]:
        with (self.folder / "launched.log").open("ab") as log:
            return subprocess.Popen((*WITH_ME, *command), stdout=log, stderr=subprocess.STDOUT, cwd=self.folder,
                                    env=self.environment)  # fmt: skip

    def end(self) -> None:
        for child in self.children:
            child.terminate()
        for child in self.children:
            child.wait(timeout=20)


def test_what_the_launch_file_starts_plays_beside_nodes_that_live_in_its_time(
    ros_domain: int, tmp_path: Path, until: Callable[..., float], monkeypatch: pytest.MonkeyPatch
) -> None:
    bag = recording(tmp_path / "bag")
    with own_domain() as domain:
        launched = Launched(bag, domain, tmp_path)
        try:
            for name, value in domain.items():
                monkeypatch.setenv(name, value)
            with spinning("replay_listener") as node:
                watch, times, said = Watch(node, ["monitor"]), list[int](), list[str]()
                node.create_subscription(Clock, "/clock", lambda one: times.append(one.clock.sec - START_NS // S), 10)
                node.create_subscription(String, "/said", lambda one: said.append(one.data), qos.LATCHED)
                until(lambda: watch.active("monitor") and len(times) > 10, 150.0, "the monitor is active")
                assert set(times) == {2} and set(said) <= {"0", "1", "2"}, "it stands where it begins"
                pause = node.create_client(SetBool, "player/pause")
                until(pause.service_is_ready, 20.0, "the player can be asked")
                done = pause.call_async(SetBool.Request(data=False))
                until(done.done, 20.0, "the player answers")
                until(lambda: "5" in said, 60.0, "it plays")
                assert watch.active("monitor") and max(times) < 60, "at the pace of the recording"
        finally:
            launched.end()
    assert "is not played: it commands" in (tmp_path / "launched.log").read_text()


def ended(command: list[str], environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """A command that ends by itself."""
    told = {**os.environ, **environment}
    return subprocess.run(command, env=told, capture_output=True, text=True, timeout=120, check=False)


def test_it_does_not_join_a_domain_that_nobody_has_claimed_for_it(ros_domain: int, tmp_path: Path) -> None:
    command = player_command(str(recording(tmp_path / "bag")), "1.0", "0.0", False, "")
    free = {"ROS_DOMAIN_ID": "101"}
    for environment in (free, {**free, "ROS_AUTOMATIC_DISCOVERY_RANGE": "SUBNET"}, {"ROS_DOMAIN_ID": ""}):
        done = subprocess.run(
            command, env={**os.environ, **environment}, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 2 and "error 972" in done.stderr and "was not claimed for a replay" in done.stderr
    with own_domain() as domain:  # claimed, but heard beyond this machine
        done = ended(command, {**domain, "ROS_AUTOMATIC_DISCOVERY_RANGE": "SUBNET"})
    assert done.returncode == 2 and "was not claimed for a replay on this machine only" in done.stderr
