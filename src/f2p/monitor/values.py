"""Failures as JSON and arrays: the trees of `f2p.codec`, with the arrays that are large taken out and named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from f2p.codec import tree_of, value_of

ARRAY = "array"
"""The only key of a mapping that stands for an array."""


@dataclass
class Arrays:
    """Arrays by name; `put` hands out names, `get` gives them back."""

    stored: dict[str, np.ndarray] = field(default_factory=dict)

    def put(self, name: str, value: np.ndarray) -> str:
        """Store `value` under `name` and return the name."""
        self.stored[name] = np.asarray(value)
        return name

    def get(self, name: str) -> np.ndarray:
        """Return the array called `name`. Raises KeyError."""
        return self.stored[name]


def words_of(value: Any, arrays: Arrays) -> Any:
    """Return a value as words; its arrays go to `arrays`, but for single rows of numbers."""
    return _words(tree_of(value), arrays, "")


def value_from(kind: Any, words: Any, arrays: Arrays) -> Any:
    """Return the value of type `kind` that `words_of` took apart. Raises as `f2p.codec.value_of`."""
    return value_of(kind, _tree(words, arrays))


def _words(tree: Any, arrays: Arrays, where: str) -> Any:
    """Return a tree without its arrays."""
    if isinstance(tree, np.ndarray):
        return tree.tolist() if tree.ndim == 1 else {ARRAY: arrays.put(where, tree)}
    if isinstance(tree, Mapping):
        return {name: _words(part, arrays, f"{where}.{name}".lstrip(".")) for name, part in tree.items()}
    if isinstance(tree, list):
        return [_words(part, arrays, f"{where}.{index}") for index, part in enumerate(tree)]
    return tree


def _tree(words: Any, arrays: Arrays) -> Any:
    """Return words with their arrays."""
    if isinstance(words, Mapping):
        if set(words) == {ARRAY}:
            return arrays.get(words[ARRAY])
        return {name: _tree(part, arrays) for name, part in words.items()}
    return [_tree(part, arrays) for part in words] if isinstance(words, list) else words
