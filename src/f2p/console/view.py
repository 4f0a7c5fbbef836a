"""What the console shows at one moment, as plain values; a part that has not changed is the same object as before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from f2p.types import Contradiction, Goal, Plan, Scene
from f2p.weights.listing import WeightsRow


@dataclass(frozen=True)
class CommandView:
    """Who has the robot."""

    mode: str = "unknown"
    """none, autonomy, operator or runstop, as the guard says."""
    holder: str = ""
    """Whose lease was renewed last."""
    here: bool = False
    """Whether it is this console that holds it."""
    latched: bool = False
    reason: str = ""
    """Why the guard holds the robot; empty where it does not."""


@dataclass(frozen=True)
class Pursuit:
    """What the stack does for a goal."""

    stage: str
    elapsed_s: float
    attempt: int
    detail: str


@dataclass(frozen=True)
class LearningView:
    """How far a round of learning is."""

    stage: str
    progress: float
    """Of this stage, from 0 to 1."""
    detail: str


@dataclass(frozen=True, eq=False)
class PlanView:
    """A plan, what it was made for, and how its steps went."""

    plan: Plan
    scene: Scene | None
    status: str
    """As a tree in words, a glyph a step (`f2p.plan.tree`)."""


@dataclass(frozen=True)
class FailureRow:
    """One line of the timeline."""

    id: str
    stamp_ns: int
    step: str
    cause: str
    message: str
    contradictions: tuple[Contradiction, ...] = ()
    page: bool = False
    """Whether its page lies on this machine, and can be linked."""
    handled: bool = False
    """Whether somebody learned from it, or tried to."""


@dataclass(frozen=True)
class Weights:
    """Which weights serve, and where all of them come from."""

    serving: str = ""
    champion: str = ""
    previous: str = ""
    waiting: str = ""
    """Of a candidate that a person has to approve; empty where there is none."""
    loading: bool = False
    error: str = ""
    rows: tuple[WeightsRow, ...] = ()
    store: Path | None = None
    """Its folder; None where it is not on this machine."""
    skills: tuple[str, ...] = ()
    """Whose effects the serving weights predict; empty where their manifest does not say."""


@dataclass(frozen=True)
class PleaView:
    """What the stack asks a person."""

    step: str
    failure_id: str
    error_code: int
    reason: str
    until_ns: int = 0
    """When it waits no longer and the goal ends [ns since the epoch]."""


@dataclass(frozen=True, eq=False)
class View:
    """Everything that is on the screen."""

    waits: str = ""
    """What is waited for; empty where the stack is active."""
    nodes: tuple[tuple[str, str], ...] = ()
    """Name and lifecycle state of each process."""
    command: CommandView = field(default_factory=CommandView)
    plea: PleaView | None = None
    pursuit: Pursuit | None = None
    learning: LearningView | None = None
    scene: Scene | None = None
    plan: PlanView | None = None
    particles: np.ndarray = field(default_factory=lambda: np.zeros((0, 3)))
    """Where the object of a failed step stands in each inferred scene [m]. Shape (particles, 3)."""
    failures: tuple[FailureRow, ...] = ()
    """Newest first."""
    weights: Weights = field(default_factory=Weights)
    recorder: str = ""
    joints: Mapping[str, float] = field(default_factory=dict)
    """Joint positions [m or rad]."""
    base: tuple[float, float, float] | None = None
    """Where the base stands in the task frame: x, y [m], heading [rad]."""
    wanted: Goal | None = None
    """The goal that is being put together."""
    notes: tuple[str, ...] = ()
    """What was pressed, by whom, and what came of it; newest first."""
