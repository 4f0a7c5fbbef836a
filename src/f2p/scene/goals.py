"""Goals as text and arrays: "above(cup, table_b) & not inside(cup, box)" goes in, a checked conjunction comes out."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from f2p.relation.table import binary_spec
from f2p.scene.errors import GoalSyntaxError, ImpossibleGoalError, UnknownObjectError, UnknownRelationError
from f2p.types import BINARY_RELATIONS, UNARY_RELATIONS, Goal, GoalRelation, Relations

_LITERAL = re.compile(r"\s*(not\s+)?(\w+)\s*\(\s*([\w.-]+)\s*,\s*([\w.-]+)\s*\)\s*")


def parse_goal(text: str) -> Goal:
    """Read a conjunction of literals, e.g. ``above(a, b) & not left(a, c)``; `str(goal)` is read back unchanged.

    Raises:
        GoalSyntaxError: The text is no such conjunction.
        UnknownRelationError: A relation outside `BINARY_RELATIONS`.
        ImpossibleGoalError: Literals that exclude one another.
    """
    if not text.strip():
        raise GoalSyntaxError(text, "it is empty")
    literals: list[GoalRelation] = []
    for part in text.split("&"):
        match = _LITERAL.fullmatch(part)
        if match is None:
            alone = next((f"{name} is of one object; " for name in UNARY_RELATIONS if f"{name}(" in part), "")
            raise GoalSyntaxError(text, f"{alone}{part.strip()!r} is not relation(subject, object)")
        negated, relation, subject, object_ = match.groups()
        literal = GoalRelation(relation, subject, object_, value=negated is None)
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
        if literal.relation not in BINARY_RELATIONS:
            raise UnknownRelationError(literal.relation, BINARY_RELATIONS)
        if literal.subject == literal.object:
            raise ImpossibleGoalError(f"{literal} relates an object to itself")
        key = (literal.relation, literal.subject, literal.object)
        if wanted.setdefault(key, literal.value) != literal.value:
            raise ImpossibleGoalError(f"it asks for {literal} and for its opposite")
    for (relation, subject, object_), value in wanted.items():
        for other in binary_spec(relation).excludes if value else ():
            if wanted.get((other, subject, object_)):
                raise ImpossibleGoalError(f"{relation} and {other} of ({subject}, {object_}) exclude one another")
            same = binary_spec(other).converse
            if same is not None and wanted.get((same, object_, subject)):
                raise ImpossibleGoalError(f"{relation}({subject}, {object_}) excludes {same}({object_}, {subject})")
    return goal


def check_goal(goal: Goal, names: Sequence[str]) -> Goal:
    """Return `goal` if it can be asked of a scene with these names.

    Raises:
        UnknownRelationError: A relation outside `BINARY_RELATIONS`, with the choices.
        UnknownObjectError: A name outside `names`, with the choices.
        ImpossibleGoalError: Literals that exclude one another.
    """
    check_relations(goal)
    for name in goal.names:
        if name not in names:
            raise UnknownObjectError(name, names)
    return goal


def goal_arrays(goal: Goal, names: Sequence[str]) -> tuple[tuple[np.ndarray, np.ndarray, np.ndarray], np.ndarray]:
    """Return where a goal's literals are in a relation array, and what they shall be.

    Returns:
        (subjects, objects, relations), each (literals,) int, so that ``binary[..., subjects, objects, relations]``
        has shape (..., literals); and the wanted values, (literals,) bool.

    Raises:
        UnknownObjectError, UnknownRelationError, ImpossibleGoalError: As `check_goal`.
    """
    check_goal(goal, names)
    order = {name: index for index, name in enumerate(names)}
    subjects = np.array([order[literal.subject] for literal in goal.literals], dtype=np.int64)
    objects = np.array([order[literal.object] for literal in goal.literals], dtype=np.int64)
    relations = np.array([BINARY_RELATIONS.index(literal.relation) for literal in goal.literals], dtype=np.int64)
    return (subjects, objects, relations), np.array([literal.value for literal in goal.literals], dtype=bool)


def holds(goal: Goal, names: Sequence[str], binary: np.ndarray, threshold: float = 0.5) -> np.ndarray:
    """Tell whether every literal is as wanted, for any leading axes.

    Args:
        goal: The conjunction.
        names: Names along both segment axes of `binary`.
        binary: Truth values or probabilities. Shape (..., n, n, kinds).
        threshold: A probability above it counts as true.

    Returns:
        Shape (...), bool.
    """
    index, values = goal_arrays(goal, names)
    return np.all((np.asarray(binary, dtype=np.float64)[(..., *index)] > threshold) == values, axis=-1)


def satisfied(goal: Goal, relations: Relations, threshold: float = 0.5) -> bool:
    """Tell whether `goal` is true of one scene's relations."""
    return bool(holds(goal, relations.names, relations.binary, threshold))
