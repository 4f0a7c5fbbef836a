"""What the learner, the monitor and the tables ask of a simulator: settle, simulate, observe, label."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import numpy as np

from f2p.registry import Makers
from f2p.sim.world import Body, World
from f2p.types import Relations, Scene, SkillCall, Transition


@dataclass(frozen=True, eq=False)
class SimulationBatch:
    """The outcome of one batch, in the order of the requests."""

    transitions: tuple[Transition | None, ...]
    """None where the simulation blew up."""
    counts: dict[str, int] = field(default_factory=dict)
    """`runs`, `blown_up`, `hidden_before`, `hidden_after` (segments whose cloud is a fallback)."""

    @property
    def kept(self) -> tuple[Transition, ...]:
        """The transitions that can be used."""
        return tuple(item for item in self.transitions if item is not None)


class Simulator(Protocol):
    """Rigid-body physics that is given only boxes and poses (A.12) and labels what happens.

    All methods are deterministic for a given seed. Poses are (x, y, z, yaw) of box centres in the task frame.
    A run that is not finite or flings a body away is dropped and counted; the rest of the batch goes on.
    """

    def simulate(
        self,
        bodies: Sequence[Body],
        poses: np.ndarray,
        calls: Sequence[SkillCall],
        seed: int,
        *,
        tag: str = "particle",
        seen: Scene | None = None,
        openings: np.ndarray | None = None,
    ) -> SimulationBatch:
        """Let M scenes come to rest, execute one call in each and label before and after.

        Args:
            bodies: What every scene is made of.
            poses: Where it is. Shape (M, bodies, 4).
            calls: M calls.
            seed: Of noise; run i depends on (seed, i) only.
            tag: Written into the transitions.
            seen: The same bodies as really seen: a segment that is hidden before the call takes its cloud from there,
                rigidly moved (method.md 6.4); without it, points on top of its box.
            openings: How far drawers are open [m]. Shape (M, bodies), or (bodies,) for all alike; None: all closed.
        """

    def settle(
        self, bodies: Sequence[Body], poses: np.ndarray, openings: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Let M scenes come to rest: poses at rest (M, bodies, 4), and which stayed where they were put (M,) bool.

        A drawer that slides while it settles did not stay; `openings` as in `simulate`.
        """

    def observe(self, world: World, seed: int) -> Scene:
        """Return the scene as the simulator's camera sees it."""

    def relations(self, world: World) -> Relations:
        """Return the true relations of a world as it is, contact included."""


@runtime_checkable
class VariableFriction(Protocol):
    """A simulator whose friction can be chosen."""

    def with_friction(self, friction: float) -> Simulator:
        """Return the same simulator with this coefficient of sliding friction between all bodies."""


simulators: Makers[Simulator] = Makers("simulator", "f2p.sim")
"""All simulators by name, each made from its config or from nothing; asking imports them and their engines."""

DEFAULT_SIMULATOR = "mujoco"
"""What simulates where nobody chooses."""

SIMULATOR_TEXT = (
    "A simulator by name: mujoco, mujoco_worker (the same in a process of its own), "
    "isaacgym (a worker of its own, NOT RUN ON ISAAC GYM HERE)."
)
"""What `--simulator` and the nodes' parameter say of themselves."""


def make_simulator(name: str = DEFAULT_SIMULATOR, config: object | None = None) -> Simulator:
    """Make the simulator called `name`.

    Args:
        name: As registered.
        config: The config of that simulator; None: its defaults.

    Raises:
        UnknownNameError: There is none of that name; tells the choices.
    """
    return simulators.make(name, config)
