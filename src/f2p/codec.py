"""Values of `f2p.types` as trees of plain data, by their own fields, and back, checked.

The one mapping of each value: folders of failures put such a tree into JSON and arrays, messages into fields.
"""

from __future__ import annotations

import dataclasses
import math
import types
import typing
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any

import numpy as np

from f2p.checks import CHECKS
from f2p.settings import field_types, type_name

Tree = Any
"""Mappings by field name, lists, text, numbers, truth values, None, and arrays."""


def tree_of(value: Any) -> Tree:
    """Take a value apart."""
    if dataclasses.is_dataclass(value):
        return {item.name: tree_of(getattr(value, item.name)) for item in dataclasses.fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, tuple):
        return [tree_of(one) for one in value]
    return value


def value_of(kind: Any, tree: Tree) -> Any:
    """Put a value of type `kind` together; what else is in the tree is left out.

    Raises:
        KeyError: A part is missing.
        ValueError, TypeError, F2pError: A part is of another type, not finite, or not as `f2p.checks` has it.
    """
    origin, parts = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        return None if tree is None else value_of(parts[0], tree)
    if origin is tuple:
        return tuple(value_of(parts[0], one) for one in _sequence(tree))
    if dataclasses.is_dataclass(kind):
        return _composed(kind, tree)
    return _leaf(kind, tree)


def _composed(kind: Any, tree: Tree) -> Any:
    """Return a dataclass from its fields' trees, checked."""
    if not isinstance(tree, Mapping):
        raise TypeError(f"{type_name(kind)} is no mapping but {type(tree).__name__}")
    types_ = field_types(kind)
    told = {
        item.name: value_of(types_[item.name], tree[item.name])
        for item in dataclasses.fields(kind)
        if item.name in tree or item.default is dataclasses.MISSING
    }
    made = kind(**told)
    if kind in CHECKS:
        CHECKS[kind](made)
    return made


def _leaf(kind: Any, tree: Tree) -> Any:
    """Return text, a number, a truth value, a member of an enumeration, or an array."""
    if kind is np.ndarray:
        array = np.asarray(tree)
        if array.dtype.kind not in "iuf" and array.size:
            raise TypeError(f"an array of {array.dtype} holds no numbers")
        if not np.all(np.isfinite(array)):
            raise ValueError("an array holds numbers that are not finite")
        return array.astype(np.float64) if array.dtype.kind != "f" else array
    if kind is float:
        number = float(tree)
        if isinstance(tree, str) or not math.isfinite(number):
            raise ValueError(f"{tree!r} is no finite number")
        return number
    if kind is int and (isinstance(tree, bool) or int(tree) != tree):
        raise ValueError(f"{tree!r} is no whole number")
    if kind in (str, bool) and not isinstance(tree, kind):
        raise TypeError(f"{tree!r} is not of type {type_name(kind)}")
    return kind(tree)


def _sequence(tree: Tree) -> Sequence[Tree]:
    if isinstance(tree, str | bytes | Mapping) or not isinstance(tree, Sequence):
        raise TypeError(f"{type(tree).__name__} is no sequence")
    return tree
