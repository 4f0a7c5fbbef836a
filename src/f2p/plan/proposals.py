"""What may be tried: which skill on which object, with parameters that the skill proposes.

A proposal is drawn as though its object stood where the scene shows it, as far open as there. Where earlier steps of a
plan are meant to move the object, parameters that aim at a place are corrected by how far, so that they still aim at
the same one; and parameters that open it, where they are meant to have opened it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from f2p.action.protocol import Action, Opens, actions, aiming, moves, opening, widest
from f2p.action.workspace import Workspace
from f2p.plan.errors import BadSkeletonError, NothingMovableError, UnplannableSkillError
from f2p.types import Scene, SkillStep


def possible_steps(scene: Scene, skills: Sequence[str]) -> tuple[SkillStep, ...]:
    """Return every one of `skills` on everything it applies to.

    Raises:
        UnplannableSkillError: A skill that there is not, with the choices.
        NothingMovableError: There is nothing to act on.
    """
    steps = tuple(
        SkillStep(skill, segment.name)
        for skill in skills
        for segment in scene.segments
        if _known(skill).applies(segment)
    )
    if not steps:
        raise NothingMovableError(scene.names)
    return steps


def check_skeleton(scene: Scene, skeleton: Sequence[SkillStep]) -> tuple[SkillStep, ...]:
    """Return `skeleton` if every step of it can be executed in `scene`.

    Raises:
        UnplannableSkillError: A skill that there is not, with the choices.
        BadSkeletonError: No step, or an object that is not there or that its skill does not apply to.
        NothingMovableError: There is nothing to act on.
    """
    possible = possible_steps(scene, actions.names)
    if not skeleton:
        raise BadSkeletonError("it has no steps", sorted({step.object for step in possible}))
    for step in skeleton:
        _known(step.skill)
        if step not in possible:
            choices = [one.object for one in possible if one.skill == step.skill]
            why = f"cannot be moved by {step.skill}" if step.object in scene.names else "is not in the scene"
            raise BadSkeletonError(f"{step.object!r} {why}", choices)
    return tuple(skeleton)


def drawn(
    scene: Scene, skeleton: Sequence[SkillStep], count: int, rng: np.random.Generator, workspace: Workspace
) -> np.ndarray:
    """Proposals for every step, independent of each other. Shape (count, H, P), filled up to the widest skill."""
    out = np.zeros((count, len(skeleton), widest([step.skill for step in skeleton])))
    for index, step in enumerate(skeleton):
        proposed = actions.get(step.skill).draw(scene, step.object, count, rng, workspace)
        out[:, index, : proposed.shape[1]] = proposed
    return out


def parameters_of(scene: Scene, skeleton: Sequence[SkillStep], proposals: np.ndarray) -> np.ndarray:
    """Turn proposals into parameters of calls that follow each other. Shapes (candidates, H, P)."""
    return _followed(scene, skeleton, proposals)[0]


def ends_of(scene: Scene, skeleton: Sequence[SkillStep], proposals: np.ndarray) -> np.ndarray:
    """Return where each step is meant to leave the centre of its object [m]. Shape (candidates, H, 3)."""
    return _followed(scene, skeleton, proposals)[1]


def _followed(scene: Scene, skeleton: Sequence[SkillStep], proposals: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return parameters (candidates, H, P) and ends (candidates, H, 3) of proposals (candidates, H, P)."""
    parameters = np.array(proposals, dtype=np.float64)
    ends = np.zeros((*parameters.shape[:2], 3))
    displaced = np.zeros((len(parameters), len(scene.segments), 3))
    seen = np.array([max(one.opening, 0.0) for one in scene.segments])
    out = np.repeat(seen[None], len(parameters), axis=0)
    for index, step in enumerate(skeleton):
        moving, body = moves(step.skill), scene.index(step.object)
        own = parameters[:, index, : len(moving)]  # a view
        own -= displaced[:, body] @ moving.T * aiming(step.skill)
        own -= np.outer(out[:, body] - seen[body], opening(step.skill))
        action = actions.get(step.skill)
        displaced += action.expected(scene, step.object, own)
        if isinstance(action, Opens):
            out[:, body] = action.opened(scene, step.object, own, out[:, body])
        ends[:, index] = scene.segments[body].box.center + displaced[:, body]
    return parameters, ends


def _known(skill: str) -> Action:
    """Return the skill. Raises UnplannableSkillError with the choices."""
    if skill not in actions.names:
        raise UnplannableSkillError(skill, actions.names)
    return actions.get(skill)
