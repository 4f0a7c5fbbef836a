"""Shooting: draw parameters for a given skeleton, let the model roll all of them out, keep the likeliest (A.11.2).

With one step it is exactly the paper's shooting. With H steps (ours: three independent hits of one in ten are one in a
thousand when drawn jointly, and a cup is one in a hundred alone) a share of the proposals is drawn over what the goal
wants the step's object to be in or on, and only a first part of the candidates is drawn jointly: the rest are some of
the best so far with one or more steps drawn anew. They are as many for each step whatever H.

A candidate is likely only if each of its steps can be carried out (`precondition.py`). Of near-equals one is taken
by the rule of `ties.py`. Where no candidate of several steps is likely, each step shall do what it is for
(`purpose.py`), as far as any of them can be carried out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from f2p.action.workspace import Workspace
from f2p.geometry import rotate_z
from f2p.plan.landing import WORTH, discounted, repeats
from f2p.plan.precondition import Prepared, readiness
from f2p.plan.proposals import check_skeleton, drawn, parameters_of
from f2p.plan.protocol import Predictor
from f2p.plan.purpose import destinations, kept_purposes, purposes
from f2p.plan.ties import TieRule, choose, scores_of
from f2p.settings import Settings, group, number
from f2p.shape.protocol import board
from f2p.shape.sliding import case_front, slide_travel
from f2p.types import Goal, Scene, Segment, SkillCall, SkillStep


@dataclass(frozen=True)
class ShootingConfig(Settings):
    """How many candidates, and when two of them are equally good."""

    candidates: int = number(
        1000,
        "candidates per skeleton, of one or two steps",
        low=1,
        high=100_000,
        source="ours; K_a is not given in A.11.2",
    )
    joint_share: float = number(
        0.4, "share drawn jointly over all steps, of more than one", low=0.0, high=1.0, source="ours"
    )
    named_share: float = number(
        0.5, "share of the proposals, of more than one step, over what the goal wants the object to be in or on",
        low=0.0, high=1.0, source="ours",
    )  # fmt: skip
    parents: int = number(8, "best candidates so far that others are drawn from", low=1, high=1000, source="ours")
    ties: TieRule = group(TieRule)


@dataclass(frozen=True, eq=False)
class Candidate:
    """One skeleton with parameters and what it is worth."""

    skeleton: tuple[SkillStep, ...]
    parameters: np.ndarray
    """Of every step, filled up with zeros to the widest skill. Shape (steps, P)."""
    probability: float
    """P(goal) after the last step."""
    evaluated: int = 0
    """Rollouts asked for to find it."""
    ties: int = 1
    """How many candidates it was drawn from."""


def shoot(
    predictor: Predictor,
    scene: Scene,
    skeleton: Sequence[SkillStep],
    goal: Goal,
    rng: np.random.Generator,
    workspace: Workspace | None = None,
    config: ShootingConfig | None = None,
    belief: float = 0.5,
    refused: tuple[SkillCall, ...] = (),
) -> Candidate:
    """Find parameters for `skeleton` that make `goal` likely.

    Args:
        predictor: Says how likely.
        scene: Where objects are now.
        skeleton: What is done.
        goal: What for.
        rng: Draws.
        workspace: Where proposals end.
        config: How many there are.
        belief: Where no candidate of several steps is this likely, each step shall do what it is for.
        refused: Calls that the robot refused in this scene.

    Raises:
        BadSkeletonError, UnplannableSkillError, NothingMovableError: The skeleton does not fit the scene.
        BadScoresError: The predictor gave no probabilities.
    """
    config, workspace = config or ShootingConfig(), workspace or Workspace()
    steps = check_skeleton(scene, skeleton)
    aimed = partial(_aimed, scene, steps, rng=rng, workspace=workspace, goal=goal, share=config.named_share)
    prepared = Prepared(predictor)
    if len(steps) == 1:
        proposals = drawn(scene, steps, int(config.candidates), rng, workspace)
        single = partial(_single, prepared, scene, steps, goal, refused)
        scores = single(proposals)
        best, ties = choose(predictor, scene, steps, proposals, scores, config.ties, rng, single)
        return _candidate(scene, steps, proposals[best], float(scores[best]), len(scores), ties)

    def cautious(likely: Callable[[np.ndarray], np.ndarray], proposals: np.ndarray) -> np.ndarray:
        return discounted(scene, steps, proposals, goal, likely(proposals), refused)

    believed = partial(cautious, partial(scores_of, prepared, scene, steps, goal=goal))
    proposals, worth, joint = _sought(aimed, believed, rng, config)
    evaluated, asked = len(worth), purposes(goal, steps)
    if worth.max() < belief and asked:
        ask = partial(kept_purposes, predictor, scene, steps, asked=asked)
        sensible, kept, _ = _sought(aimed, partial(cautious, ask), rng, config)
        evaluated += len(kept)
        sensible, kept = sensible[kept >= belief], kept[kept >= belief]
        if len(sensible):
            able = kept * readiness(predictor, scene, steps, parameters_of(scene, steps, sensible))
            kept = able if able.max() > config.ties.tolerance else kept
            best, ties = choose(predictor, scene, steps, sensible, kept, config.ties, rng, partial(cautious, ask))
            likely = float(believed(sensible[best][None])[0])
            return _candidate(scene, steps, sensible[best], likely, evaluated, ties)
    if worth.max() <= config.ties.tolerance:  # redrawn ones lie about a best that is none
        proposals, worth = proposals[:joint], worth[:joint]
    best, ties = choose(predictor, scene, steps, proposals, worth, config.ties, rng, believed)
    return _candidate(scene, steps, proposals[best], float(worth[best]), evaluated, ties)


def _single(
    predictor: Predictor, scene: Scene, steps: tuple[SkillStep, ...], goal: Goal, refused: Sequence[SkillCall],
    proposals: np.ndarray,
) -> np.ndarray:  # fmt: skip
    """Return P(goal) of one step, less for what goes as a call that was refused. Shape (candidates,)."""
    return scores_of(predictor, scene, steps, proposals, goal) * WORTH ** repeats(steps, proposals, refused)


def _sought(
    aimed: Callable[[int], np.ndarray], ask: Callable[[np.ndarray], np.ndarray], rng: np.random.Generator,
    config: ShootingConfig,
) -> tuple[np.ndarray, np.ndarray, int]:  # fmt: skip
    """Return proposals of several steps and what they are worth to `ask`; the first so many were drawn jointly."""
    total = int(config.candidates)
    joint = max(1, round(config.joint_share * total))
    proposals = aimed(joint)
    worth, count, horizon = ask(proposals), -(-(total - joint) // 4), proposals.shape[1]
    for _ in range(2 * horizon if count else 0):
        parents = proposals[np.argsort(-worth, kind="stable")[: int(config.parents)]]
        redrawn = _redrawn(parents, aimed(count), rng)
        proposals = np.concatenate([proposals, redrawn])
        worth = np.concatenate([worth, ask(redrawn)])
    return proposals, worth, joint


def _candidate(
    scene: Scene, steps: tuple[SkillStep, ...], proposal: np.ndarray, likely: float, evaluated: int, ties: int
) -> Candidate:
    """Return one proposal (H, P) as the calls it makes."""
    return Candidate(steps, parameters_of(scene, steps, proposal[None])[0], likely, evaluated, ties)


def _aimed(
    scene: Scene,
    steps: tuple[SkillStep, ...],
    count: int,
    *,
    rng: np.random.Generator,
    workspace: Workspace,
    goal: Goal,
    share: float,
) -> np.ndarray:
    """Draw proposals, a share of each step's over its object's destinations. Shape (count, H, P)."""
    out, over = drawn(scene, steps, count, rng, workspace), replace(workspace, over_objects=1.0)
    for index, step in enumerate(steps):
        places = destinations(goal, step.object)
        rows = rng.permutation(count)[: round(share * count) if places else 0]
        near = replace(
            scene, segments=tuple(opened_out(one) for one in scene.segments if one.name in {step.object, *places})
        )
        aimed = drawn(near, (step,), len(rows), rng, over)[:, 0] if len(rows) else out[:0, index]
        out[rows, index, : aimed.shape[1]] = aimed
    return out


def opened_out(segment: Segment) -> Segment:
    """Return what comes out of a case in its place, and everything else as it is: into a drawer is put in front of it.

    A step before may open it, so that it is taken as open as it comes.
    """
    slabs = segment.shape.slabs(segment.box.size, board(segment.box.size))
    travel = slide_travel(slabs)
    if not travel:
        return segment
    box, middle = segment.box, np.array([case_front(slabs) - 0.5 * travel, 0.0])
    center = np.array([*(box.center[:2] + rotate_z(middle, box.yaw)), box.center[2]])
    return replace(segment, box=replace(box, center=center, size=np.array([travel, *box.size[1:]])))


def _redrawn(parents: np.ndarray, fresh: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return `fresh` proposals (count, H, P) with some steps, not all, as one of `parents` (parents, H, P) has them."""
    count, horizon = fresh.shape[:2]
    anew = rng.random((count, horizon)) < 0.5 / horizon
    anew[np.arange(count), rng.integers(horizon, size=count)] = True
    return np.where(anew[..., None], fresh, parents[rng.integers(len(parents), size=count)])
