"""A parameter file is looked at before anything starts: nodes and settings that there are, values that do.

ROS takes no notice of a name that nobody asks for, so a slip of the pen would leave a guard with its defaults; and a
value of a wrong type would end ten processes one after the other, each started again and again.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from f2p.graph import graph
from f2p.graph.errors import ParameterFileError
from f2p.ros.base.parameters import inside
from f2p.settings import SettingError, overridden
from f2p.settings_text import settings_of

VALUES = "ros__parameters"
EVERY_NODE_HAS = ("use_sim_time", "start_type_description_service")
"""Parameters of rclpy itself."""


def check(path: Path, namespace: str, only: str = "") -> None:
    """Look whether a parameter file fits the nodes of the graph.

    Args:
        path: The file.
        namespace: Where the nodes are, absolute: "/f2p".
        only: The one node whose values are looked at; empty: all nodes'.

    Raises:
        ParameterFileError: It cannot be read, names a node that is none here, or gives one what does not do.
    """
    specs = graph.members()
    names = {f"{namespace.rstrip('/')}/{spec.name}": spec for spec in specs}
    for key, values in _entries(path):
        meant = [spec for name, spec in names.items() if _matches(key, name)]
        if not meant:
            there = ", ".join(f"/**/{spec.name}" for spec in specs)
            raise ParameterFileError(path, f"{key!r} is no node in {namespace}; write one of: {there}")
        if key.rsplit("/", 1)[-1] in ("*", "**"):
            continue  # for all nodes, of which each takes what it knows
        for spec in meant:
            if only in ("", spec.name):
                _try(path, key, spec, values)


def _entries(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield absolute key and values of each node in a file. Raises ParameterFileError where it has another form."""
    try:
        told = yaml.safe_load(path.read_text())
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ParameterFileError(path, " ".join(str(error).split())) from error

    def walk(prefix: str, node: Any) -> Iterator[tuple[str, dict[str, Any]]]:
        if not isinstance(node, Mapping):
            raise ParameterFileError(path, f"{prefix or 'the file'!r} holds no settings; write node: {{{VALUES}: …}}")
        for key, value in node.items():
            if key != VALUES:
                yield from walk(f"{prefix}/{str(key).strip('/')}", value)
            elif not isinstance(value, Mapping):
                raise ParameterFileError(path, f"{prefix!r}: {VALUES} must hold names and values")
            else:
                yield prefix, _flat(value)

    yield from walk("", told or {})


def _flat(told: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested maps as dotted names."""
    out: dict[str, Any] = {}
    for name, value in told.items():
        out |= _flat(value, f"{prefix}{name}.") if isinstance(value, Mapping) else {f"{prefix}{name}": value}
    return out


def _matches(key: str, name: str) -> bool:
    """Tell whether a key of a file means a node, by rcl's rules: * is one part of a name, ** is any number of them."""
    parts = [
        {"**": r"(/[^/]+)*", "*": r"/[^/]+"}.get(part, "/" + re.escape(part)) for part in key.strip("/").split("/")
    ]
    return re.fullmatch("".join(parts), name) is not None


def _try(path: Path, key: str, spec: graph.NodeSpec, values: dict[str, Any]) -> None:
    """Make a node's config with the values of a file. Raises ParameterFileError where they do not do."""
    module = importlib.import_module(spec.module)
    if not hasattr(module, "CONFIG"):
        return  # a plug-in that does not tell what its parameters are made from
    config = module.CONFIG()
    known = {item.name: item for item in settings_of(config)}
    mine = {name: value for name, value in values.items() if name not in EVERY_NODE_HAS}
    try:
        overridden(
            config, {name: inside(value, known[name]) if name in known else value for name, value in mine.items()}
        )
    except SettingError as error:
        raise ParameterFileError(path, f"{key}: {error}") from error
