"""Settings of nodes from a command line, read by the nodes' own declarations and written as the file that ROS takes."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from f2p.graph.graph import NodeSpec
from f2p.settings import SettingError, value_of
from f2p.settings_text import set_by

Given = Mapping[str, Mapping[str, Any]]
"""Values by node and by dotted name."""


@dataclass(frozen=True, eq=False)
class Chosen:
    """What a command line that starts nodes has set."""

    own: Mapping[str, Any]
    """Configs of the command itself, by group."""
    nodes: Given


def configs_of(specs: Sequence[NodeSpec]) -> dict[str, Any]:
    """Return the default config of every node that declares one as CONFIG. Raises SettingError where ROS is missing."""
    out = {}
    for spec in specs:
        try:
            kind = getattr(importlib.import_module(spec.module), "CONFIG", None)
        except ModuleNotFoundError as error:
            raise SettingError(f"the settings of node {spec.name} need ROS and its messages: {error}") from error
        if kind is not None:
            out[spec.name] = kind()
    return out


def chosen(own: Mapping[str, Any], specs: Sequence[NodeSpec], assignments: Sequence[str]) -> Chosen:
    """Read every `group.name=value` or `node.group.name=value`, as `--set` takes them.

    Args:
        own: Default configs of the command itself.
        specs: The nodes that it starts.
        assignments: What was asked for; without any, no node's file is imported.

    Raises:
        SettingError: As `set_by` does; or what cannot be written as a parameter.
    """
    if not assignments:
        return Chosen(own, {})
    config = set_by({**own, **configs_of(specs)}, assignments)
    nodes: dict[str, dict[str, Any]] = {}
    for name in dict.fromkeys(assignment.partition("=")[0] for assignment in assignments):
        node, _, setting = name.partition(".")
        if node not in own:
            nodes.setdefault(node, {})[setting] = _written(name, value_of(config, name))
    return Chosen({name: config[name] for name in own}, nodes)


def _written(name: str, value: Any) -> Any:
    """Return a value as a parameter file has it."""
    if value is None or value == ():
        raise SettingError(f"{name} cannot be emptied: ROS has no parameter without a value; leave it out")
    if isinstance(value, tuple):
        return list(value)
    return str(value) if isinstance(value, Path) else value


def write_parameters(path: Path, nodes: Given) -> Path:
    """Write the parameters of nodes, in whatever namespace, into a file for `--params-file`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    told = {f"/**/{node}": {"ros__parameters": dict(values)} for node, values in nodes.items()}
    path.write_text(yaml.safe_dump(told))
    return path
