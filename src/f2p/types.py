"""The values that flow through the packages: scene, plan, outcome, failure, particles, transitions.

Everything geometric is in the *task frame* unless a name says otherwise: gravity aligned, origin on the floor
0.27 m behind the centre of the robot's base at task start (see robot/frames.py), +x away from the robot (the way its
arm extends), +y to its left, +z up; metres and radians (ours: Fail2Progress does not name its frame).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum

import numpy as np

from f2p.geometry import rotate_z
from f2p.relation.table import vocabulary
from f2p.shape.protocol import FIXED, Shape, shape_of

UNARY_RELATIONS = tuple(name for name, arity in vocabulary() if arity == 1)
"""Unary relations (appendix A.9 and whatever was registered), in the order of `Relations.unary`."""

BINARY_RELATIONS = tuple(name for name, arity in vocabulary() if arity == 2)
"""Binary relations likewise, in the order of `Relations.binary`; entry [i, j] reads name(i, j)."""


def frozen(array: object, dtype: type = np.float64) -> np.ndarray:
    """Return a read-only copy of `array`, so that a value can be shared between threads."""
    out: np.ndarray = np.array(array, dtype=dtype)
    out.setflags(write=False)
    return out


@dataclass(frozen=True, eq=False)
class Box:
    """An upright oriented box: what real-to-sim keeps of a segment (A.12)."""

    center: np.ndarray
    """Centre in the task frame [m]. Shape (3,)."""
    size: np.ndarray
    """Full extents along the box's own axes [m]. Shape (3,)."""
    yaw: float = 0.0
    """Rotation about +z [rad]."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "center", frozen(self.center))
        object.__setattr__(self, "size", frozen(self.size))

    @property
    def pose(self) -> np.ndarray:
        """(x, y, z, yaw). Shape (4,)."""
        return np.array([*self.center, self.yaw])


@dataclass(frozen=True, eq=False)
class Segment:
    """One object (or piece of furniture) as it was seen."""

    name: str
    prior: str
    """Name of its shape prior, one of `f2p.shape` (A.12)."""
    box: Box
    points: np.ndarray
    """Partial-view cloud in the task frame [m]. Shape (points, 3), float32."""
    opening: float = 0.0
    """How far a drawer is open [m]; 0 for everything else."""

    def __post_init__(self) -> None:
        """Check the prior. Raises UnknownNameError for one that there is not, with the choices."""
        shape_of(self.prior)
        object.__setattr__(self, "points", frozen(self.points, np.float32))

    @property
    def shape(self) -> Shape:
        """What its prior says of it."""
        return shape_of(self.prior)

    @property
    def movable(self) -> bool:
        """Whether a skill may act on it (A.9)."""
        return self.shape.moves != FIXED

    @property
    def whole(self) -> Box:
        """The box around all of it, what has slid out of it towards -x included."""
        if self.opening <= 0.0:
            return self.box
        middle = self.box.center + rotate_z(np.array([-0.5 * self.opening, 0.0, 0.0]), self.box.yaw)
        return Box(middle, self.box.size + np.array([self.opening, 0.0, 0.0]), self.box.yaw)


@dataclass(frozen=True, eq=False)
class Scene:
    """Everything seen at one moment."""

    segments: tuple[Segment, ...]
    stamp_ns: int = 0

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the segments, in order."""
        return tuple(segment.name for segment in self.segments)

    def index(self, name: str) -> int:
        """Return the position of the segment called `name`. Raises KeyError naming the choices."""
        try:
            return self.names.index(name)
        except ValueError:
            raise KeyError(f"no object {name!r} in the scene; there are: {', '.join(self.names)}") from None


@dataclass(frozen=True, eq=False)
class Relations:
    """Relations of a scene: truth (0 or 1) or probabilities, in the order of the two constants above."""

    names: tuple[str, ...]
    unary: np.ndarray
    """Shape (segments, unary relations), float32."""
    binary: np.ndarray
    """Shape (segments, segments, binary relations), float32; the diagonal is 0."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "unary", frozen(self.unary, np.float32))
        object.__setattr__(self, "binary", frozen(self.binary, np.float32))

    def value(self, relation: str, subject: str, object_: str = "") -> float:
        """Return the value of relation(subject, object_), or of relation(subject) where there is no second object."""
        row = self.names.index(subject)
        if not object_:
            return float(self.unary[row, UNARY_RELATIONS.index(relation)])
        return float(self.binary[row, self.names.index(object_), BINARY_RELATIONS.index(relation)])

    def binary_of(self, names: Sequence[str]) -> np.ndarray:
        """Return binary relations in the order of `names`; 0 where one was not seen. Shape (names, names, 9)."""
        out = np.zeros((len(names), len(names), len(BINARY_RELATIONS)), dtype=np.float32)
        known = [(row, self.names.index(name)) for row, name in enumerate(names) if name in self.names]
        rows, columns = [row for row, _ in known], [column for _, column in known]
        out[np.ix_(rows, rows)] = self.binary[np.ix_(columns, columns)]
        return out


def fact_text(relation: str, subject: str, object_: str) -> str:
    """Return a relation of two objects as one writes it, or of one where the second name is empty."""
    return f"{relation}({subject}, {object_})" if object_ else f"{relation}({subject})"


@dataclass(frozen=True)
class GoalRelation:
    """One literal of a goal, e.g. above(apple, table_b), or drawer_open(cabinet)."""

    relation: str
    subject: str
    object: str = ""
    """Empty for a relation of one object."""
    value: bool = True

    def __str__(self) -> str:
        text = fact_text(self.relation, self.subject, self.object)
        return text if self.value else f"not {text}"

    @property
    def unary(self) -> bool:
        """Whether it is of one object."""
        return not self.object


@dataclass(frozen=True)
class Goal:
    """A conjunction of literals."""

    literals: tuple[GoalRelation, ...]

    def __str__(self) -> str:
        return " & ".join(str(literal) for literal in self.literals)

    @property
    def names(self) -> tuple[str, ...]:
        """The objects it speaks of, each once."""
        names = (name for literal in self.literals for name in (literal.subject, literal.object))
        return tuple(dict.fromkeys(name for name in names if name))


@dataclass(frozen=True)
class SkillStep:
    """One step of a plan skeleton: a skill and the object it acts on, no parameter yet."""

    skill: str
    object: str


@dataclass(frozen=True, eq=False)
class SkillCall:
    """A skill with its object and continuous parameter, ready to execute."""

    skill: str
    object: str
    parameter: np.ndarray
    """What its action says it takes, in that order and in those units. Shape (P,)."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "parameter", frozen(self.parameter))

    @property
    def step(self) -> SkillStep:
        """The call without its parameter."""
        return SkillStep(self.skill, self.object)


@dataclass(frozen=True, eq=False)
class Prediction:
    """What the model expects after one step."""

    relations: Relations
    """Probabilities."""
    displacements: np.ndarray
    """Expected displacement of each segment over this step [m]. Shape (segments, 3)."""


@dataclass(frozen=True, eq=False)
class Plan:
    """Calls that are expected to reach a goal, with the evidence for it."""

    id: str
    goal: Goal
    calls: tuple[SkillCall, ...]
    probability: float
    """P(goal) after the last call, under the weights named here."""
    predictions: tuple[Prediction, ...]
    """One per call."""
    weights_id: str
    believed: bool
    """False for a best guess below the belief threshold: never executed without an explicit proposal."""


@dataclass(frozen=True)
class Execution:
    """What the executor reports of one skill."""

    ok: bool
    error_code: int = 0
    error_msg: str = ""
    """Why it ended; of a success what it rests on, where that is not the robot's own doing in a simulation."""
    duration_s: float = 0.0
    refused: bool = False
    """Whether the skill refused the call, and nothing moved for it."""


@dataclass(frozen=True, eq=False)
class Outcome:
    """One executed skill, seen before and after."""

    before: Scene
    call: SkillCall
    after: Scene
    prediction: Prediction
    observed_before: Relations
    observed_after: Relations
    execution: Execution
    weights_id: str
    unseen: tuple[str, ...] = ()
    """Segments of `before` that were not seen afterwards; `after` has them where they were, which claims nothing."""


class Cause(str, Enum):
    """Why a step did not do what was predicted (method.md 5.4). Only MODEL teaches."""

    MODEL = "model"
    SIMULATION_GAP = "simulation_gap"
    EXECUTION = "execution"
    PERCEPTION = "perception"
    UNKNOWN = "unknown"


class LearnFrom(str, Enum):
    """Which failures of the model the robot learns from on the spot; the others are kept in their folders."""

    NOTHING = "nothing"
    MISSES = "misses"
    """Those that missed the goal."""
    CONTRADICTIONS = "contradictions"
    """Also those after which the goal held all the same, by luck."""


@dataclass(frozen=True)
class Contradiction:
    """One relation that was predicted otherwise than it was observed."""

    relation: str
    subject: str
    object: str
    """Empty for a relation of one object."""
    predicted: float
    observed: bool

    def __str__(self) -> str:
        fact = fact_text(self.relation, self.subject, self.object)
        return f"{fact}: predicted {self.predicted:.2f}, observed {self.observed}"


@dataclass(frozen=True, eq=False)
class Failure:
    """A contradicted step with its cause: the object that can be carried away and learned from."""

    id: str
    outcome: Outcome
    goal: Goal
    plan: Plan | None
    cause: Cause
    score: float
    threshold: float
    contradictions: tuple[Contradiction, ...]
    explanation: str = ""


@dataclass(frozen=True, eq=False)
class Particles:
    """M scenes and actions around one failure, as inferred by Stein variational inference."""

    names: tuple[str, ...]
    poses: np.ndarray
    """Body poses of every segment (x, y, z, yaw). Shape (particles, segments, 4)."""
    calls: tuple[SkillCall, ...]
    """One per particle."""
    log_target: np.ndarray
    """ln of the unnormalised posterior of each state. Shape (particles,)."""
    log_entropy: np.ndarray
    """ln H of each particle's action target. Shape (particles,)."""
    counts: dict[str, int] = field(default_factory=dict)
    """What was redrawn, rejected or kept, by name."""


@dataclass(frozen=True, eq=False)
class Transition:
    """One simulated (or real) skill execution with ground-truth labels: the unit of training data."""

    before: Scene
    call: SkillCall
    after: Scene
    relations_before: Relations
    relations_after: Relations
    displacements: np.ndarray
    """True displacement of each body [m]. Shape (segments, 3)."""
    tag: str = ""
    """Where it came from: "pretrain", "particle", "counter_example", "random"…"""

    def __post_init__(self) -> None:
        object.__setattr__(self, "displacements", frozen(self.displacements))
