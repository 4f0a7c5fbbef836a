"""What is pre-trained on of drawers: they are empty when they slide, and what is put in or taken out moves alone."""

from __future__ import annotations

import numpy as np
import pytest

from f2p.relation.table import held
from f2p.sim.data.drawer_scenes import cabinet
from f2p.sim.data.draws.slide_drawer import SlideDrawerDraw, SlideDrawerDrawConfig
from f2p.sim.data.pretraining import PretrainingConfig, generate_shard
from f2p.sim.mujoco import MujocoSimulator
from f2p.types import SkillCall, Transition


@pytest.fixture(scope="module")
def shard() -> list[Transition]:
    return generate_shard(0, 60, 5, PretrainingConfig(skills=("slide_drawer",)))


def test_drawers_slide_empty_from_anywhere_to_anywhere(shard: list[Transition]) -> None:
    slides = [one for one in shard if one.call.skill == "slide_drawer"]
    assert 0.5 < len(slides) / len(shard) < 0.95
    changed = []
    for one in slides:
        index = one.before.index("drawer")
        assert not held(one.relations_before.binary)[:, index].any()
        before, after = (scene.segments[index].opening for scene in (one.before, one.after))
        wanted = max(before + one.call.parameter[0], 0.0)
        assert after == pytest.approx(wanted, abs=0.01) or after < wanted, "as asked, or as far as it comes"
        assert not 0.01 < after < 0.03, "ajar is neither open nor shut to an eye"
        changed.append(after - before)
    assert min(changed) < -0.05 and max(changed) > 0.05


def test_objects_are_put_in_and_taken_out_of_open_drawers(shard: list[Transition]) -> None:
    moved = [one for one in shard if one.call.skill == "pick_place"]
    kinds = set()
    for one in moved:
        index = one.before.index("drawer")
        inside = [one_of.value("inside", one.call.object, "drawer") for one_of in
                  (one.relations_before, one.relations_after)]  # fmt: skip
        kinds.add(tuple(inside))
        assert one.before.segments[index].opening == pytest.approx(one.after.segments[index].opening, abs=0.011)
    assert {(0.0, 1.0), (1.0, 0.0)} <= kinds


def test_an_execution_in_which_something_else_moved_is_not_kept() -> None:
    world = cabinet(np.random.default_rng(3), filled=True)
    draw = SlideDrawerDraw(SlideDrawerDrawConfig())
    opening = world.openings[2]
    call = SkillCall("slide_drawer", "drawer", [0.12 if opening < 0.08 else -0.07])
    (done,) = MujocoSimulator().simulate(world.bodies, world.poses[None], [call], 0, openings=world.openings).kept
    assert not draw.keeps(done), "its contents went along"
