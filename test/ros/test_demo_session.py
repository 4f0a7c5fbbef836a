"""A demo keeps to itself: a domain of its own, and nothing started where a robot is already."""

from __future__ import annotations

import contextlib
import os
from types import SimpleNamespace

import pytest

pytest.importorskip("rclpy", reason="no rclpy: run the set-up (make test) first")

from sensor_msgs.msg import JointState

from f2p.graph.errors import DomainTakenError
from f2p.graph.places import DOMAINS, own_domain
from f2p.ros.base import qos
from f2p.ros.remote.goal import spinning
from f2p.ros.session.demo import refuse_company, running


def test_an_exported_domain_is_never_joined(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ROS_DOMAIN_ID", raising=False)
    with own_domain() as own:
        derived = own["ROS_DOMAIN_ID"]
    for exported in ("0", derived, "78"):
        monkeypatch.setenv("ROS_DOMAIN_ID", exported)
        monkeypatch.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", "SUBNET")
        with own_domain() as own:
            assert own["ROS_DOMAIN_ID"] != exported and 1 <= int(own["ROS_DOMAIN_ID"]) <= DOMAINS
            assert own["ROS_AUTOMATIC_DISCOVERY_RANGE"] == "LOCALHOST" and own["ROS_STATIC_PEERS"] == ""


def test_two_demos_never_share_a_domain() -> None:
    """Process ids decide where the search begins only: two that are fifty apart once watched each other's nodes."""
    with own_domain() as one, own_domain() as other:
        assert one["ROS_DOMAIN_ID"] != other["ROS_DOMAIN_ID"]
    with own_domain() as again:
        assert again["ROS_DOMAIN_ID"] == one["ROS_DOMAIN_ID"], "it is free again"
    with contextlib.ExitStack() as taken, pytest.raises(DomainTakenError, match="all ROS domains from 1 to 50"):
        for _ in range(DOMAINS + 1):
            taken.enter_context(own_domain())


@pytest.mark.parametrize(("distribution", "only"), [("humble", "1"), ("jazzy", "")])
def test_each_distribution_is_told_in_the_way_it_knows(
    monkeypatch: pytest.MonkeyPatch, distribution: str, only: str
) -> None:
    monkeypatch.setenv("ROS_DISTRO", distribution)
    with own_domain() as own:
        assert own["ROS_LOCALHOST_ONLY"] == only


def test_nothing_is_started_where_a_robot_is_already(monkeypatch: pytest.MonkeyPatch, ros_domain: int) -> None:
    with own_domain() as own:
        mine = {**own, "ROS_DOMAIN_ID": str(ros_domain)}
    monkeypatch.setattr("f2p.ros.session.demo.own_domain", lambda: contextlib.nullcontext(mine))
    for name in mine:
        monkeypatch.setenv(name, os.environ.get(name, ""))  # `running` sets them; the test puts them back
    started: list[bool] = []
    supervisor = SimpleNamespace(start=lambda: started.append(True), stop=lambda: started.append(False))
    with spinning("stretch_driver") as driver:
        driver.create_publisher(JointState, "/stretch/joint_states", qos.STATE)
        with pytest.raises(DomainTakenError, match=f"in ROS domain {ros_domain} already"), running(supervisor):
            pytest.fail("it must not run")
    assert not started


def test_an_empty_domain_is_free(ros_domain: int) -> None:
    refuse_company()
