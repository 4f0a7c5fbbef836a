"""docs/settings.md: every setting once, in the table of the config that holds it; commands and nodes point to it."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from f2p.settings import is_group, parts_of
from f2p.settings_text import meaning, settings_of, text_of

HEAD = """\
# Settings

Every number, switch and name that can be set. Written by `./f2p settings --markdown > docs/settings.md`.

A command takes `--set NAME=VALUE`, as often as wanted; a list is written `a,b`, and `none` leaves a setting open.
A node takes its settings as ROS parameters: `-p NAME:=VALUE`, or a YAML file with nested maps for the dots;
`f2p up` and `f2p demo` pass them on, as in `--set guard.hold_after_s=0.5`.
What a group holds is in the table of its kind; names are joined by dots, as in `cycle.gate.most_lost`.
"""

COLUMNS = ("name", "default", "unit", "may be", "meaning", "source")


def page(roots: Mapping[str, Any], overrides: Path) -> str:
    """Return all settings in Markdown.

    Args:
        roots: Default configs of commands and nodes, by title.
        overrides: Folder of the YAML files whose values take the place of defaults.
    """
    kinds: dict[str, Any] = {}
    for config in roots.values():
        _collect(config, kinds)
    places = {name: name.lower() for name in kinds} | {
        type(config).__name__: "".join(re.findall(r"[a-z_0-9 -]", title.lower())).replace(" ", "-")
        for title, config in roots.items()
    }
    parts = [HEAD, *(f"## {title}\n\n{_table(config, places)}\n" for title, config in roots.items())]
    own = {type(config).__name__ for config in roots.values()}
    parts += [f"## {name}\n\n{_table(kinds[name], places)}\n" for name in sorted(kinds) if name not in own]
    parts += [
        f"## Overrides of `config/{path.name}`\n\n{_overrides(path)}\n" for path in sorted(overrides.glob("*.yaml"))
    ]
    return "\n".join(parts)


def _collect(group: Any, kinds: dict[str, Any]) -> None:
    """Note a default of every kind of config in a group."""
    if not isinstance(group, Mapping):
        kinds.setdefault(type(group).__name__, type(group)())
    for part in parts_of(group).values():
        if is_group(part):
            _collect(part, kinds)


def _table(config: Any, places: Mapping[str, str]) -> str:
    """Return the fields of one config: settings with all that is known of them, groups with their kind."""
    rows = [_row(*COLUMNS), "|" + "---|" * len(COLUMNS)]
    if isinstance(config, Mapping):
        return "\n".join([*rows, *(_group(name, one, "", places) for name, one in config.items())])
    own = {item.name: item for item in settings_of(config)}
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        if isinstance(value, Mapping):
            text = meaning(type(config), field)
            rows += [_group(f"{field.name}.{name}", one, text, places) for name, one in value.items()]
        elif is_group(value):
            rows.append(_group(field.name, value, meaning(type(config), field), places))
        elif field.name in own:
            item = own[field.name]
            rows.append(
                _row(f"`{item.name}`", text_of(item.default), item.unit, item.bounds, item.meaning, item.source)
            )
    return "\n".join(rows)


def _group(name: str, value: Any, text: str, places: Mapping[str, str]) -> str:
    """Return the row of a nested config, with what differs here from the defaults of its kind."""
    usual = {item.name: item.default for item in settings_of(type(value)())}
    differs = [f"{one.name} = {text_of(one.default)}" for one in settings_of(value) if usual[one.name] != one.default]
    return _row(
        f"`{name}.…`", "; ".join(differs), "", f"[{type(value).__name__}](#{places[type(value).__name__]})", text, ""
    )


def _overrides(path: Path) -> str:
    """Return what a parameter file sets, node by node."""
    told = yaml.safe_load(path.read_text()) or {}
    rows = [_row("node", "name", "value"), "|---|---|---|"]
    for node, entry in told.items():
        rows += [_row(node, f"`{name}`", text_of(value)) for name, value in entry["ros__parameters"].items()]
    return "\n".join(rows) if rows[2:] else "None."


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
