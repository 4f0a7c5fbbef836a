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

    def own(subject: str, kind: str) -> tuple[GoalRelation, ...]:
        return tuple(
            one for one in goal.literals
            if one.subject == subject and one.value and one.object and getattr(binary_spec(one.relation), kind)
        )  # fmt: skip

    state = tuple(one for one in goal.literals if one.subject == name and not one.object)
    place = own(name, "contains") or own(name, "supports")
    if not place:
        contents = [
            one.subject for one in goal.literals if name in {other.object for other in own(one.subject, "contains")}
        ]
        place = tuple(dict.fromkeys(replace(one, subject=name) for inner in contents for one in own(inner, "supports")))
    return (*place, *state)


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
