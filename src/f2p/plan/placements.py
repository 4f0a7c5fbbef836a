"""Where an object may be put: placements drawn from the whole reachable workspace, and the parameters that lead there.

A placement is absolute (x, y of the object's box centre in the task frame, dz and yaw relative to the grasp), since
what a robot can reach is a region and not a distance. A skill's parameter is the difference (A.10). dz is zero: the
object is carried over everything and lowered until it touches (ours: one number less to sample; lowering is guarded).
dyaw is zero (ours: no task needs it; Points2Plans has no rotation either).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from f2p.action.workspace import Workspace
from f2p.plan.errors import BadSkeletonError, NothingMovableError, UnplannableSkillError
from f2p.types import PARAMETER_SIZE, Scene, SkillStep

SKILLS = ("pick_place",)
"""Skills whose parameters can be drawn here."""


def movable_names(scene: Scene) -> tuple[str, ...]:
    """Names of what a skill may act on. Raises NothingMovableError when there is none."""
    names = tuple(segment.name for segment in scene.segments if segment.movable)
    if not names:
        raise NothingMovableError(scene.names)
    return names


def check_skeleton(scene: Scene, skeleton: Sequence[SkillStep]) -> tuple[SkillStep, ...]:
    """Return `skeleton` if every step of it can be executed in `scene`.

    Raises:
        UnplannableSkillError: A skill without parameters, with the choices.
        BadSkeletonError: No step, or an object that is not there or cannot be moved.
    """
    movable = movable_names(scene)
    if not skeleton:
        raise BadSkeletonError("it has no steps", movable)
    for step in skeleton:
        if step.skill not in SKILLS:
            raise UnplannableSkillError(step.skill, SKILLS)
        if step.object not in movable:
            why = "cannot be moved" if step.object in scene.names else "is not in the scene"
            raise BadSkeletonError(f"{step.object!r} {why}", movable)
    return tuple(skeleton)


def draw_placements(
    scene: Scene, count: int, rng: np.random.Generator, workspace: Workspace, footprint_share: float = 0.0
) -> np.ndarray:
    """Draw placements uniformly from the workspace, a share of them from the footprints of whatever is in the scene.

    Args:
        scene: Its segments' footprints are used, all alike, furniture and things.
        count: How many to draw.
        rng: Source of randomness.
        workspace: Region of the uniform draws; draws over footprints are clipped to it.
        footprint_share: Share drawn over a segment chosen at random (0 is the paper's "from the robot's workspace").

    Returns:
        Shape (count, 4): x, y, dz, dyaw.
    """
    low, high = (workspace.x_low, workspace.y_low), (workspace.x_high, workspace.y_high)
    placements = np.zeros((count, PARAMETER_SIZE))
    placements[:, :2] = rng.uniform(low, high, (count, 2))
    over = round(footprint_share * count) if scene.segments else 0
    if over:
        chosen = rng.integers(len(scene.segments), size=over)
        centers = np.array([segment.box.center[:2] for segment in scene.segments])[chosen]
        halves = np.array([segment.box.size[:2] for segment in scene.segments])[chosen] / 2
        yaws = np.array([segment.box.yaw for segment in scene.segments])[chosen]
        local = rng.uniform(-halves, halves)
        turned = np.stack(
            [
                np.cos(yaws) * local[:, 0] - np.sin(yaws) * local[:, 1],
                np.sin(yaws) * local[:, 0] + np.cos(yaws) * local[:, 1],
            ],
            axis=1,
        )
        placements[:over, :2] = np.clip(centers + turned, low, high)
    return placements


def parameters_of(scene: Scene, skeleton: Sequence[SkillStep], placements: np.ndarray) -> np.ndarray:
    """Turn placements into skill parameters: placement pose minus grasp pose (A.10).

    An object that the skeleton moves twice starts the second time from where it was put the first time. Nothing else is
    assumed to have moved.

    Args:
        scene: Where the objects are now.
        skeleton: H steps.
        placements: Shape (candidates, H, 4).

    Returns:
        Shape (candidates, H, 4), [m, m, m, rad].
    """
    parameters = np.array(placements, dtype=np.float64)
    last: dict[str, int] = {}
    for index, step in enumerate(skeleton):
        if step.object in last:
            parameters[:, index, :2] -= placements[:, last[step.object], :2]
        else:
            parameters[:, index, :2] -= scene.segments[scene.index(step.object)].box.center[:2]
        last[step.object] = index
    return parameters
