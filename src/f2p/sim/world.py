"""What a simulation is built from: bodies with a shape prior, a size and a pose, and nothing else (A.12)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from f2p.geometry import turn_about_z
from f2p.shape.protocol import FREE, WALL, Shape, board, shape_of, shapes
from f2p.sim.errors import BodyError
from f2p.types import Box, Scene, Segment, frozen


@dataclass(frozen=True, eq=False)
class Body:
    """One rigid body: the outer box of a shape prior."""

    name: str
    prior: str
    """Name of its shape prior, one of `f2p.shape` (A.12)."""
    size: np.ndarray
    """Full outer extents along the body's own axes [m]. Shape (3,)."""
    wall: float = WALL
    """Thickness of the boards of hollow priors [m]."""
    slides_to: float = 1.0
    """How far what slides comes out, as a share of what its shape lets it: less than 1 jams there, 0 is locked."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "size", frozen(self.size))
        if self.prior not in shapes.names:
            raise BodyError(self.name, f"has no shape prior {self.prior!r}; choose one of: {', '.join(shapes.names)}")
        if self.size.shape != (3,) or not np.all(np.isfinite(self.size)) or np.any(self.size < 2e-3):
            raise BodyError(self.name, f"needs three finite extents of at least 2 mm, not {self.size.tolist()}")
        if not 0.0 <= self.slides_to <= 1.0:
            raise BodyError(self.name, f"slides to a share from 0 to 1 of its travel, not {self.slides_to}")

    @property
    def shape(self) -> Shape:
        """What its prior says of it."""
        return shape_of(self.prior)

    @property
    def free(self) -> bool:
        """Whether it moves with six degrees of freedom (furniture does not; a drawer slides in its case)."""
        return self.shape.moves == FREE

    @property
    def board(self) -> float:
        """Wall thickness that leaves a cavity even in a small body [m]."""
        return board(self.size, self.wall)


@dataclass(frozen=True, eq=False)
class World:
    """Bodies and the state they are in: where their centres are, and how far drawers are open."""

    bodies: tuple[Body, ...]
    poses: np.ndarray
    """(x, y, z, yaw) of every body's box centre in the task frame. Shape (bodies, 4)."""
    openings: np.ndarray = field(default_factory=lambda: np.zeros(0))
    """How far each body is open [m], 0 for all but drawers. Shape (bodies,); given empty, all are closed."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "poses", frozen(self.poses))
        given = np.asarray(self.openings, dtype=float)
        object.__setattr__(self, "openings", frozen(given if given.size else np.zeros(len(self.bodies))))
        if self.poses.shape != (len(self.bodies), 4):
            raise BodyError("world", f"has {len(self.bodies)} bodies but poses of shape {self.poses.shape}")
        if self.openings.shape != (len(self.bodies),) or not np.all(self.openings >= 0.0):
            raise BodyError("world", f"needs one opening of at least 0 m for each body, not {self.openings.tolist()}")

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the bodies, in order."""
        return tuple(body.name for body in self.bodies)

    def index(self, name: str) -> int:
        """Return the position of the body called `name`. Raises BodyError with the choices."""
        if name not in self.names:
            raise BodyError(name, f"is not in this world; there are: {', '.join(self.names)}")
        return self.names.index(name)

    @property
    def boxes(self) -> tuple[Box, ...]:
        """The outer box of every body."""
        return tuple(
            Box(center=pose[:3], size=body.size, yaw=float(pose[3]))
            for body, pose in zip(self.bodies, self.poses, strict=True)
        )

    @property
    def scene(self) -> Scene:
        """The world as a scene of boxes without clouds: all that a proposal of parameters needs."""
        rows = zip(self.bodies, self.boxes, self.openings, strict=True)
        return Scene(tuple(Segment(one.name, one.prior, box, np.zeros((0, 3)), float(by)) for one, box, by in rows))


def reconstruct(scene: Scene) -> World:
    """Rebuild a world from what was seen: the box, the shape prior and the opening of every segment (A.12).

    Args:
        scene: Segments with boxes in the task frame.

    Returns:
        A world with one body per segment, in the order of the segments.
    """
    bodies = tuple(Body(segment.name, segment.prior, np.maximum(segment.box.size, 2e-3)) for segment in scene.segments)
    return _as_seen(bodies, scene)


def continued(world: World, scene: Scene) -> World:
    """Return the world after something happened in it: new poses and openings, a tipped solid with its new extents.

    Args:
        world: Before.
        scene: The same bodies afterwards, in the same order.
    """
    bodies = tuple(
        replace(body, size=segment.box.size) if body.free and body.shape.solid else body
        for body, segment in zip(world.bodies, scene.segments, strict=True)
    )
    return _as_seen(bodies, scene)


def _as_seen(bodies: tuple[Body, ...], scene: Scene) -> World:
    """Bodies in the state in which a scene shows them; an opening that is measured a little below 0 is closed."""
    openings = np.maximum([segment.opening for segment in scene.segments], 0.0)
    return World(bodies, np.stack([segment.box.pose for segment in scene.segments]), openings)


def upright_boxes(positions: np.ndarray, rotations: np.ndarray, sizes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the gravity-aligned boxes around possibly tipped bodies.

    The yaw is that of the body axis nearest to horizontal among x and y, so that an upright body keeps its yaw
    and a tipped one lies along its length.

    Args:
        positions: Centres [m]. Shape (..., 3).
        rotations: Body to task rotations. Shape (..., 3, 3).
        sizes: Full extents along body axes [m]. Shape (..., 3).

    Returns:
        Poses (x, y, z, yaw), shape (..., 4), and extents along the yawed axes [m], shape (..., 3).
    """
    tilted = np.abs(rotations[..., 2, 0]) > np.abs(rotations[..., 2, 1]) + 0.1
    along_x = np.arctan2(rotations[..., 1, 0], rotations[..., 0, 0])
    along_y = np.arctan2(-rotations[..., 0, 1], rotations[..., 1, 1])
    yaws = np.where(tilted, along_y, along_x)
    extents = np.einsum("...ij,...j->...i", np.abs(turn_about_z(-yaws) @ rotations), sizes)
    return np.concatenate([positions, yaws[..., None]], axis=-1), extents
