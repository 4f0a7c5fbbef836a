"""The scenes around a failure: as it was left, what lies together in it, and placements that do not collide."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from f2p.action.protocol import NeedsRoom, actions, moves
from f2p.geometry import half_extents
from f2p.learner.errors import NothingToMoveError
from f2p.relation.table import carried, held
from f2p.shape.protocol import open_tops
from f2p.sim.world import Body, World
from f2p.types import Failure, Relations, SkillCall

_CLEARANCE = 0.01
"""Gap kept between objects that are put down side by side [m] (ours: nothing starts in penetration)."""

_TRIES = 200
"""Draws for one free spot before the scene is drawn anew (ours)."""

_SCENES = 100
"""Scenes drawn before giving up on a table that is too full (ours)."""


Footprint = tuple[np.ndarray, np.ndarray]
"""Centre and half extents of an upright rectangle [m]; shapes (2,)."""

_Surface = tuple[np.ndarray, np.ndarray]
"""Middle (3,) and half extents (2,) of a level rectangle on which objects can stand [m]."""


def as_it_was_left(failure: Failure, along: Sequence[int] = ()) -> Failure | None:
    """Return the failure as it would look from the scene it left: that scene before, its relations observed before.

    Args:
        failure: The step that failed.
        along: Segments that moved along.

    Returns:
        None where nothing can be done from there, what was grasped was not seen again or stands on no furniture; and
        where the same cannot happen again, since nothing of what moved along does.
    """
    outcome = failure.outcome
    grasped, after = outcome.call.object, outcome.observed_after
    furniture = [after.names.index(segment.name) for segment in outcome.after.segments if not segment.movable]
    stands = np.any(carried(after.binary)[:, furniture], axis=1)
    if grasped in outcome.unseen or not stands[after.names.index(grasped)]:
        return None
    moved = [outcome.before.names[index] for index in along]
    if moved and not any(stands[after.names.index(name)] for name in moved if name in after.names):
        return None
    return replace(failure, outcome=replace(outcome, before=outcome.after, observed_before=after))


def free_indices(bodies: Sequence[Body]) -> list[int]:
    """Return bodies that can be moved about."""
    return [index for index, body in enumerate(bodies) if body.free]


def groups_together(bodies: Sequence[Body], relations: Relations) -> list[list[int]]:
    """Free bodies grouped with what is inside them, container first. Every free body is in exactly one group."""
    inside = held(relations.binary)
    free = free_indices(bodies)
    holder = {index: next((other for other in free if other != index and inside[index, other]), None) for index in free}
    return [[index, *(one for one in free if holder[one] == index)] for index in free if holder[index] is None]


def scattered(
    bodies: Sequence[Body],
    poses: np.ndarray,
    groups: Sequence[Sequence[int]],
    rng: np.random.Generator,
    failure: Failure,
) -> np.ndarray:
    """Put every group down at a uniformly drawn place on a table or shelf, clear of everything; the rest stays.

    Args:
        bodies: Bodies of the failure's rebuilt scene.
        poses: Their poses (x, y, z, yaw). Shape (bodies, 4).
        groups: Bodies that keep their arrangement, the one they stand in first.
        rng: Source of randomness.
        failure: For messages.

    Returns:
        Poses with every group on a surface. Shape (bodies, 4).

    Raises:
        NothingToMoveError: No surface, nothing free, or no room.
    """
    surfaces = _surfaces(bodies, poses)
    if not surfaces or not groups:
        raise NothingToMoveError(failure.id, "no table" if not surfaces else "nothing that can be moved")
    for _ in range(_SCENES):
        drawn = _draw_scene(bodies, poses, groups, surfaces, rng)
        if drawn is not None:
            return drawn
    raise NothingToMoveError(failure.id, f"no room for {len(groups)} objects side by side")


def _draw_scene(
    bodies: Sequence[Body],
    poses: np.ndarray,
    groups: Sequence[Sequence[int]],
    surfaces: Sequence[_Surface],
    rng: np.random.Generator,
) -> np.ndarray | None:
    """Try once to draw a whole scene; None when a group found no free spot."""
    new = np.array(poses, dtype=np.float64)
    moving = {index for group in groups for index in group}
    staying = [index for index in free_indices(bodies) if index not in moving]
    taken = [(poses[index, :2], half_extents(bodies[index].size, poses[index, 3])[:2]) for index in staying]
    for group in groups:
        first = group[0]
        spot = _free_spot(bodies[first], poses[first], surfaces, taken, rng)
        if spot is None:
            return None
        taken.append((spot[:2], half_extents(bodies[first].size, poses[first, 3])[:2]))
        new[list(group), :3] = poses[list(group), :3] + (spot - poses[first, :3])
    return new


def random_calls(
    failure: Failure, bodies: Sequence[Body], poses: np.ndarray, rng: np.random.Generator, acted_on: str | None = None
) -> tuple[SkillCall, ...]:
    """Return the failure's skill in each scene, with parameters that the skill proposes.

    Args:
        failure: Names the skill.
        bodies: Bodies of all scenes.
        poses: Shape (scenes, bodies, 4).
        rng: Source of randomness.
        acted_on: Name of the body in every scene; in each a random one that the skill applies to if None.
    """
    skill, calls = failure.outcome.call.skill, []
    action = actions.get(skill)
    for pose in poses:
        scene = World(tuple(bodies), pose).scene
        fitting = [segment.name for segment in scene.segments if action.applies(segment)]
        name = str(rng.choice(fitting)) if acted_on is None else acted_on
        calls.append(SkillCall(skill, name, action.draw(scene, name, 1, rng)[0]))
    return tuple(calls)


def possible(bodies: Sequence[Body], poses: np.ndarray, calls: Sequence[SkillCall]) -> np.ndarray:
    """Tell which calls find room in their scenes (scenes, bodies, 4): any other is refused. Shape (scenes,), bool."""
    out = np.ones(len(calls), dtype=bool)
    for row, call in enumerate(calls):
        action = actions.get(call.skill)
        if isinstance(action, NeedsRoom):
            scene = World(tuple(bodies), poses[row]).scene
            out[row] = action.has_room(scene, call.object, call.parameter[None])[0]
    return out


def resized(world: World, groups: Sequence[Sequence[int]], factors: Sequence[float] | np.ndarray) -> World:
    """Return the world with each group, arrangement and all, grown by its factor about the foot of its first body."""
    bodies, poses, openings = list(world.bodies), np.array(world.poses), np.array(world.openings)
    for group, factor in zip(groups, factors, strict=True):
        foot = world.poses[group[0], :3] - [0.0, 0.0, 0.5 * world.bodies[group[0]].size[2]]
        for index in group:
            bodies[index] = replace(bodies[index], size=factor * bodies[index].size)
            poses[index, :3] = foot + factor * (world.poses[index, :3] - foot)
            openings[index] *= factor
    return World(tuple(bodies), poses, openings)


def put_elsewhere(
    bodies: Sequence[Body], poses: np.ndarray, chosen: Sequence[int], call: SkillCall, rng: np.random.Generator
) -> np.ndarray | None:
    """Return the same scene with the `chosen` bodies put down somewhere on a table, out of the way of everything.

    Args:
        bodies: Of the scene.
        poses: Shape (bodies, 4).
        chosen: Which to put elsewhere.
        call: What will be done then; where it puts its object is kept free too.
        rng: Source of randomness.

    Returns:
        Shape (bodies, 4); None without a table or room.
    """
    surfaces = _surfaces(bodies, poses)
    acted = next(index for index, body in enumerate(bodies) if body.name == call.object)
    new = np.array(poses, dtype=np.float64)
    others = [index for index in free_indices(bodies) if index not in chosen]
    taken = [(poses[index, :2], half_extents(bodies[index].size, poses[index, 3])[:2]) for index in others]
    end = poses[acted, :2] + (call.parameter @ moves(call.skill))[:2]
    taken.append((end, np.full(2, 0.5 * np.linalg.norm(bodies[acted].size[:2]))))
    for index in chosen:
        spot = _free_spot(bodies[index], poses[index], surfaces, taken, rng) if surfaces else None
        if spot is None:
            return None
        new[index, :3] = spot
        taken.append((spot[:2], half_extents(bodies[index].size, poses[index, 3])[:2]))
    return new


def _surfaces(bodies: Sequence[Body], poses: np.ndarray) -> list[_Surface]:
    """Return the open tops of all furniture, as if none was turned (ours: tables stand square to the robot)."""
    return [
        (pose[:3] + top.center, top.half)
        for body, pose in zip(bodies, poses, strict=True)
        if not body.free
        for top in open_tops(body.prior, body.size, body.board)
    ]


def _free_spot(
    body: Body,
    pose: np.ndarray,
    surfaces: Sequence[_Surface],
    taken: Sequence[Footprint],
    rng: np.random.Generator,
) -> np.ndarray | None:
    """Find where `body`, turned as in `pose`, fits on a table: its centre [m], shape (3,); None where it does not."""
    half = half_extents(body.size, pose[3])[:2]
    areas = np.array([np.prod(extent) for _, extent in surfaces])
    for _ in range(_TRIES):
        center, extent = surfaces[int(rng.choice(len(surfaces), p=areas / areas.sum()))]
        reach = np.maximum(extent - half, 0.0)
        spot = center[:2] + rng.uniform(-reach, reach)
        if all(np.any(np.abs(spot - other) > half + extent + _CLEARANCE) for other, extent in taken):
            return np.array([*spot, center[2] + body.size[2] / 2])
    return None
