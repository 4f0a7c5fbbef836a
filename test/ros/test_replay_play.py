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

from f2p.record.definitions import own_definition
from f2p.record.subjects import LATCHED, STATE, qos_text
from f2p.record.values import Recorded, Topic
from f2p.record.writer import BagFolder
from f2p.ros.base import qos
from f2p.ros.remote.goal import spinning

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
