"""Shared memory where images are, UDP alone elsewhere, and what a person has chosen stays."""

from __future__ import annotations

import os
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from f2p.graph.places import share
from f2p.ros.base import transports as module
from f2p.ros.base.transports import PROFILES, chosen_of, transports

HERE = {"ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST"}
OURS = str(share("config/fastdds.xml"))


def profile(environment: dict[str, str], images: bool) -> str:
    chosen = chosen_of(environment, images)
    names = {Path(chosen[name]).name for name in PROFILES}
    assert len(names) == 1
    return names.pop()


@pytest.mark.parametrize(
    ("environment", "images", "name"),
    [
        ({}, True, "fastdds.xml"), ({}, False, "fastdds_udp.xml"), (HERE, True, "fastdds_here.xml"),
        (HERE, False, "fastdds_here_udp.xml"), ({"ROS_LOCALHOST_ONLY": "1"}, False, "fastdds_here_udp.xml"),
        ({"ROS_AUTOMATIC_DISCOVERY_RANGE": "SUBNET", "RMW_IMPLEMENTATION": "rmw_fastrtps_cpp"}, False,
         "fastdds_udp.xml"),
    ],
)  # fmt: skip
def test_only_processes_with_images_have_shared_memory(environment: dict[str, str], images: bool, name: str) -> None:
    for told in ({}, dict.fromkeys(PROFILES, OURS)):
        assert profile({**environment, **told}, images) == name
    kinds = [one.text for one in ElementTree.parse(share(f"config/{name}")).iter() if one.tag.endswith("}type")]
    assert kinds == (["SHM", "UDPv4"] if images else ["UDPv4"])


def test_on_this_machine_only_the_profile_says_so_and_not_the_middleware_which_would_add_its_own() -> None:
    chosen = chosen_of(HERE | {"ROS_LOCALHOST_ONLY": "1"}, images=False)
    assert chosen["ROS_AUTOMATIC_DISCOVERY_RANGE"] == "SYSTEM_DEFAULT" and chosen["ROS_LOCALHOST_ONLY"] == ""
    assert "ROS_AUTOMATIC_DISCOVERY_RANGE" not in chosen_of({}, images=False)
    for name in ("fastdds_here.xml", "fastdds_here_udp.xml"):
        text = share(f"config/{name}").read_text()
        assert text.count("<address>127.0.0.1</address>") == 2, "bound there, and looked for there"
        assert "<metatrafficUnicastLocatorList>" in text, "no multicast"


def test_what_a_person_has_chosen_stays(tmp_path: Path) -> None:
    own = tmp_path / "own.xml"
    own.write_text("<dds/>")
    for environment in (
        {PROFILES[0]: str(own)}, {PROFILES[0]: OURS, PROFILES[1]: str(own)}, {PROFILES[0]: str(tmp_path / "none.xml")},
        {"RMW_IMPLEMENTATION": "rmw_cyclonedds_cpp"}, HERE | {"ROS_STATIC_PEERS": "192.0.2.1"},
    ):  # fmt: skip
        assert chosen_of(environment, images=False) == {}


def test_the_variables_are_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """A child that began with those of its parent would take them for a person's choice."""
    for name in PROFILES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    monkeypatch.setattr(module, "sweep", lambda: 0)
    before = dict(os.environ)
    with transports():
        assert os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] == "SYSTEM_DEFAULT"
        assert os.environ[PROFILES[0]].endswith("fastdds_here_udp.xml")
    assert dict(os.environ) == before
