"""Candidates that no plan should rest on: without room, onto something else, over an edge, or refused before.

A model that was shown few of them believes of some that they do what is wanted (a cup that is put over its capsule
holds it, it believes; what is put down three centimetres off a board stands on it), and a search over several steps
finds just those. Nobody puts things down like that, so that such a candidate counts as little likely whatever the model
says (ours). So does one whose hand finds no room: it is refused, and models learn from what was carried out only. And
what goes as a call that the robot refused just now is likely to be refused again, in plans of one step too; why it was
is not asked, since what that says of the world is for the model to learn.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from f2p.action.protocol import NeedsRoom, actions, aiming, lengths, turns, width_of
from f2p.geometry import footprint_corners, into_box
from f2p.plan.proposals import ends_of, parameters_of
from f2p.plan.purpose import destinations, within
from f2p.shape.protocol import SLIDES, is_covered, open_tops
from f2p.types import Goal, Scene, Segment, SkillCall, SkillStep

WORTH = 0.2
"""What is left of the probability of a candidate for each of them (ours: under what is believed)."""

SAME_WAY = 0.9
"""A step that goes this share of a refused one, along it, is refused as well (ours: what is refused goes too far, so
that what goes farther is no better, and what falls short by a tenth, a centimetre of a push, may be worth a try)."""

NEGLIGIBLE = 0.01
"""Candidates that are worth less than this share of the best need not be looked at further (ours)."""


def discounted(
    scene: Scene, skeleton: Sequence[SkillStep], proposals: np.ndarray, goal: Goal, likely: np.ndarray,
    refused: Sequence[SkillCall] = (),
) -> np.ndarray:  # fmt: skip
    """Return what candidates are worth that are `likely` (candidates,), less for all that speaks against them.

    Args:
        scene: Where objects are now.
        skeleton: H steps.
        proposals: Shape (candidates, H, P).
        goal: Says into or onto what every object shall come.
        likely: As the model says. Shape (candidates,).
        refused: Calls that the robot refused in this scene.

    Returns:
        Shape (candidates,).
    """
    unwise = landings(scene, skeleton, proposals, goal) + overhangs(scene, skeleton, proposals, goal)
    unwise += repeats(skeleton, parameters_of(scene, skeleton, proposals), refused)
    worth = likely * WORTH**unwise
    rows = np.flatnonzero(worth >= NEGLIGIBLE * worth.max())  # whether the hand has room takes a while
    worth[rows] *= WORTH ** refusals(scene, skeleton, proposals[rows])
    return worth


def refusals(scene: Scene, skeleton: Sequence[SkillStep], proposals: np.ndarray) -> np.ndarray:
    """Count the steps for which the hand finds no room, of those whose object none before acts on.

    Args:
        scene: Where objects are now.
        skeleton: H steps.
        proposals: Shape (candidates, H, P).

    Returns:
        Shape (candidates,), int.
    """
    out = np.zeros(len(proposals), dtype=int)
    for index, step in enumerate(skeleton):
        action = actions.get(step.skill)
        if isinstance(action, NeedsRoom) and all(before.object != step.object for before in skeleton[:index]):
            out += ~action.has_room(scene, step.object, proposals[:, index])
    return out


def repeats(skeleton: Sequence[SkillStep], parameters: np.ndarray, refused: Sequence[SkillCall]) -> np.ndarray:
    """Count the steps that go at least about as far the same way as a refused call, if none before acts on the object.

    Compared is what is a length: displacements and openings, no angles. A call that has none says nothing of others.

    Args:
        skeleton: H steps.
        parameters: Shape (candidates, H, P).
        refused: Of the scene that the first step starts from.

    Returns:
        Shape (candidates,), int.
    """
    out = np.zeros(len(parameters), dtype=int)
    for index, step in enumerate(skeleton):
        if any(before.object == step.object for before in skeleton[:index]):
            continue
        own, again = parameters[:, index, : width_of(step.skill)], np.zeros(len(parameters), dtype=bool)
        for way in (lengths(step.skill) * call.parameter for call in refused if call.step == step):
            again |= bool(way.any()) & (own @ way >= SAME_WAY * (way @ way))
        out += again
    return out


def _under_case(place: Segment, ends: np.ndarray) -> np.ndarray:
    """Tell which ends (candidates, 3) are over the case of what slides: there nothing gets into it from above."""
    if place.shape.moves != SLIDES:
        return np.zeros(len(ends), dtype=bool)
    local = into_box(ends, place.box.center, place.box.yaw)
    return is_covered(place.prior, place.box.size, local * [1.0, 1.0, 0.0])


def landings(scene: Scene, skeleton: Sequence[SkillStep], proposals: np.ndarray, goal: Goal) -> np.ndarray:
    """Count how often something comes down where something else is, into or onto which it shall not, or on its case.

    Two share a place for certain where circles overlap that lie within their footprints, whichever way they are turned.
    Each is where the steps before are meant to have left it; what lies within the footprint of an object when that is
    moved goes with it or stays, and is not landed on.

    Args:
        scene: Where objects are now.
        skeleton: H steps.
        proposals: Shape (candidates, H, P).
        goal: Says into or onto what every object shall come.

    Returns:
        Shape (candidates,), int.
    """
    movable = [index for index, one in enumerate(scene.segments) if one.movable]
    reach = np.array([0.5 * float(one.box.size[:2].min()) for one in scene.segments])
    places = np.repeat(np.array([one.box.center[:2] for one in scene.segments])[None], len(proposals), axis=0)
    ends, out = ends_of(scene, skeleton, proposals), np.zeros(len(proposals), dtype=int)
    for index, step in enumerate(skeleton):
        own, wanted = scene.index(step.object), destinations(goal, step.object)
        for literal in within(goal, step.object):
            out += _under_case(scene.segments[scene.index(literal.object)], ends[:, index])
        start, end = places[:, own].copy(), ends[:, index, :2]
        lands = bool(aiming(step.skill).any())  # what is pushed is not put down
        for other in (one for one in movable if one != own):
            covers = np.linalg.norm(start - places[:, other], axis=-1) < max(reach[own], reach[other])
            if lands and scene.segments[other].name not in wanted:
                out += ~covers & (np.linalg.norm(end - places[:, other], axis=-1) < reach[own] + reach[other])
            places[:, other] += np.where(covers & (reach[own] > reach[other]), (end - start).T, 0.0).T
        places[:, own] = end
    return out


def overhangs(scene: Scene, skeleton: Sequence[SkillStep], proposals: np.ndarray, goal: Goal) -> np.ndarray:
    """Count what is put down last with more than a quarter of its width over the edge of what it shall stand on.

    Args:
        scene: Where objects are now.
        skeleton: H steps.
        proposals: Shape (candidates, H, P).
        goal: Says onto what every object shall come.

    Returns:
        Shape (candidates,), int.
    """
    ends, out = ends_of(scene, skeleton, proposals), np.zeros(len(proposals), dtype=int)
    for index, step in {step.object: (index, step) for index, step in enumerate(skeleton)}.values():
        places = frozenset() if within(goal, step.object) else destinations(goal, step.object)
        wanted = [one for one in scene.segments if not one.movable and one.name in places]
        tops = [(one.box, top) for one in wanted for top in open_tops(one.prior, one.box.size)]
        if not tops or not aiming(step.skill).any():
            continue
        box = scene.segments[scene.index(step.object)].box
        yaws = box.yaw + proposals[:, index, : width_of(step.skill)] @ turns(step.skill)
        corners = footprint_corners(ends[:, index], np.tile(0.5 * box.size, (len(ends), 1)), yaws)
        on = [
            np.abs(into_box(corners, under.center[:2], under.yaw) - top.center[:2]) <= top.half for under, top in tops
        ]
        out += ~np.any(np.all(on, axis=(-2, -1)), axis=0)
    return out
