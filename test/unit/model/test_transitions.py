"""Transitions as a model is trained on them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from f2p.model.batch import pack
from f2p.model.factory import create
from f2p.model.transitions import Transitions

from .conftest import random_transition


def test_what_was_acted_on_is_looked_at_again_where_it_stayed(rng: np.random.Generator) -> None:
    """A drawer that opened is not displaced: its cloud afterwards was taken for the one before, and its labels lied."""
    transition = random_transition(rng, 3)
    index = transition.before.index(transition.call.object)
    segments = list(transition.after.segments)
    segments[index] = replace(transition.before.segments[index], points=transition.before.segments[index].points * 1.5)
    stayed = replace(
        transition, displacements=np.zeros_like(transition.displacements),
        after=replace(transition.before, segments=tuple(segments)),
    )  # fmt: skip
    data = Transitions(pack([stayed], rng))
    assert data.moved[0].nonzero().flatten().tolist() == [index]
    encoding = create().eval().encoding(data)
    encoding.freeze()
    before, after = encoding.latents(data.in_order(np.arange(1)))
    changed = (before.features - after.features).abs().amax(-1)[0] > 1e-6
    assert changed.nonzero().flatten().tolist() == [index]
