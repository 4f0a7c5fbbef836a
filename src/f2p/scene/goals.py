"""Goals as text and arrays: "above(cup, table_b) & drawer_open(cabinet)" goes in, a checked conjunction comes out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from f2p.relation.table import binary_spec
from f2p.scene.errors import GoalSyntaxError, ImpossibleGoalError, UnknownObjectError, UnknownRelationError
from f2p.types import BINARY_RELATIONS, UNARY_RELATIONS, Goal, GoalRelation, Relations

_LITERAL = re.compile(r"\s*(not\s+)?(\w+)\s*\(\s*([\w.-]+)\s*(?:,\s*([\w.-]+)\s*)?\)\s*")


def parse_goal(text: str) -> Goal:
    """Read a conjunction of literals, e.g. ``above(a, b) & not left(a, c)``; `str(goal)` is read back unchanged.

    Raises:
        GoalSyntaxError: The text is no such conjunction.
        UnknownRelationError: A relation that is not in the table.
        ImpossibleGoalError: Literals that exclude one another.
    """
    if not text.strip():
        raise GoalSyntaxError(text, "it is empty")
    literals: list[GoalRelation] = []
    for part in text.split("&"):
        match = _LITERAL.fullmatch(part)
        if match is None:
            raise GoalSyntaxError(text, f"{part.strip()!r} is neither relation(subject, object) nor relation(object)")
        negated, relation, subject, object_ = match.groups()
        literal = GoalRelation(relation, subject, object_ or "", value=negated is None)
        if literal not in literals:
            literals.append(literal)
    return check_relations(Goal(tuple(literals)))


def check_relations(goal: Goal) -> Goal:
    """Return `goal` if it can be asked at all.

    Raises:
        GoalSyntaxError: It has no literals.
        UnknownRelationError: A relation outside `BINARY_RELATIONS`, with the choices.
        ImpossibleGoalError: Literals that exclude one another.
    """
    if not goal.literals:
        raise GoalSyntaxError("", "it has no literals")
    wanted: dict[tuple[str, str, str], bool] = {}
    for literal in goal.literals:
        _check_arity(literal)
        if literal.subject == literal.object:
            raise ImpossibleGoalError(f"{literal} relates an object to itself")
        key = (literal.relation, literal.subject, literal.object)
        if wanted.setdefault(key, literal.value) != literal.value:
            raise ImpossibleGoalError(f"it asks for {literal} and for its opposite")
    for (relation, subject, object_), value in wanted.items():
        for other in binary_spec(relation).excludes if value and object_ else ():
            if wanted.get((other, subject, object_)):
                raise ImpossibleGoalError(f"{relation} and {other} of ({subject}, {object_}) exclude one another")
            same = binary_spec(other).converse
            if same is not None and wanted.get((same, object_, subject)):
                raise ImpossibleGoalError(f"{relation}({subject}, {object_}) excludes {same}({object_}, {subject})")
    return goal


def _check_arity(literal: GoalRelation) -> None:
    """Refuse a relation that is not in the table, that is of another number of objects, or that is of nothing."""
    if not literal.subject:
        raise GoalSyntaxError(str(literal), f"{literal.relation} is said of nothing: its subject has no name")
    known = UNARY_RELATIONS if literal.unary else BINARY_RELATIONS
    if literal.relation in known:
        return
    if literal.relation not in (*UNARY_RELATIONS, *BINARY_RELATIONS):
        raise UnknownRelationError(literal.relation, (*BINARY_RELATIONS, *UNARY_RELATIONS))
    count = "two objects" if literal.unary else "one object"
    raise GoalSyntaxError(str(literal), f"{literal.relation} is of {count}")


def check_goal(goal: Goal, names: Sequence[str]) -> Goal:
    """Return `goal` if it can be asked of a scene with these names.

    Raises:
        GoalSyntaxError: A relation of another number of objects.
        UnknownRelationError: A relation that is not in the table, with the choices.
        UnknownObjectError: A name outside `names`, with the choices.
        ImpossibleGoalError: Literals that exclude one another.
    """
    check_relations(goal)
    for name in goal.names:
        if name not in names:
            raise UnknownObjectError(name, names)
    return goal


@dataclass(frozen=True, eq=False)
class GoalArrays:
    """Where a goal's literals are in arrays of relations, and what they shall be."""

    pairs: tuple[np.ndarray, np.ndarray, np.ndarray]
    """Subjects, objects and relations, so that ``binary[..., *pairs]`` has shape (..., pairs). Each (pairs,), int."""
    pairs_wanted: np.ndarray
    """Shape (pairs,), bool."""
    alone: tuple[np.ndarray, np.ndarray]
    """Subjects and relations of one object, as of `Relations.unary`. Each (alone,), int."""
    alone_wanted: np.ndarray
    """Shape (alone,), bool."""

    def wanted(self, unary: np.ndarray, binary: np.ndarray) -> np.ndarray:
        """Return how far each literal is as wanted, pairs first, from truth or probabilities. Shape (..., literals).

        Args:
            unary: Shape (..., n, unary relations).
            binary: Shape (..., n, n, binary relations).
        """
        parts = ((binary, self.pairs, self.pairs_wanted), (unary, self.alone, self.alone_wanted))
        found = [(np.asarray(values, dtype=np.float64)[(..., *where)], right) for values, where, right in parts]
        return np.concatenate([np.where(right, value, 1.0 - value) for value, right in found], axis=-1)


def goal_arrays(goal: Goal, names: Sequence[str]) -> GoalArrays:
    """Return where a goal's literals are in the arrays of a scene with these names.

    Raises:
        UnknownObjectError, UnknownRelationError, ImpossibleGoalError: As `check_goal`.
    """
    check_goal(goal, names)
    order = {name: index for index, name in enumerate(names)}
    pairs = [one for one in goal.literals if not one.unary]
    alone = [one for one in goal.literals if one.unary]
    first, second, single = ([order[one.subject] for one in pairs], [order[one.object] for one in pairs],
                             [order[one.subject] for one in alone])  # fmt: skip
    of_pairs = [BINARY_RELATIONS.index(one.relation) for one in pairs]
    of_one = [UNARY_RELATIONS.index(one.relation) for one in alone]
    return GoalArrays(
        (_whole(first), _whole(second), _whole(of_pairs)), np.array([one.value for one in pairs], dtype=bool),
        (_whole(single), _whole(of_one)), np.array([one.value for one in alone], dtype=bool),
    )  # fmt: skip


def _whole(values: Sequence[int]) -> np.ndarray:
    return np.array(values, dtype=np.int64)


def satisfied(goal: Goal, relations: Relations, threshold: float = 0.5) -> bool:
    """Tell whether `goal` is true of one scene's relations: each probability above (or below) `threshold` as wanted."""
    arrays = goal_arrays(goal, relations.names)
    binary, unary = relations.binary > threshold, relations.unary > threshold
    return bool(np.all(arrays.wanted(unary, binary)))


def literal_values(goal: Goal, relations: Relations) -> np.ndarray:
    """Return the probability that each literal of `goal` is as wanted. Shape (literals,)."""
    values = np.array([relations.value(one.relation, one.subject, one.object) for one in goal.literals])
    return np.where([one.value for one in goal.literals], values, 1.0 - values)
