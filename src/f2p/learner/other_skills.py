"""What the other skills do with the object that one was wrong about (ours).

A model that did not know that contents travel with a box that is carried does not know it of one that is pushed,
either: each skill has a dynamics network of its own. With no more than a carried box to learn from, a search over all
skills found that out for itself, and pushed the box from under its contents. So the other skills act on the same object
in some of the inferred scenes, and where the model is wrong about them as well, they teach too. Beside these stand
scenes in which they act on something that was put elsewhere first, which moves by itself: without them a search
pushed a loose object, and believed that others were moved by it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from f2p.action.protocol import NeedsRoom, actions
from f2p.learner.scenes import put_elsewhere
from f2p.sim.world import World
from f2p.types import Particles, Scene, Segment, SkillCall, Transition

if TYPE_CHECKING:
    from f2p.model.architectures.protocol import Architecture

DRAWS = 16
"""Draws for each, of which the one is taken that goes farthest and least like those before: what is moved by little
surprises little, and of what was not tried in one direction a search believes whatever it likes (ours)."""

LOOSE = 3
"""One of so many acts on something that was put elsewhere first (ours)."""

WRONG = 0.5
"""Share of what another skill did that must surprise the model: what it knows already is not learned again (ours)."""


def other_skills(model: Architecture, call: SkillCall, segment: Segment) -> tuple[str, ...]:
    """Return the skills that `model` knows and that apply to `segment`, but that of `call`."""
    known = (skill for skill in model.config.skills if skill != call.skill and skill in actions.names)
    return tuple(skill for skill in known if actions.get(skill).applies(segment))


def done_otherwise(
    world: World, particles: Particles, count: int, skills: Sequence[str], carried: Sequence[int], seed: int
) -> tuple[np.ndarray, tuple[SkillCall, ...]]:
    """Return scenes of some particles, and one of `skills` on the particle's object in each, or on something loose.

    Args:
        world: Bodies of all scenes.
        particles: Scenes at rest.
        count: How many are wanted.
        skills: Taken in turns; with none, nothing is returned.
        carried: Segments that were seen to move along: one of them is what is put elsewhere first.
        seed: Of all draws.

    Returns:
        Poses (scenes, bodies, 4), and as many calls; less than `count` where there was no room.
    """
    rng, poses, calls = np.random.default_rng((seed, 75)), [], list[SkillCall]()
    for turn, index in enumerate(rng.permutation(np.resize(np.arange(len(particles.calls)), count if skills else 0))):
        pose, call = particles.poses[index], particles.calls[index]
        skill, name = skills[turn % len(skills)], call.object
        if carried and turn % LOOSE == LOOSE - 1:
            other = int(rng.choice(carried))
            name = world.bodies[other].name
            pose = put_elsewhere(world.bodies, pose, [other], call, rng)
        scene = None if pose is None else World(world.bodies, pose, world.openings).scene
        if scene is None or not actions.get(skill).applies(scene.segments[scene.index(name)]):
            continue
        known = [one.parameter for one in calls if one.skill == skill]
        poses.append(pose)
        calls.append(SkillCall(skill, name, _unlike(scene, skill, name, known, rng)))
    return np.array(poses).reshape(-1, len(world.bodies), 4), tuple(calls)


def _unlike(scene: Scene, skill: str, name: str, known: Sequence[np.ndarray], rng: np.random.Generator) -> np.ndarray:
    """Return parameters (P,) for which the hand has room, farthest from doing nothing and from the `known` ones."""
    action = actions.get(skill)
    tried = action.draw(scene, name, DRAWS, rng)
    others = np.array([np.zeros(tried.shape[1]), *known])
    apart = np.linalg.norm(tried[:, None] - others, axis=-1).min(1)
    able = action.has_room(scene, name, tried) if isinstance(action, NeedsRoom) else True
    return np.asarray(tried[np.argmax(np.where(able, apart, -1.0))])


def surprising(
    model: Architecture, transitions: Sequence[Transition], name: str, least: float
) -> tuple[Transition, ...]:
    """Return transitions by those skills that surprise `model` in `WRONG` of what they did to the object called `name`.

    A surprise is a displacement that is off by `least` [m] or more, of whatever.
    """
    from f2p.model.predictor import TorchPredictor

    predictor, off = TorchPredictor(model, "as it failed"), dict[str, list[bool]]()
    for one in transitions:
        if one.call.object == name:
            expected = predictor.predict(one.before, (one.call,))[0].displacements
            farthest = float(np.linalg.norm(one.displacements - expected, axis=1).max())
            off.setdefault(one.call.skill, []).append(farthest >= least)
    wrong = [skill for skill, surprises in off.items() if np.mean(surprises) >= WRONG]
    return tuple(one for one in transitions if one.call.skill in wrong)
