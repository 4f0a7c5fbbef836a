"""Settings as text: what can be set in a config, and `name=value` read by the type of the field."""

from __future__ import annotations

import ast
import dataclasses
import functools
import inspect
import math
import textwrap
import types
import typing
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from f2p.settings import C, SettingError, field_types, is_group, overridden, parts_of, type_name

_SWITCHES = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}


@dataclass(frozen=True, eq=False)
class SettingFacts:
    """One field of a config, by its dotted name."""

    name: str
    kind: Any
    """Type of its values."""
    default: Any
    meaning: str
    unit: str
    low: float
    high: float
    choices: tuple[str, ...]
    """Names it can have; empty where it is no name of a family."""
    source: str
    runtime: bool
    """Whether it may be changed while a node runs."""

    @property
    def numeric(self) -> bool:
        """Whether it has bounds."""
        return self.low > -math.inf or self.high < math.inf

    @property
    def bounds(self) -> str:
        """What it may be."""
        if self.choices:
            return ", ".join(self.choices)
        return f"{self.low:g} … {self.high:g}" if self.numeric else type_name(self.kind)

    def read(self, text: str) -> Any:
        """Return the value that a text means. Raises SettingError saying what it should have been."""
        try:
            return _read(text.strip(), self.kind)
        except ValueError as error:
            raise SettingError(f"{self.name} = {text!r}: must be {type_name(self.kind)}") from error


def settings_of(config: Any, prefix: str = "", fixed: bool = False) -> Iterator[SettingFacts]:
    """Yield every setting of a config and of those nested in it.

    Fields whose metadata say `given` are filled by the caller and are none; groups that say `fixed` are read once.
    """
    if isinstance(config, Mapping):
        for name, member in config.items():
            yield from settings_of(member, f"{prefix}{name}.", fixed)
        return
    made: Any = type(config)
    kinds = field_types(made)
    for item in dataclasses.fields(config):
        value, facts = getattr(config, item.name), item.metadata
        if is_group(value):
            yield from settings_of(value, f"{prefix}{item.name}.", fixed or facts.get("fixed", False))
        elif not facts.get("given") and _is_text(kinds[item.name]):
            yield SettingFacts(
                f"{prefix}{item.name}", kinds[item.name], value, meaning(made, item), facts.get("unit", ""),
                facts.get("low", -math.inf), facts.get("high", math.inf),
                tuple(facts["among"]()) if "among" in facts else (),
                facts.get("source", ""), not fixed and facts.get("runtime", "low" in facts),
            )  # fmt: skip


def set_by(config: C, assignments: Sequence[str]) -> C:
    """Return a copy of `config` with every `name=value`, as `--set` takes them.

    Raises:
        SettingError: An unknown name, with the choices at its level; a text that is no value of the field's type; a
            value out of its bounds.
    """
    known = {item.name: item for item in settings_of(config)}
    given: dict[str, Any] = {}
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        if not equals:
            raise SettingError(f"--set {assignment!r}: write name=value")
        given[name] = known[name].read(text) if name in known else _refused(config, name, known)
    return overridden(config, given)


def text_of(value: Any) -> str:
    """Return a value as one writes it in `--set` and in tables."""
    if isinstance(value, tuple):
        return ",".join(text_of(item) for item in value)
    if isinstance(value, bool) or value is None:
        return str(value).lower()
    if isinstance(value, Path):
        package = Path(__file__).parent
        return str(value.relative_to(package.parent) if value.is_relative_to(package) else value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def meaning(kind: type, item: dataclasses.Field[Any]) -> str:
    """Return what a field is for: its declared text, the docstring below it, or what a nested config says of itself."""
    text = item.metadata.get("text") or next((d[item.name] for d in map(_notes, kind.__mro__) if item.name in d), "")
    nested = field_types(kind)[item.name]
    if not text and dataclasses.is_dataclass(nested):
        text = str(nested.__doc__).partition("\n")[0].rstrip(".")
    return " ".join(text.split())


@functools.cache
def _notes(kind: type) -> dict[str, str]:
    """Docstrings below the fields of a class, by field."""
    try:
        body = ast.parse(textwrap.dedent(inspect.getsource(kind))).body[0]
    except (OSError, TypeError, SyntaxError):  # a class of no file
        return {}
    assert isinstance(body, ast.ClassDef)
    out = {}
    for one, after in zip(body.body, body.body[1:], strict=False):
        if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name) and isinstance(after, ast.Expr):
            out[one.target.id] = str(getattr(after.value, "value", ""))
    return out


def _refused(config: Any, name: str, known: dict[str, SettingFacts]) -> NoReturn:
    """Raise SettingError for a name that is no setting: with the choices at its level, or within it as a group."""
    group = config
    for key in name.split("."):
        if not is_group(group) or key not in parts_of(group):
            overridden(config, {name: None})
        group = parts_of(group)[key]
    within = [one for one in sorted(known) if one.startswith(f"{name}.")] or sorted(known)
    raise SettingError(f"{name!r} is a group or is not set by text; set one of: {', '.join(within)}")


def _is_text(kind: Any) -> bool:
    """Tell whether values of a type can be written."""
    origin, parts = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType, tuple):
        return all(_is_text(part) for part in parts)
    return kind in (bool, int, float, str, Path, type(None), ...) or origin is typing.Literal


def _read(text: str, kind: Any) -> Any:
    """Return a text as a value of a type. Raises ValueError where it is none."""
    origin, parts = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        if type(None) in parts and text.lower() == "none":
            return None
        return _read(text, next(part for part in parts if part is not type(None)))
    if origin is tuple:
        words = [word for word in text.split(",") if word.strip()]
        wanted = parts[:1] * len(words) if parts[1:] == (...,) else parts
        return tuple(_read(word.strip(), part) for word, part in zip(words, wanted, strict=True))
    if kind is bool:
        if text.lower() not in _SWITCHES:
            raise ValueError(text)
        return _SWITCHES[text.lower()]
    return text if origin is typing.Literal else kind(text)
