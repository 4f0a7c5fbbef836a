"""Which relations and skills weights were made for: their names, in the order of the numbers that the networks give."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from f2p.action.protocol import actions
from f2p.types import BINARY_RELATIONS, UNARY_RELATIONS

FIRST = {
    "unary": ["movable", "is_drawer", "drawer_open"],
    "binary": ["left", "right", "front", "behind", "above", "below", "contact", "boundary", "inside"],
}
"""What weights mean whose manifest says nothing: those made before manifests had an entry."""


def vocabulary() -> dict[str, list[str]]:
    """Return names of relations as a manifest says them."""
    return {"unary": list(UNARY_RELATIONS), "binary": list(BINARY_RELATIONS)}


def misfit(said: Mapping[str, Sequence[str]], skills: Sequence[str]) -> str:
    """Return why weights for relations `said` (empty: FIRST) and `skills` cannot be used here; empty if they can."""
    for kind, names in vocabulary().items():
        other = list((said or FIRST).get(kind, ()))
        if other != names:
            return f"they were made for the {kind} relations {_joined(other)}, here they are {_joined(names)}"
    unknown = [skill for skill in skills if skill not in actions.names]
    if unknown:
        return f"they were made for the skill {unknown[0]!r}, known are {_joined(list(actions.names))}"
    return ""


def _joined(names: Sequence[object]) -> str:
    """Return names in one line."""
    return ", ".join(map(str, names)) or "none"
