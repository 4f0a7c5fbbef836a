"""What the steps of a proposal are for, where no plan is believed: whoever proposed them meant each to do something.

A model that does not know yet that contents travel sees no way to capsules in cups on another table, and of a thousand
improbable candidates the least improbable is a corner of its errors. A person's proposal makes sense step by step all
the same: the capsule goes into its cup, and the cup to the other table. So then each step is asked for what the goal
wants of its object (ours): inside what it shall be in; else on what it shall be on; else on what its contents shall be
on. What the model gets wrong on such a way is what it has to learn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from f2p.action.protocol import widest
from f2p.plan.protocol import Predictor
from f2p.plan.ties import scores_of
from f2p.relation.table import binary_spec
from f2p.types import Goal, GoalRelation, Scene, SkillStep


def purposes(goal: Goal, steps: Sequence[SkillStep]) -> tuple[tuple[int, Goal], ...]:
    """Return what shall be true after which steps, as (steps done, goal); only the last step of an object counts."""
    last = {step.object: index + 1 for index, step in enumerate(steps)}
    found = ((done, wanted(goal, name)) for name, done in last.items())
    return tuple(sorted(((done, Goal(literals)) for done, literals in found if literals), key=lambda one: one[0]))


def wanted(goal: Goal, name: str) -> tuple[GoalRelation, ...]:
    """Return what the goal wants of the object called `name` by itself, by the rule at the top of this file."""
    state = tuple(one for one in goal.literals if one.subject == name and not one.object)
    place = within(goal, name) or upon(goal, name)
    if not place:
        on = (one for inner in contents(goal, name) for one in upon(goal, inner))
        place = tuple(dict.fromkeys(replace(one, subject=name) for one in on))
    return (*place, *state)


def destinations(goal: Goal, name: str) -> frozenset[str]:
    """Return what the goal wants `name` to be in or on; where it says nothing, what it wants of what shall be in it."""

    def of(subject: str) -> frozenset[str]:
        return frozenset(one.object for one in (*within(goal, subject), *upon(goal, subject)))

    return of(name) or frozenset(place for inner in contents(goal, name) for place in of(inner)) - {name}


def within(goal: Goal, subject: str) -> tuple[GoalRelation, ...]:
    """Return the literals that want `subject` to be in something."""
    return tuple(one for one in _wished(goal, subject) if binary_spec(one.relation).contains)


def upon(goal: Goal, subject: str) -> tuple[GoalRelation, ...]:
    """Return the literals that want `subject` to be on something."""
    return tuple(one for one in _wished(goal, subject) if binary_spec(one.relation).supports)


def contents(goal: Goal, name: str) -> tuple[str, ...]:
    """Return what the goal wants to be in the object called `name`, in its order."""
    subjects = dict.fromkeys(one.subject for one in goal.literals)
    return tuple(subject for subject in subjects if any(one.object == name for one in within(goal, subject)))


def _wished(goal: Goal, subject: str) -> tuple[GoalRelation, ...]:
    return tuple(one for one in goal.literals if one.subject == subject and one.value and one.object)


def kept_purposes(
    predictor: Predictor, scene: Scene, steps: tuple[SkillStep, ...], proposals: np.ndarray,
    asked: Sequence[tuple[int, Goal]],
) -> np.ndarray:  # fmt: skip
    """Return the probability that every step does what it is for. Shape (candidates,).

    Args:
        predictor: Rolls out the first steps of every candidate.
        scene: Where objects are now.
        steps: H steps.
        proposals: Shape (candidates, H, P).
        asked: As of `purposes`.
    """
    out = np.ones(len(proposals))
    for done, goal in asked:
        width = widest([step.skill for step in steps[:done]])
        out *= scores_of(predictor, scene, steps[:done], proposals[:, :done, :width], goal)
    return out
