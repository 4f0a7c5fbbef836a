"""The numbers of an inference: what particles are measured by, where they may go and how they are searched for.

Apart from what computes with them: a process that declares them as parameters does without torch until it infers.
"""

from __future__ import annotations

from dataclasses import dataclass

from f2p.posterior.kernel import kernels
from f2p.posterior.modes import modes
from f2p.posterior.pooling import poolings
from f2p.settings import Settings, choice, group, number, setting


@dataclass(frozen=True)
class StateConfig(Settings):
    """What a state particle is measured by."""

    kinds: tuple[str, ...] | None = setting(
        None, "relations of R_pre; none: the mode's, and all of them is the literal reading", source="Eq. 2"
    )
    agreeing_only: bool | None = setting(
        None, "leave out relations that the model detects wrongly now; none: as the mode does",
        source="ours, method.md 6.2",
    )  # fmt: skip
    least_agreement: float = number(
        0.8, "probability the model gives to what was observed, for a relation to count", low=0.5, high=1.0,
        source="ours: timid contacts of contents with the table under their box held the box where it was",
    )  # fmt: skip
    temperature: float = number(
        1.0, "the likelihood is taken to this power's inverse", low=0.01, high=100.0, source="A.13.2: β = 1"
    )
    margin: float = number(0.004, "softness of the barrier between bodies", unit="m", low=1e-4, high=0.1, source="ours")
    refresh: int = number(50, "iterations between encodings at the current yaw", low=1, high=100_000, source="ours")
    noise_low: float = number(0.10, "least noise around the failure, of the range", low=0.0, high=1.0, source="C18")
    noise_high: float = number(0.20, "largest noise around the failure, of the range", low=0.0, high=1.0, source="C18")
    near_share: float = number(0.5, "particles that start near the failure", low=0.0, high=1.0, source="C18")
    tries: int = number(
        40, "draws per particle, of which the freest is kept", low=1, high=10_000, source="ours: method.md 6.5"
    )


@dataclass(frozen=True)
class ActionConfig(Settings):
    """Where actions may go and how they are compared."""

    turn: float = number(0.5, "largest turn of a placement", unit="rad", low=1e-3, high=3.2, source="ours: A18")
    state_weight: float = number(
        0.25, "weight of the grasped body's state beside the action in the kernel; 0: actions alone", low=0.0, high=1.0,
        source="ours: C12 asks for (s, a); at full weight states part all particles and actions lose their repulsion",
    )  # fmt: skip
    pooling: str | None = choice(
        None, "how the entropies of R_post become one log target; none: the mode's", lambda: poolings.names
    )
    entropy_weight: float | None = number(
        None, "weight of the pooled entropy against the prior: 1 is beta = 1 of A.13.2; none: the mode's", low=0.0,
        high=10.0,
    )  # fmt: skip
    overhang: float = number(
        0.6, "share of half the placed body that may stand over a surface's edge", low=0.0, high=1.0,
        source="ours: the planner may put it there, and where nothing was learned it finds what it hopes for",
    )  # fmt: skip
    least_room: float = number(0.02, "half range where the body hardly fits a surface", unit="m", low=1e-3, high=0.5)
    margin: float = number(0.01, "softness of the barrier around objects", unit="m", low=1e-4, high=0.1, source="ours")
    tries: int = number(40, "draws per particle, of which the freest is kept", low=1, high=10_000, source="as states")


@dataclass(frozen=True)
class LayoutConfig(Settings):
    """How far bodies may go from where they were seen."""

    relative: bool | None = setting(
        None, "contents relative to their container; false is the literal form, none: as the mode does",
        source="ours, method.md 8",
    )  # fmt: skip
    turn: float = number(
        0.5,
        "largest turn from the observed yaw",
        unit="rad",
        low=0.01,
        high=1.6,
        source="C4: clouds are not re-rendered",
    )
    least_room: float = number(0.002, "half range of what has no room", unit="m", low=1e-4, high=0.1, source="ours")
    standing_gap: float = number(
        0.015, "largest gap under a body that stands on another", unit="m", low=0.0, high=0.1, source="ours: box noise"
    )
    floor_reach: float = number(
        0.15, "half range of what stands on no surface", unit="m", low=0.001, high=2.0, source="ours"
    )


@dataclass(frozen=True)
class SvgdConfig(Settings):
    """Numbers of one run."""

    kernel: str | None = choice(None, "how particles repel each other; none: the mode's", lambda: kernels.names)
    iterations: int = number(100, "Adam steps at most", low=1, high=100_000, source="C17")
    step: float = number(0.1, "Adam step in the squashed variable", low=1e-6, high=10.0, source="C17")
    final_step: float = number(
        0.2, "share of the step left at the end (cosine)", low=0.0, high=1.0, source="ours: settles"
    )
    tolerance: float = number(1e-4, "root mean square of Φ at which to stop", low=0.0, high=1.0, source="ours")
    largest_score: float = number(
        1e3, "norm at which a particle's score is clipped", low=1.0, high=1e9, source="ours: barriers are steep"
    )
    jitter: float = number(1e-3, "noise that tells coinciding particles apart", low=0.0, high=1.0, source="ours")
    limit_s: float = number(
        60.0,
        "time limit",
        unit="s",
        low=0.01,
        high=86_400.0,
        source="ours: far above nominal, so that results repeat under load",
    )


@dataclass(frozen=True)
class PosteriorConfig(Settings):
    """Everything about one inference."""

    mode: str = choice("svi", "how it is inferred", lambda: modes.names)
    particles: int = number(20, "particles M", low=1, high=1000, source="A.5")
    states: StateConfig = group(StateConfig)
    actions: ActionConfig = group(ActionConfig)
    layout: LayoutConfig = group(LayoutConfig)
    state_search: SvgdConfig = group(lambda: SvgdConfig(iterations=100), "search for states")
    action_search: SvgdConfig = group(lambda: SvgdConfig(iterations=70), "search for actions")
