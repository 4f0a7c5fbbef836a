"""Definitions of message types: those installed here as a recording keeps them, and whether two say the same.

A recording carries the text of each type and of all that it is made of. Comments and blanks do not matter; names,
types, order and constants do.
"""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Iterator
from pathlib import Path

from f2p.files import read_regular
from f2p.record.errors import OtherVersionError

_BETWEEN = "=" * 80 + "\nMSG: "
"""Stands before each type that the first one is made of, as rosbag2 and ROS 1 write it."""

_PLAIN = frozenset((
    "bool", "byte", "char", "float32", "float64", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64",
    "uint64", "string", "wstring",
))  # fmt: skip
_FIELD = re.compile(r"^(?P<type>[A-Za-z][\w/]*)(?P<bound>(<=\d+)?(\[[<=\d]*\])?)\s+(?P<rest>.+)$")
_ACTION_PARTS = ("_Goal", "_Result", "_Feedback")
_FEEDBACK = "_FeedbackMessage"
_MOST_BYTES = 2**20
"""Largest definition that is read [bytes]."""


def fields(text: str, package: str) -> tuple[str, ...]:
    """Return the fields and constants of one type, without comments, with the names of other types in full.

    Args:
        text: What its file says.
        package: The package it is of, whose other types need no package before their name.
    """
    out = []
    for line in text.splitlines():
        said = " ".join(re.sub(r"""^((?:[^#"']|"[^"]*"|'[^']*')*)#.*$""", r"\1", line).split())
        match = _FIELD.match(said)
        if match is None:
            continue
        kind = match["type"]
        if kind not in _PLAIN:
            kind = "/".join(kind.split("/msg/")) if "/" in kind else f"{package}/{kind}"
        out.append(f"{kind}{match['bound']} {re.sub(r' ?= ?', '=', match['rest'])}")
    return tuple(out)


def parsed(kind: str, definition: str) -> dict[str, tuple[str, ...]]:
    """Return fields by type, of a type and of all it is made of."""
    first, *others = definition.split(_BETWEEN)
    package, _, name = _short(kind).partition("/")
    out = {_short(kind): fields(first, package)}
    for other in others:
        head, _, text = other.partition("\n")
        name = _short(head.strip())
        out[name] = fields(text, name.partition("/")[0])
    return out


def check_same(kind: str, definition: str) -> None:
    """Refuse messages of another version.

    Raises:
        OtherVersionError: The definition is missing, or says something else than the one installed here.
    """
    if not definition:
        raise OtherVersionError(kind, "the recording has no definition of it")
    theirs, ours = parsed(kind, definition), parsed(kind, own_definition(kind))
    for name, expected in ours.items():
        if name not in theirs:
            raise OtherVersionError(kind, f"it has no {name}")
        if theirs[name] != expected:
            there = ", ".join(sorted(set(theirs[name]) - set(expected))) or "nothing more"
            here = ", ".join(sorted(set(expected) - set(theirs[name]))) or "nothing more"
            order = "" if set(theirs[name]) != set(expected) else " (the order differs)"
            raise OtherVersionError(kind, f"{name} has there {there}; here {here}{order}")


@functools.cache
def own_definition(kind: str) -> str:
    """Return the definition of a type that is installed here, with those of all it is made of.

    Raises:
        OtherVersionError: It is not installed here.
    """
    first = _own_text(kind)
    seen, parts = {_short(kind)}, [first]
    waiting = list(_parts(first, _short(kind)))
    while waiting:
        name = waiting.pop(0)
        if name in seen:
            continue
        seen.add(name)
        text = _own_text(name)
        parts.append(f"{name}\n{text}")
        waiting += _parts(text, name)
    return _BETWEEN.join(parts)


def _parts(text: str, kind: str) -> Iterator[str]:
    """Yield the types that a type is made of."""
    for one in fields(text, kind.partition("/")[0]):
        name = re.split(r"[<\[ ]", one, maxsplit=1)[0]
        if name not in _PLAIN:
            yield name


def _own_text(kind: str) -> str:
    """Return what the file of one type says. Raises OtherVersionError."""
    package, _, name = _short(kind).partition("/")
    if name.endswith(_FEEDBACK):
        return f"unique_identifier_msgs/UUID goal_id\n{package}/{name.removesuffix(_FEEDBACK)}_Feedback feedback\n"
    for number, part in enumerate(_ACTION_PARTS):
        if name.endswith(part) and (found := _file(package, "action", f"{name.removesuffix(part)}.action")) is not None:
            return re.split(r"^---$", found, flags=re.MULTILINE)[number]
    found = _file(package, "msg", f"{name}.msg")
    if found is None:
        raise OtherVersionError(kind, "no such type is installed here")
    return found


def _file(package: str, folder: str, name: str) -> str | None:
    for prefix in os.environ.get("AMENT_PREFIX_PATH", "").split(os.pathsep):
        path = Path(prefix) / "share" / package / folder / name
        if prefix and path.is_file():
            return read_regular(path, _MOST_BYTES).decode("utf-8")
    return None


def _short(kind: str) -> str:
    """Return pkg/Name for pkg/msg/Name."""
    package, *_, name = kind.split("/")
    return f"{package}/{name}"
