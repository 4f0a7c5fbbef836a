"""How a budget of transitions is shared among the kinds that are gathered around a failure (`targeted.py`).

A small budget goes to particles first, as many as the paper has, and to what keeps them from teaching too much. What is
over makes that more, rather than particles: with six counter-examples a search over several steps still found grasps
that took everything along, with fifteen hardly any.
"""

from __future__ import annotations

from dataclasses import dataclass

from f2p.posterior.config import PosteriorConfig
from f2p.settings import Settings, group, number

PARTICLES = 0.33
"""Least share of a large budget that are particles (ours)."""


@dataclass(frozen=True)
class TargetedConfig(Settings):
    """How many transitions, and which kinds share them."""

    transitions: int = number(
        60,
        "transitions in all, the failed step among them",
        low=2,
        high=1000,
        source="A.5: twenty particles; C21; ours: a second more keeps a search from errors",
    )
    counter_examples: float = number(
        0.18, "share of them at least: same scenes, another object grasped", low=0.0, high=0.5, source="method.md 6"
    )
    elsewhere: float = number(
        0.18, "share of them: same scenes, some of what moved along put elsewhere first", low=0.0, high=0.5,
        source="ours",
    )  # fmt: skip
    particles: int = number(20, "particles, beyond which the other kinds come first", low=1, high=1000, source="A.5")
    otherwise: float = number(
        0.75, "share of what is left then: same scenes, another skill used, where that surprises too; the rest are "
        "more counter-examples",
        low=0.0, high=1.0, source="ours",
    )  # fmt: skip
    aftermath: float = number(
        0.4, "share of it all around the scene that the failure left", low=0.0, high=1.0, source="ours"
    )
    carried: float = number(
        0.05, "what moved this far was carried along", unit="m", low=0.0, high=1.0, source="as the gate"
    )
    posterior: PosteriorConfig = group(PosteriorConfig, "inference; its number of particles is replaced")
    least_share: float = number(0.5, "share of the particles that must be simulated", low=0.0, high=1.0)


@dataclass(frozen=True)
class Split:
    """Transitions by kind; the failed step is one more."""

    particles: int
    counter_examples: int
    elsewhere: int
    otherwise: int

    def parted(self, later: float) -> tuple[Split, Split]:
        """Return a part around the failed scene and, with a share `later` of each kind, one around what it left."""
        kinds = (self.particles, self.counter_examples, self.elsewhere, self.otherwise)
        there = [round(later * count) for count in kinds]
        return Split(*(count - one for count, one in zip(kinds, there, strict=True))), Split(*there)


def split(transitions: int, config: TargetedConfig, carried: int, others: int) -> Split:
    """Deal a budget out: shares are rounded, and what is over goes to particles first, of which there is at least one.

    Args:
        transitions: In all, the failed step included; at least 2.
        config: The shares.
        carried: How many objects moved in the failure; of fewer than two none can be put elsewhere first.
        others: How many other skills apply to the object acted on.
    """
    counter = min(round(config.counter_examples * transitions), max(0, transitions - 2))
    elsewhere = round(config.elsewhere * transitions) if carried > 1 else 0
    elsewhere = min(elsewhere, max(0, transitions - 2 - counter))
    over = transitions - 1 - counter - elsewhere
    particles = min(over, max(config.particles, round(PARTICLES * transitions)))
    otherwise = round(config.otherwise * (over - particles)) if others else 0
    more = over - particles - otherwise
    if not config.counter_examples:
        particles, more = particles + more, 0
    return Split(max(1, particles), counter + more, elsewhere, otherwise)
