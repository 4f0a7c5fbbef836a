"""The SROS2 policy: in the form of `ros2 security`, up to date, and nobody but the guard is let at the driver."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from f2p.graph.errors import GraphError
from f2p.graph.graph import OWN, of_graph
from f2p.graph.outside import ACTION, SERVICES, TOPICS
from f2p.graph.policy import policy
from f2p.graph.speaking import OWN as SAID
from f2p.graph.speaking import TOOLS, endpoints, type_of

ROOT = Path(__file__).resolve().parents[3]
RULES = {
    "topics": ("topic", {"publish", "subscribe"}), "services": ("service", {"reply", "request"}),
    "actions": ("action", {"execute", "call"}),
}  # fmt: skip


def enclaves(text: str) -> dict[str, ElementTree.Element]:
    """Profiles by enclave, once the form is seen to be that of sros2/policy/schemas/policy.xsd, version 0.2.0."""
    root = ElementTree.fromstring(text)
    assert root.tag == "policy" and root.attrib == {"version": "0.2.0"} and [one.tag for one in root] == ["enclaves"]
    out = {}
    for enclave in root[0]:
        assert enclave.tag == "enclave" and set(enclave.attrib) == {"path"}
        assert [one.tag for one in enclave] == ["profiles"] and len(enclave[0])
        for profile in enclave[0]:
            assert profile.tag == "profile" and set(profile.attrib) == {"ns", "node"} and len(profile)
            for rule in profile:
                entry, allowed = RULES[rule.tag]
                assert set(rule.attrib) <= allowed and set(rule.attrib.values()) == {"ALLOW"} and len(rule)
                assert {one.tag for one in rule} == {entry} and all(one.text for one in rule)
        out[enclave.attrib["path"]] = enclave[0]
    assert len(out) == len(root[0])
    return out


def allowed(profiles: ElementTree.Element, what: str) -> set[str]:
    """Names that an enclave may, say, publish."""
    return {one.text or "" for rule in profiles.iter() if what in rule.attrib for one in rule}


def test_each_node_has_its_enclave_and_the_operator_has_his() -> None:
    for name in ("robot", "sim", "replay"):
        paths = {f"/f2p/{spec.name}" for spec in of_graph(name)} | {"/f2p/operator"}
        assert set(enclaves(policy(of_graph(name)))) == paths


def test_only_the_guard_is_let_at_the_driver() -> None:
    told = enclaves(policy(of_graph("robot")))
    orders = {"/stop_the_robot", "/runstop", "/switch_to_position_mode", "/switch_to_navigation_mode"}
    for path, profiles in told.items():
        mine = path == "/f2p/guard"
        assert ("/stretch/cmd_vel" in allowed(profiles, "publish")) == mine
        assert (ACTION in allowed(profiles, "call")) == mine and (ACTION not in allowed(profiles, "execute"))
        assert (orders & allowed(profiles, "request") == orders) if mine else not orders & allowed(profiles, "request")
    assert "guard_state" not in allowed(told["/f2p/executor"], "publish")
    assert "~/stop" in allowed(told["/f2p/guard"], "reply")


def test_only_those_who_may_move_the_robot_may_hold_a_lease() -> None:
    told = enclaves(policy(of_graph("robot")))
    may = {path for path, profiles in told.items() if "lease" in allowed(profiles, "publish")}
    assert may == {f"/f2p/{name}" for name in ("executor", "perception", "teleop", "console", "operator")}


def test_a_namespace_and_a_driver_move_every_name() -> None:
    told = enclaves(policy(of_graph("robot"), "left", "/left"))
    guard = told["/left/f2p/guard"]
    assert guard[0].attrib == {"ns": "/left/f2p", "node": "guard"}
    assert "/left/stretch/cmd_vel" in allowed(guard, "publish") and f"/left{ACTION}" in allowed(guard, "call")
    ros = {"/rosout", "/parameter_events", "/diagnostics"}
    for profiles in told.values():
        names = {one for what in ("publish", "subscribe", "request", "call") for one in allowed(profiles, what)}
        assert all(one.startswith("/left/") or one in ros for one in names if one.startswith("/"))
    with pytest.raises(GraphError, match="write an absolute one"):
        policy(of_graph("robot"), driver="left")


def test_what_is_declared_is_of_known_types_and_names() -> None:
    assert set(SAID) == {spec.name for spec in OWN}, "say in f2p.graph.speaking what the new node has"
    ours = {*TOPICS, *SERVICES, ACTION, "/rosout", "/parameter_events", "/diagnostics"}
    for spec in OWN:
        has = endpoints(spec)
        assert {name for name in has.every if name.startswith("/")} <= ours, "say in f2p.graph.outside what is not ours"
        for kind in ("publishes", "subscribes", "serves", "calls", "executes", "asks"):
            assert all(type_of(kind, name) for name in getattr(has, kind)), spec.name
        assert set(has.watches) <= {one.name for one in OWN}
    told = [endpoints(spec) for spec in OWN]
    for heard, said in (("calls", "serves"), ("asks", "executes")):
        there = {name for one in told for name in getattr(one, said)}
        assert {name for one in (*told, *TOOLS.values()) for name in getattr(one, heard)} <= there
    assert {name for one in told for name in one.subscribes} - {name for one in told for name in one.publishes} == {
        "/joy", "/camera/color/image_raw/compressed", "perceive/_action/feedback", "achieve_goal/_action/feedback",
        "execute_skill/_action/feedback", "achieve_goal/_action/status", "execute_skill/_action/status",
        "fine_tune/_action/feedback", "fine_tune/_action/status",
    }  # fmt: skip


def test_the_policy_beside_the_launch_files_is_what_the_graph_says() -> None:
    written = (ROOT / "config" / "robot.policy.xml").read_text()
    assert written == policy(of_graph("robot")), "write it anew: ./f2p graph robot --policy > config/robot.policy.xml"
