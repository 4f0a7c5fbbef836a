"""What one relation is: its name, what it follows from, and what monitor, posterior and goals have to know of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from f2p.geometry import half_extents
from f2p.settings import Settings, number, setting


@dataclass(frozen=True)
class RelationConfig(Settings):
    """Thresholds of the relations; the defaults are the decisions every part of f2p shares."""

    side_half_angle: float = number(
        np.pi / 2.25, "half angle of left, right, front, behind", unit="rad", low=0.1, high=1.57,
        source="Points2Plans code (B2)",
    )  # fmt: skip
    vertical_half_angle: float = number(
        np.pi / 6.0, "half angle of above and below", unit="rad", low=0.0, high=1.5,
        source="ours: the neighbouring table is not below",
    )  # fmt: skip
    contact_gap: float = number(
        0.003, "largest gap that counts as contact without a simulator", unit="m", low=0.0, high=0.05, source="B6"
    )
    boundary_distance: float = number(
        0.1, "centre this near an edge is on the boundary", unit="m", low=0.0, high=1.0, source="A.9"
    )
    boundary_least_size: float = number(
        0.2, "smallest horizontal size of a surface with a boundary", unit="m", low=0.0, high=5.0, source="A.9"
    )
    inside_strict: bool = setting(
        False, "demand containment in z as well, by A.9 to the letter, rather than by the tolerances below", source="B4"
    )
    inside_above: float = number(
        0.14, "how far an object inside may stand out at the top", unit="m", low=0.0, high=1.0,
        source="Points2Plans code",
    )  # fmt: skip
    inside_below: float = number(
        0.03, "how far an object inside may stand out below", unit="m", low=0.0, high=1.0, source="Points2Plans code"
    )
    inside_depth: float = number(
        0.01, "an object inside dips at least this far below the rim", unit="m", low=0.0, high=0.5,
        source="ours: what stands on B is not in it",
    )  # fmt: skip
    drawer_open: float = number(
        0.02, "a drawer pulled out this far is open", unit="m", low=0.0, high=0.5,
        source="ours: beyond driver tolerance",
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Boxes:
    """What a binary relation is computed from: n upright boxes in the task frame, for any leading axes."""

    centers: np.ndarray
    """Box centres [m]. Shape (..., n, 3)."""
    sizes: np.ndarray
    """Full extents along each box's own axes [m]. Shape (..., n, 3)."""
    yaws: np.ndarray
    """Rotation about +z [rad]. Shape (..., n)."""
    openings: np.ndarray
    """How far what slides is out towards -x of its box [m]. Shape (..., n)."""
    hollow: np.ndarray
    """Which boxes may hold something. Shape (n,), bool."""
    contact: np.ndarray | None
    """Contacts as a simulator reports them, (..., n, n) bool; None where nobody reported any."""
    config: RelationConfig
    halves: np.ndarray = field(init=False)
    """Half extents along the axes of the task frame [m]. Shape (..., n, 3)."""
    found: dict[str, np.ndarray] = field(default_factory=dict)
    """Relations of these boxes that were computed already, by name."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "halves", half_extents(self.sizes, self.yaws))


@dataclass(frozen=True, eq=False)
class Bodies:
    """What a unary relation is computed from: n bodies as they are."""

    sizes: np.ndarray
    """Full extents along each box's own axes [m]. Shape (n, 3)."""
    movable: np.ndarray
    """Which a skill may act on (A.9). Shape (n,), bool."""
    slides: np.ndarray
    """Which have a part that slides out. Shape (n,), bool."""
    openings: np.ndarray
    """How far that part is out [m]. Shape (n,)."""
    config: RelationConfig


@dataclass(frozen=True)
class UnarySpec:
    """A relation of one object. In arrays it has the place at which it was registered."""

    name: str
    compute: Callable[[Bodies], np.ndarray]
    """Truth values (n,), bool."""
    only_of: str | None = None
    """Unary relation without which this one means nothing: losses and scores leave the others out."""
    weight: float = 1.0
    """Weight of a gap between prediction and observation in the monitor's score; 0: nothing that a skill changes."""
    sharp: bool = True
    """As of `BinarySpec`."""


@dataclass(frozen=True)
class BinarySpec:
    """A relation of an ordered pair. In arrays it has the place at which it was registered."""

    name: str
    compute: Callable[[Boxes], np.ndarray] | None = None
    """Truth values (..., n, n), bool; entry [i, j] reads name(i, j). None: those of `converse`, transposed."""
    converse: str | None = None
    """Relation that states the same fact from the other side; its own name where it is symmetric."""
    mirrored: str | None = None
    """Relation it becomes where left and right (+y and -y) are exchanged; None: it stays."""
    excludes: tuple[str, ...] = ()
    """Relations that the same ordered pair cannot be in as well."""
    sharp: bool = True
    """Whether network and geometry can both be held to it; False where it is a matter of millimetres."""
    placed: bool = False
    """Whether it is among R_pre of Eq. 2 by default."""
    contains: bool = False
    """Whether the object holds the subject: it travels along, and only hollow boxes do so."""
    supports: bool = False
    """Whether the subject lies over the object, which may carry it."""
