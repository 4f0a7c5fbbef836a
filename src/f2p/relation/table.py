"""The table of relations in the order of all arrays, and the vocabulary, which they and weights share."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from f2p.plugins import import_plugins
from f2p.relation.errors import RelationSpecError, VocabularyFixedError
from f2p.relation.spec import BinarySpec, Bodies, Boxes, UnarySpec

Spec = UnarySpec | BinarySpec

VARIABLE, GROUP = "F2P_RELATIONS", "f2p.relations"
"""Where modules are named that add relations: an environment variable, and entry points of installed packages."""

_TABLE: dict[str, Spec] = {}
_FIXED: list[tuple[tuple[str, int], ...]] = []
"""The vocabulary once it is fixed; empty before."""


def register(spec: Spec) -> None:
    """Add a relation behind those that are there.

    Raises:
        VocabularyFixedError: `f2p.types` was imported already.
        RelationSpecError: The name is taken or no identifier, or nothing says how it is computed.
    """
    if _FIXED:
        raise VocabularyFixedError(spec.name)
    if spec.name in _TABLE:
        raise RelationSpecError(spec.name, "the name is taken", tuple(_TABLE))
    if not spec.name.isidentifier():
        raise RelationSpecError(spec.name, "a goal could not name it (letters, digits and _ only)", tuple(_TABLE))
    if isinstance(spec, BinarySpec) and spec.compute is None and spec.converse in (None, spec.name):
        raise RelationSpecError(spec.name, "it has no function and no converse that has one", tuple(_TABLE))
    _TABLE[spec.name] = spec


def unary_specs() -> tuple[UnarySpec, ...]:
    """Return relations of one object, in the order of `Relations.unary`."""
    return tuple(spec for spec in _TABLE.values() if isinstance(spec, UnarySpec))


def binary_specs() -> tuple[BinarySpec, ...]:
    """Return relations of pairs, in the order of `Relations.binary`."""
    return tuple(spec for spec in _TABLE.values() if isinstance(spec, BinarySpec))


def binary_spec(name: str) -> BinarySpec:
    """Return the relation of pairs called `name`. Raises KeyError."""
    return {spec.name: spec for spec in binary_specs()}[name]


def is_sharp(name: str) -> bool:
    """Tell whether network and geometry can both be held to the relation called `name`. Raises KeyError."""
    return {spec.name: spec.sharp for spec in _TABLE.values()}[name]


def vocabulary() -> tuple[tuple[str, int], ...]:
    """Name and arity of all relations, unary first, in the order of all arrays. From now on it is fixed.

    The modules that others name for it are imported before; they cannot import `f2p.types`.

    Raises:
        PluginError: One of them cannot be imported.
        RelationSpecError: A specification refers to a relation that is not in the table.
    """
    if not _FIXED:
        import_plugins(VARIABLE, GROUP)
        one, two = [spec.name for spec in unary_specs()], [spec.name for spec in binary_specs()]
        for unary in unary_specs():
            _refer(unary.name, [unary.only_of] if unary.only_of else [], one)
        for spec in binary_specs():
            _refer(spec.name, [*filter(None, (spec.converse, spec.mirrored)), *spec.excludes], two)
            if spec.compute is None and binary_spec(str(spec.converse)).compute is None:
                raise RelationSpecError(spec.name, f"its converse {spec.converse!r} has no function either", two)
        _FIXED.append((*((name, 1) for name in one), *((name, 2) for name in two)))
    return _FIXED[0]


def _refer(name: str, others: Iterable[str], known: list[str]) -> None:
    """Refuse a specification that speaks of relations of its arity which are not there."""
    for other in others:
        if other not in known:
            raise RelationSpecError(name, f"it refers to {other!r}", known)


def binary_value(spec: BinarySpec, boxes: Boxes) -> np.ndarray:
    """Truth values of one relation between `boxes`, computed once. Shape (..., n, n), bool; diagonal undefined."""
    if spec.name not in boxes.found:
        if spec.compute is not None:
            value = spec.compute(boxes)
        else:
            value = np.swapaxes(binary_value(binary_spec(str(spec.converse)), boxes), -1, -2)
        boxes.found[spec.name] = value & boxes.hollow[..., None, :] if spec.contains else value
    return boxes.found[spec.name]


def unary_values(bodies: Bodies) -> np.ndarray:
    """Return all unary relations in the order of the table. Shape (n, unary), bool."""
    return np.stack([np.asarray(spec.compute(bodies), dtype=bool) for spec in unary_specs()], axis=-1)


def kinds(chosen: Callable[[BinarySpec], bool]) -> list[int]:
    """Return the indices, along the last axis of `Relations.binary`, of the relations that `chosen` says yes to."""
    return [index for index, spec in enumerate(binary_specs()) if chosen(spec)]


def held(binary: np.ndarray) -> np.ndarray:
    """Say which subject lies in which object, by truth or probabilities (..., n, n, kinds). Shape (..., n, n)."""
    return np.any(np.asarray(binary)[..., kinds(lambda spec: spec.contains)] > 0.5, axis=-1)


def carried(binary: np.ndarray) -> np.ndarray:
    """Say which subject lies over which object, from truth or probabilities. Shape (..., n, n), bool."""
    return np.any(np.asarray(binary)[..., kinds(lambda spec: spec.supports)] > 0.5, axis=-1)


def mirrored(binary: np.ndarray) -> np.ndarray:
    """Return binary relations (..., kinds) of the same scenes with left and right (+y and -y) exchanged."""
    names = [spec.name for spec in binary_specs()]
    return np.asarray(binary)[..., [names.index(spec.mirrored or spec.name) for spec in binary_specs()]]
