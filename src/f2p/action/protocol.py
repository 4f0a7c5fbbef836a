"""What model, planner, inference and learners ask of a skill instead of knowing it; free of torch and of ROS."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from f2p.action.errors import BadParameterError, ParameterOutOfBoundsError
from f2p.action.workspace import Workspace
from f2p.registry import Registry
from f2p.types import GoalRelation, Scene, Segment, SkillCall, SkillStep

ROUNDING = 1e-5
"""How far a value may be outside its bounds, in its unit: messages and data sets keep single precision."""

AXES = ("x", "y", "z")
"""Of the task frame."""


@dataclass(frozen=True)
class Parameter:
    """One continuous parameter of a skill."""

    name: str
    unit: str
    low: float
    """Smallest value that a call may have."""
    high: float
    """Greatest value that a call may have."""
    meaning: str
    along: str = ""
    """The axis of the task frame along which the object acted on is meant to move by this much; empty for any other."""
    aims: bool = False
    """Whether proposals aim at places: a step after others that move its object aims at the same place as without them.

    Otherwise it is a stroke, the same wherever the object has come to be.
    """
    opens: bool = False
    """Whether it opens the object by this much: after steps that are meant to open it, as far open is aimed at."""
    turns: bool = False
    """Whether it is an angle about +z, which changes its sign where left and right are exchanged."""


class Action(Protocol):
    """A skill as a mapping from an object and continuous parameters to what it is meant to do.

    Contract: no state, callable from any thread; the same state of the generator gives the same draws. Frame: task
    frame, [m], [rad].
    """

    parameters: tuple[Parameter, ...]
    """In the order of `SkillCall.parameter`; P in all."""

    def applies(self, segment: Segment) -> bool:
        """Tell whether the skill may act on `segment`."""

    def draw(
        self, scene: Scene, name: str, count: int, rng: np.random.Generator, workspace: Workspace | None = None
    ) -> np.ndarray:
        """Propose parameters for acting on the object called `name`, from the whole workspace. Shape (count, P)."""

    def expected(self, scene: Scene, name: str, parameters: np.ndarray) -> np.ndarray:
        """Say how far each segment is meant to be displaced by `parameters` (count, P). Shape (count, n, 3)."""


@runtime_checkable
class Opens(Protocol):
    """An action after which its object may be open farther or less far."""

    def opened(self, scene: Scene, name: str, parameters: np.ndarray, openings: np.ndarray) -> np.ndarray:
        """Say how far the object is meant to be open [m] where it was open by `openings` (count,). Shape (count,)."""


@runtime_checkable
class NeedsRoom(Protocol):
    """An action that is refused where the hand finds no room."""

    def has_room(self, scene: Scene, name: str, parameters: np.ndarray) -> np.ndarray:
        """Tell for which of `parameters` (count, P) there is room, as the scene is. Shape (count,), bool."""


@runtime_checkable
class MayTopple(Protocol):
    """An action that may leave something over the edge of what it stands on."""

    def stays(self, scene: Scene, displacements: np.ndarray) -> float:
        """Return how likely all that is displaced by `displacements` (n, 3) [m] stays on what it stands on, 0 .. 1."""


@runtime_checkable
class HasPreconditions(Protocol):
    """An action that can be carried out only where something is true before it."""

    def preconditions(self, scene: Scene, name: str) -> tuple[GoalRelation, ...]:
        """Return what has to be true of the object called `name`, whatever the parameters; nothing if it always can."""


actions: Registry[Action] = Registry("skill", "f2p.action")
"""All skills by name."""


def checked(skill: str, values: object) -> np.ndarray:
    """Return `values` as the parameters of `skill`, each row's last axis of its length. Shape (..., P), float64.

    Raises:
        UnknownNameError: No such skill, with the choices.
        BadParameterError: Another number of parameters, or one that is not finite.
        ParameterOutOfBoundsError: One that is outside its bounds.
    """
    own = actions.get(skill).parameters
    names = [one.name for one in own]
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise BadParameterError(skill, names, f"{values!r}") from error
    if array.ndim < 1 or array.shape[-1] != len(names):
        raise BadParameterError(skill, names, f"shape {array.shape}")
    if not np.all(np.isfinite(array)):
        raise BadParameterError(skill, names, str(array.tolist()))
    for one, column in zip(own, np.moveaxis(array, -1, 0), strict=True):
        outside = (column < one.low - ROUNDING) | (column > one.high + ROUNDING)
        if outside.any():
            raise ParameterOutOfBoundsError(skill, one.name, float(column[outside][0]), one.low, one.high, one.unit)
    return array


def checked_call(call: SkillCall) -> SkillCall:
    """Return `call` if its skill is known and its parameters are that skill's. Raises as `checked`."""
    if call.parameter.ndim != 1:
        names = [one.name for one in actions.get(call.skill).parameters]
        raise BadParameterError(call.skill, names, f"shape {call.parameter.shape}")
    checked(call.skill, call.parameter)
    return call


def checked_steps(skeleton: Sequence[SkillStep], parameters: np.ndarray) -> np.ndarray:
    """Return parameters (candidates, H, P), filled up to the widest skill, if every step's are its skill's own."""
    for index, step in enumerate(skeleton):
        checked(step.skill, parameters[:, index, : width_of(step.skill)])
    return parameters


def meant(call: SkillCall, scene: Scene) -> np.ndarray:
    """Return how far `call` is meant to displace each segment [m]. Shape (n, 3)."""
    return actions.get(call.skill).expected(scene, call.object, call.parameter[None])[0]


def meant_opening(call: SkillCall, scene: Scene) -> float:
    """Return how far `call` is meant to leave its object open [m]; as it is, where its skill opens nothing."""
    action, now = actions.get(call.skill), scene.segments[scene.index(call.object)].opening
    if not isinstance(action, Opens):
        return now
    return float(action.opened(scene, call.object, call.parameter[None], np.array([now]))[0])


def width_of(skill: str) -> int:
    """Return the number P of the parameters of `skill`. Raises UnknownNameError with the choices."""
    return len(actions.get(skill).parameters)


def widest(skills: Sequence[str]) -> int:
    """Return the number of parameters of the widest of `skills`; rows of the others are filled up with zeros."""
    return max((width_of(skill) for skill in skills), default=0)


def filled_up(rows: Sequence[np.ndarray]) -> np.ndarray:
    """Return rows of parameters, those of fewer numbers filled up with zeros. Shape (rows, P)."""
    out = np.zeros((len(rows), max((len(row) for row in rows), default=0)))
    for filled, row in zip(out, rows, strict=True):
        filled[: len(row)] = row
    return out


def calls_of(skeleton: Sequence[SkillStep], rows: np.ndarray) -> tuple[SkillCall, ...]:
    """Return the calls of a skeleton with parameters (H, P) that are filled up to the widest skill."""
    return tuple(
        SkillCall(step.skill, step.object, row[: width_of(step.skill)])
        for step, row in zip(skeleton, rows, strict=True)
    )


def aiming(skill: str) -> np.ndarray:
    """Return which parameters aim at places. Shape (P,), bool."""
    return np.array([one.aims for one in actions.get(skill).parameters], dtype=bool)


def opening(skill: str) -> np.ndarray:
    """Return which parameters open the object by so much. Shape (P,), bool."""
    return np.array([one.opens for one in actions.get(skill).parameters], dtype=bool)


def turns(skill: str) -> np.ndarray:
    """Return which parameters turn the object about +z. Shape (P,), bool."""
    return np.array([one.turns for one in actions.get(skill).parameters], dtype=bool)


def lengths(skill: str) -> np.ndarray:
    """Return which parameters are lengths that a plan chooses [m]; not the vertical, since contact ends a lowering.

    Shape (P,), bool.
    """
    return np.array([one.unit == "m" and one.along != "z" for one in actions.get(skill).parameters], dtype=bool)


def moves(skill: str) -> np.ndarray:
    """Return which parameter displaces the object along which axis: parameters @ moves is [m]. Shape (P, 3)."""
    along = [one.along for one in actions.get(skill).parameters]
    return np.array([[float(axis == one) for axis in AXES] for one in along]).reshape(len(along), 3)


def mirror_signs(skill: str) -> np.ndarray:
    """Return by what parameters are multiplied where left and right (+y and -y) are exchanged. Shape (P,)."""
    return np.array([-1.0 if one.along == "y" or one.turns else 1.0 for one in actions.get(skill).parameters])
