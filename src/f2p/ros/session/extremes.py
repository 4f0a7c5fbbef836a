"""Messages of valid types with extreme contents, drawn from the table of bounds: for tests and for the flood."""

from __future__ import annotations

import array
import copy
import importlib
from typing import Any

import numpy as np
from builtin_interfaces.msg import Duration, Time
from sensor_msgs.msg import PointCloud2

from f2p.action.protocol import actions
from f2p.ros.messages.bounds import MOST
from f2p.ros.messages.views import cloud_of
from f2p.shape.protocol import shapes
from f2p.types import BINARY_RELATIONS
from f2p_msgs.msg import Limits

TEXTS = ("", "task", "box", "table_a", "naïve & ☃", "../../etc", "a\nb")
"""Texts that mean something somewhere, and some that should not."""

NUMBERS = (0.0, -0.0, 1.0, -1.0, 1e-320, 3.4e38, -3.4e38, float("nan"), float("inf"), float("-inf"))

WHOLE = {"uint8": (0, 2**8 - 1), "uint16": (0, 2**16 - 1), "uint32": (0, 2**32 - 1), "uint64": (0, 2**64 - 1),
         "int32": (-(2**31), 2**31 - 1), "int64": (-(2**63), 2**63 - 1)}  # fmt: skip

FAR_BEYOND = 10_000
"""Elements of a sequence that goes far beyond its bound."""


def drawn(kind: type, rng: np.random.Generator, *, short: bool = False) -> Any:
    """Return a message of a type, all of whose fields are drawn.

    Args:
        kind: Its type.
        rng: Where from.
        short: Whether sequences and texts are short, as within a long one: long ones of long ones are gigabytes.
    """
    if kind in (Time, Duration):
        second = int(rng.choice([0, 1, 2**31 - 1, -1, -(2**31)]))
        return kind(sec=second, nanosec=int(rng.choice([0, 999_999_999, 2**32 - 1])))
    if kind is PointCloud2:
        return _cloud(rng)
    out = kind()
    for name, field in out.get_fields_and_field_types().items():
        setattr(out, name, _field(field, MOST.get((kind.__name__, name)), rng, short))
    return out


def mutated(message: Any, rng: np.random.Generator, fields: int = 2) -> Any:
    """Return a copy of a message in which some fields, however deep, are drawn anew."""
    out = copy.deepcopy(message)
    for _ in range(fields):
        at: Any = out
        while True:
            name = str(rng.choice(list(at.get_fields_and_field_types())))
            value = getattr(at, name)
            inner = value[int(rng.integers(len(value)))] if isinstance(value, list) and value else value
            if rng.random() < 0.3 or not hasattr(inner, "get_fields_and_field_types"):
                field = at.get_fields_and_field_types()[name]
                setattr(at, name, _field(field, MOST.get((type(at).__name__, name)), rng))
                break
            at = inner
    return out


def _field(field: str, most: float | None, rng: np.random.Generator, short: bool = False) -> Any:
    """Return a value for a field of a type as messages name it."""
    if field.startswith("sequence<"):
        return _sequence(field[len("sequence<") : -1], int(most or 0), rng, short)
    if field in WHOLE:
        low, high = WHOLE[field]
        return int(rng.choice(np.array([low, high, 0, 1, 2, int(min(most or 3, high))], dtype=object)))
    if field in ("double", "float"):
        return float(rng.choice([*NUMBERS, most or 0.0, rng.normal()]))
    if "/" in field:
        package, name = field.split("/")
        return drawn(getattr(importlib.import_module(f"{package}.msg"), name), rng, short=short)
    longest = int(most or Limits.MOST_NAME)
    texts = [
        *TEXTS,
        *actions.names,
        *shapes.names,
        *BINARY_RELATIONS,
        "x" * longest,
        "x" * (longest + 1),
        "x" * (1 if short else FAR_BEYOND),
    ]
    return bool(rng.random() < 0.5) if field == "boolean" else str(rng.choice(texts))


def _sequence(inner: str, most: int, rng: np.random.Generator, short: bool) -> Any:
    """Return a sequence, mostly a short one."""
    lengths = [0, 1, 2, 3, *((1, 2, 3) if short else (most, most + 1, FAR_BEYOND))]
    count = int(rng.choice(lengths, p=[0.2, 0.25, 0.2, 0.2, 0.06, 0.06, 0.03]))
    if inner in ("float", "double"):
        values = rng.choice([*NUMBERS, 0.5], count, p=[0.02] * 10 + [0.8])
        return array.array(inner[0], values.tolist())
    one = [_field(inner, None, rng, short or count > len(lengths)) for _ in range(min(count, 3))]
    return [one[index % len(one)] for index in range(count)]


def _cloud(rng: np.random.Generator) -> PointCloud2:
    """Return a small cloud, which now and then lies about itself."""
    out = cloud_of(rng.choice([0.5, *NUMBERS], (int(rng.integers(0, 6)), 3), p=[0.9] + [0.01] * 10))
    for name in ("width", "height", "point_step", "row_step"):
        if rng.random() < 0.1:
            setattr(out, name, int(rng.choice([0, 1, 7, 2**32 - 1])))
    if rng.random() < 0.1 and out.fields:
        out.fields[0].datatype = int(rng.integers(0, 255))
        out.fields[0].offset = int(rng.choice([0, 3, 2**32 - 1]))
    return out
