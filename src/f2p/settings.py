"""One way to declare a number: default, unit, bounds and source, beside the code that uses it.

Config dataclasses use `number(...)`; ROS parameter descriptors and `--help` texts derive from the metadata.
"""

from __future__ import annotations

import dataclasses
import math
from typing import Any, TypeVar

from f2p.errors import F2pError

C = TypeVar("C")


class SettingError(F2pError):
    """A setting outside its bounds, not finite, or unknown."""

    code = 11


def number(
    default: float, text: str, *, unit: str = "", low: float = -math.inf, high: float = math.inf, source: str = "ours"
) -> Any:
    """Declare a dataclass field with everything a person or a ROS descriptor needs to know of it."""
    return dataclasses.field(
        default=default, metadata={"text": text, "unit": unit, "low": low, "high": high, "source": source}
    )


def checked(config: C) -> C:
    """Return `config` if every described number is finite and within bounds; raise SettingError otherwise."""
    for item in dataclasses.fields(config):  # type: ignore[arg-type]
        if "low" not in item.metadata:
            continue
        value, low, high = getattr(config, item.name), item.metadata["low"], item.metadata["high"]
        if not (math.isfinite(value) and low <= value <= high):
            raise SettingError(
                f"{type(config).__name__}.{item.name} = {value!r} {item.metadata['unit']}: "
                f"must be finite and within [{low}, {high}]"
            )
    return config


def overridden(config: C, overrides: dict[str, Any]) -> C:
    """Return a checked copy of `config` with `overrides`; unknown names are named with the choices."""
    names = {item.name for item in dataclasses.fields(config)}  # type: ignore[arg-type]
    unknown = sorted(set(overrides) - names)
    if unknown:
        raise SettingError(
            f"{type(config).__name__} has no setting {unknown[0]!r}; choose among: {', '.join(sorted(names))}"
        )
    return checked(dataclasses.replace(config, **overrides))  # type: ignore[type-var]
