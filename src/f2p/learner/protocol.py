"""How one responds to a failure: with transitions to learn from, with another plan, or not at all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from f2p.clock import Clock, SystemClock
from f2p.model.recipe import FinetuneConfig
from f2p.registry import Makers
from f2p.sim.protocol import Simulator
from f2p.types import Failure, Particles, Transition

if TYPE_CHECKING:
    from f2p.model.architectures.protocol import Architecture

FAILED_STEP = "failure"
"""Tag of the failed step itself, simulated once more, among the transitions of a learner."""

Progress = Callable[[str, float, str], None]
"""Called with (stage, fraction done within it, what is being done)."""


def no_progress(stage: str, fraction: float, detail: str) -> None:
    """Ignore progress."""


@dataclass(frozen=True, eq=False)
class LearnContext:
    """What a learner may use."""

    model: Architecture
    """The weights that were wrong, in eval mode; a learner does not change them."""
    simulator: Simulator
    seed: int
    progress: Progress = no_progress
    clock: Clock = field(default_factory=SystemClock)
    transitions: int | None = None
    """How many transitions may be simulated in all; None leaves it to the learner's own config."""
    workers: int = 1
    """Threads that may work at once; `progress` may be called from each. What is learned does not depend on them."""

    def budget(self, own: int) -> int:
        """Return how many transitions may be simulated by a learner whose config says `own`."""
        return own if self.transitions is None else self.transitions


@dataclass(frozen=True, eq=False)
class LearnedData:
    """What a learner gathered."""

    transitions: tuple[Transition, ...]
    """To fine-tune on; empty means: keep the weights as they are."""
    particles: Particles | None = None
    """The states and actions that were inferred, if any were."""
    counts: dict[str, int] = field(default_factory=dict)
    """What was rejected, redrawn, dropped or kept, by name."""
    timings: dict[str, float] = field(default_factory=dict)
    """Seconds per stage."""
    recipe: FinetuneConfig | None = None
    """How to fine-tune on them; None: as the round of learning is set."""
    tries: int = 1
    """How often to plan and act until the goal is met: each further try plans anew from where the scene stands."""


class Learner(Protocol):
    """One way to respond to a failure.

    Contract: `respond` is deterministic for a given failure, context seed and model; it never changes the model, never
    publishes, calls `context.progress` at least once per stage, and never has more transitions simulated than
    `context.transitions`, where that is given. A failure whose cause is not the model's is not given to it (the caller
    refuses those).
    """

    name: ClassVar[str]

    @property
    def config(self) -> Any:
        """Its settings, a dataclass."""

    def respond(self, failure: Failure, context: LearnContext) -> LearnedData:
        """Gather what shall be learned from `failure`."""


learners: Makers[Learner] = Makers("learner", "f2p.learner")
"""All learners by name, each made from its config or from nothing."""
