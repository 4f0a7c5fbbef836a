"""The SROS2 policy of a graph: one enclave a node, and in it what that node says and hears, and nothing else.

Format 0.2.0 of `sros2/policy/schemas/policy.xsd`, which `ros2 security create_permission` takes.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from xml.etree import ElementTree

from f2p.graph.endpoints import Endpoints
from f2p.graph.graph import NodeSpec, within
from f2p.graph.outside import ACTION, moved
from f2p.graph.speaking import TOOLS, endpoints, tool

VERSION = "0.2.0"
OPERATOR = "operator"
"""Enclave of the commands that an operator types, below the namespace of the nodes."""

CLOCK = "/clock"
"""Heard by every node with `use_sim_time`."""

_RULES = (
    ("topics", "topic", "publish", "publishes"), ("topics", "topic", "subscribe", "subscribes"),
    ("services", "service", "reply", "serves"), ("services", "service", "request", "calls"),
    ("actions", "action", "execute", "executes"), ("actions", "action", "call", "asks"),
)  # fmt: skip
"""Element, its entries, what is allowed, and the kind of endpoint."""


def enclave_of(node: str, namespace: str = "") -> str:
    """Return the enclave of a node, such as /left/f2p/guard. Raises GraphError for what is no namespace."""
    return f"{within(namespace)}/{node}"


def policy(specs: Collection[NodeSpec], namespace: str = "", driver: str = "", sim_time: bool = False) -> str:
    """Return the policy of these nodes, and of the operator's commands, as XML.

    Args:
        specs: The nodes.
        namespace: Around them: "left" for /left/f2p.
        driver: Namespace of the names that are not ours.
        sim_time: Whether they may hear /clock.

    Raises:
        GraphError: No namespace is called so.
    """
    names = dict(moved(driver))
    names |= {ACTION: f"{driver.rstrip('/')}{ACTION}"} if names else {}
    heard = Endpoints(subscribes=(CLOCK,) if sim_time else ())
    root = ElementTree.Element("policy", version=VERSION)
    enclaves = ElementTree.SubElement(root, "enclaves")
    for spec in specs:
        profiles = _profiles(enclaves, enclave_of(spec.name, namespace))
        _profile(profiles, within(namespace), spec.name, endpoints(spec) + heard, names)
    profiles = _profiles(enclaves, enclave_of(OPERATOR, namespace))
    for name in TOOLS:
        _profile(profiles, within(namespace), name, tool(name) + heard, names)
    ElementTree.indent(root)
    return f"{ElementTree.tostring(root, encoding='unicode')}\n"


def _profiles(enclaves: ElementTree.Element, path: str) -> ElementTree.Element:
    return ElementTree.SubElement(ElementTree.SubElement(enclaves, "enclave", path=path), "profiles")


def _profile(
    profiles: ElementTree.Element, namespace: str, name: str, has: Endpoints, names: Mapping[str, str]
) -> None:  # fmt: skip
    """Add what one node may."""
    profile = ElementTree.SubElement(profiles, "profile", ns=namespace, node=name)
    for element, entry, allowed, kind in _RULES:
        wanted = getattr(has, kind)
        if not wanted:
            continue
        rule = ElementTree.SubElement(profile, element, {allowed: "ALLOW"})
        for one in wanted:
            own = one.removeprefix(f"{name}/")
            text = names.get(one, one) if own == one else f"~/{own}"
            ElementTree.SubElement(rule, entry).text = text
