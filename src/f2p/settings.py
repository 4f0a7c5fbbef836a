"""One way to declare a setting: default, unit, bounds and source, beside the code that uses it.

Config dataclasses derive from `Settings`, which checks every field where a config is made: its type, that numbers are
finite and within their bounds, and that a name is one of its family. ROS parameters, `--set` and tables derive from the
same declarations.
"""

from __future__ import annotations

import dataclasses
import functools
import math
import types
import typing
from collections.abc import Callable, Iterable, Mapping
from numbers import Integral, Real
from typing import Any, TypeVar

from f2p.errors import F2pError

C = TypeVar("C")


class SettingError(F2pError):
    """A setting outside its bounds, not finite, of another type, or unknown."""

    code = 11


def number(
    default: float | None,
    text: str,
    *,
    unit: str = "",
    low: float = -math.inf,
    high: float = math.inf,
    source: str = "ours",
    runtime: bool = True,
) -> Any:
    """Declare a dataclass field with everything a person or a ROS descriptor needs to know of it.

    `runtime` is False for what a node reads once, when it starts: it is refused later, and not taken without effect.
    """
    facts = {"text": text, "unit": unit, "low": low, "high": high, "source": source, "runtime": runtime}
    return dataclasses.field(default=default, metadata=facts)


def setting(default: Any, text: str, *, unit: str = "", source: str = "ours", **facts: Any) -> Any:
    """Declare a field that is neither one number nor a name of a family: a switch, a folder, a topic, a point.

    `facts` are more that is known of it, as `settings_text.settings_of` reads them.
    """
    return dataclasses.field(default=default, metadata={"text": text, "unit": unit, "source": source, **facts})


def group(factory: Callable[[], Any], text: str = "", **facts: Any) -> Any:
    """Declare a field that holds a nested config, or several by name.

    Args:
        factory: Makes the default.
        text: What it is for; a nested config says so itself where this is empty.
        **facts: More that is known of it, as `settings_text.settings_of` reads it.
    """
    return dataclasses.field(default_factory=factory, metadata={"text": text, **facts})


def choice(default: str | None, text: str, among: Callable[[], Iterable[str]], *, source: str = "ours") -> Any:
    """Declare a field that holds one of some names, usually of a registry.

    Args:
        default: A name, or None where the field's type allows it.
        text: What it chooses.
        among: Gives the names; called where a config is made, not where its class is.
        source: Where the default comes from.
    """
    return dataclasses.field(default=default, metadata={"text": text, "among": among, "source": source})


def choices(
    text: str, among: Callable[[], Iterable[str]], *, default: Callable[[], Iterable[str]] | None = None,
    source: str = "ours",
) -> Any:  # fmt: skip
    """Declare a field that holds a tuple of names, of a registry as a rule; all unless `default` says. As `choice`."""
    return dataclasses.field(
        default_factory=lambda: tuple((default or among)()), metadata={"text": text, "among": among, "source": source}
    )


class Settings:
    """Base of config dataclasses: a wrong value never becomes a config.

    A subclass with a `__post_init__` of its own calls this one first.

    >>> @dataclass(frozen=True)
    ... class SearchConfig(Settings):
    ...     depth: int = number(6, "skills in a plan", low=1, high=20)
    """

    def __post_init__(self) -> None:
        """Check every field. Raises SettingError naming class, field, value, and what would do."""
        made: Any = type(self)
        kinds = field_types(made)
        for item in dataclasses.fields(self):  # type: ignore[arg-type]
            value = getattr(self, item.name)
            wanted = _wanted(value, kinds[item.name], item)
            if wanted:
                unit = f" {item.metadata['unit']}" if item.metadata.get("unit") else ""
                raise SettingError(f"{made.__name__}.{item.name} = {value!r}{unit}: must be {wanted}")


@functools.cache
def field_types(kind: Any) -> dict[str, Any]:
    """Types of a dataclass's fields, by name."""
    return typing.get_type_hints(kind)


def _wanted(value: Any, kind: Any, item: dataclasses.Field[Any]) -> str:
    """Return what the value of a field should have been; empty where it does."""
    among = item.metadata.get("among")
    if "low" in item.metadata:
        low, high = item.metadata["low"], item.metadata["high"]
        if _fits(value, kind) and (value is None or low <= value <= high):
            return ""
        return f"{'a whole number' if kind is int else 'finite'} and within [{low}, {high}]"
    if not _fits(value, kind):
        return f"{type_name(kind)}"
    if among is None or value is None:
        return ""
    if isinstance(value, tuple):
        return "" if value and set(value) <= set(among()) else f"some of: {', '.join(among())}"
    return "" if value in among() else f"one of: {', '.join(among())}"


def _fits(value: Any, kind: Any) -> bool:
    """Tell whether a value is of a type; numbers have to be finite, and truth values are no numbers."""
    origin, parts = typing.get_origin(kind), typing.get_args(kind)
    if kind is Any:
        return True
    if origin in (typing.Union, types.UnionType):
        return any(_fits(value, part) for part in parts)
    if origin is typing.Literal:
        return value in parts
    if origin is tuple and isinstance(value, tuple):
        wanted = parts[:1] * len(value) if parts[1:] == (...,) else parts
        return len(value) == len(wanted) and all(map(_fits, value, wanted))
    if kind in (int, float):
        right = isinstance(value, Integral if kind is int else Real) and not isinstance(value, bool)
        return right and math.isfinite(value)
    return isinstance(value, origin or kind)


def type_name(kind: Any) -> str:
    """Return a type as one writes it."""
    return kind.__name__ if isinstance(kind, type) and not typing.get_args(kind) else str(kind).replace("typing.", "")


def overridden(config: C, overrides: Mapping[str, Any]) -> C:
    """Return a copy of `config` with `overrides`, whose names reach into nested configs: `posterior.states.margin`.

    Raises:
        SettingError: A name that is none, with the choices at its level; or a value that does not do.
    """
    changed: dict[str, Any] = {}
    nested: dict[str, dict[str, Any]] = {}
    fields = parts_of(config)
    for name, value in overrides.items():
        head, _, rest = name.partition(".")
        if head not in fields or (rest and not is_group(fields[head])):
            raise SettingError(f"{_called(config)} has no setting {name!r}; choose among: {', '.join(sorted(fields))}")
        if rest:
            nested.setdefault(head, {})[rest] = value
        else:
            changed[head] = value
    changed |= {name: overridden(fields[name], values) for name, values in nested.items()}
    if isinstance(config, Mapping):
        return {**config, **changed}  # type: ignore[return-value]
    return dataclasses.replace(config, **changed)  # type: ignore[type-var]


def completed(config: C, values: Mapping[str, Any]) -> C:
    """Return a copy of `config` in which what it leaves open (None) is taken from `values`, by dotted names."""
    return overridden(config, {name: value for name, value in values.items() if value_of(config, name) is None})


def value_of(config: Any, name: str) -> Any:
    """Return the value of a setting by its dotted name."""
    return functools.reduce(lambda part, key: parts_of(part)[key], name.split("."), config)


def is_group(value: Any) -> bool:
    """Tell whether a value of a config holds settings itself: a nested config, or several by name."""
    return isinstance(value, Mapping) or (dataclasses.is_dataclass(value) and not isinstance(value, type))


def parts_of(group: Any) -> dict[str, Any]:
    """Return values of a group, by name."""
    if isinstance(group, Mapping):
        return dict(group)
    return {item.name: getattr(group, item.name) for item in dataclasses.fields(group)}


def _called(group: Any) -> str:
    return "this group" if isinstance(group, Mapping) else type(group).__name__
