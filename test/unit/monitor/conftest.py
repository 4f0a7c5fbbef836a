"""A contradicted outcome one can picture: a box is carried to the other table and its contents travel along."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from f2p.plan.analytic import AnalyticPredictor
from f2p.scene.relations import relations_of
from f2p.types import Box, Execution, Outcome, Scene, Segment, SkillCall
from f2p.weights.golden import golden_scene

MOVE = np.array([0.0, -1.25, 0.0, 0.0])


def shifted(scene: Scene, names: tuple[str, ...], by: np.ndarray) -> Scene:
    """`scene` with some segments moved."""
    return Scene(
        tuple(
            Segment(one.name, one.prior, Box(one.box.center + by, one.box.size, one.box.yaw), one.points + by)
            if one.name in names
            else one
            for one in scene.segments
        )
    )


@pytest.fixture
def outcome_of() -> Callable[..., Outcome]:
    """Carry the box by MOVE; `moved` is what the world moved, by `by`."""

    def make(
        moved: tuple[str, ...] = ("box",), by: np.ndarray = MOVE[:3], execution: Execution | None = None
    ) -> Outcome:
        before, call = golden_scene(), SkillCall("pick_place", "box", MOVE)
        after = shifted(before, moved, by)
        return Outcome(
            before=before,
            call=call,
            after=after,
            prediction=AnalyticPredictor().predict(before, (call,))[0],
            observed_before=relations_of(before),
            observed_after=relations_of(after),
            execution=execution or Execution(True, duration_s=3.5),
            weights_id="analytic",
        )

    return make
