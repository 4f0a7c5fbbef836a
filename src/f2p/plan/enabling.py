"""What makes a plan possible is put before it: open preconditions are what partial-order planning mends plans by.

Opening a drawer brings a goal no nearer: that three objects lie on the table is as unlikely after it as before, and a
search that looks a step ahead does not see what it is good for. So a plan is sought as though every step could be
carried out (`search.py`). Where it cannot, those actions are found that make true what its steps need, all of it at
once, and the plan is made anew with one of them before it, as long as that makes it likelier (ours).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from f2p.action.workspace import Workspace
from f2p.plan.precondition import Prepared, preconditions, readiness
from f2p.plan.proposals import drawn
from f2p.plan.protocol import Predictor
from f2p.plan.shooting import Candidate
from f2p.plan.ties import scores_of
from f2p.scene.goals import literal_values
from f2p.types import Goal, Scene, SkillStep

TRIES = 100
"""Proposals of each action that are asked whether they make something possible (ours: half of a search's)."""

RIVALS = 2
"""Actions that are tried before a plan: those likeliest to make it possible (ours)."""


def as_possible(predictor: Predictor, scene: Scene, plan: Candidate) -> Candidate:
    """Return `plan` with the probability that it reaches the goal and each of its steps can be carried out."""
    able = float(readiness(predictor, scene, plan.skeleton, plan.parameters[None])[0])
    return replace(plan, probability=min(able, plan.probability))


def enabled(
    predictor: Predictor,
    scene: Scene,
    plan: Candidate,
    actions: Sequence[SkillStep],
    shoot: Callable[[tuple[SkillStep, ...]], Candidate],
    horizon: int,
    rng: np.random.Generator,
    workspace: Workspace,
    gain: float,
) -> Candidate:
    """Return `plan` with actions before it that make it possible, as long as each makes it likelier.

    Args:
        predictor: Says what is true before each step.
        scene: Where the plan starts.
        plan: With the probability that it can be carried out.
        actions: What may be done first.
        shoot: Finds parameters for steps.
        horizon: Most steps.
        rng: Draws.
        workspace: Where proposals end.
        gain: So much likelier it is made at least by each.
    """
    while len(plan.skeleton) < horizon:
        needed = dict.fromkeys(one for _, literals in preconditions(scene, plan.skeleton) for one in literals)
        others = [one for one in actions if one not in plan.skeleton]
        first = _enablers(predictor, scene, others, Goal(tuple(needed)), rng, workspace, gain) if needed else ()
        best = max((shoot((one, *plan.skeleton)) for one in first), key=lambda one: one.probability, default=plan)
        if best.probability <= plan.probability + gain:
            break
        plan = best
    return plan


def _enablers(
    predictor: Predictor, scene: Scene, actions: Sequence[SkillStep], needed: Goal, rng: np.random.Generator,
    workspace: Workspace, gain: float,
) -> list[SkillStep]:  # fmt: skip
    """Return the actions that make `needed` likeliest, likelier than it is."""
    prepared, now = Prepared(predictor), float(np.prod(literal_values(needed, predictor.detect(scene))))

    def reached(action: SkillStep) -> float:
        return float(
            scores_of(prepared, scene, (action,), drawn(scene, (action,), TRIES, rng, workspace), needed).max()
        )

    likely = {action: reached(action) for action in actions}
    able = [action for action in sorted(likely, key=lambda one: -likely[one]) if likely[action] > now + gain]
    return able[:RIVALS]
