"""Questions that are put to a skill by name, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from f2p.action.errors import BadParameterError
from f2p.action.protocol import actions, checked, checked_call, mirror_signs, moves, widest, width_of
from f2p.registry import UnknownNameError
from f2p.types import Box, Scene, SkillCall
from f2p.weights.golden import golden_scene


def test_a_call_with_parameters_of_another_skill_is_refused_by_name() -> None:
    with pytest.raises(BadParameterError, match=r"pick_place takes the 4 parameters dx, dy, dz, dyaw.*shape \(2,\)"):
        checked_call(SkillCall("pick_place", "box", np.zeros(2)))
    with pytest.raises(BadParameterError, match="nan"):
        checked("pick_place", [0.0, np.nan, 0.0, 0.0])
    with pytest.raises(BadParameterError, match="shape"):
        checked_call(SkillCall("pick_place", "box", np.zeros((3, 4))))
    with pytest.raises(UnknownNameError, match=r"no skill is called 'juggle'; choose one of: pick_place"):
        checked_call(SkillCall("juggle", "box", np.zeros(4)))


def test_a_skill_says_how_wide_it_is_and_what_moves_its_object(slide: str) -> None:
    assert (width_of("pick_place"), width_of(slide), widest([slide, "pick_place"])) == (4, 2, 4)
    assert np.array_equal(np.array([0.3, 5.0]) @ moves(slide), [0.0, 0.3, 0.0])
    assert np.array_equal(np.array([0.1, 0.2, 0.3, 9.0]) @ moves("pick_place"), [0.1, 0.2, 0.3])
    assert checked(slide, [[0.1, 2.0], [0.2, 3.0]]).shape == (2, 2)


@pytest.mark.parametrize("skill", actions.names)
def test_a_mirrored_call_does_the_mirrored_thing(skill: str) -> None:
    """Every transition is learned from with left and right exchanged as well: of an angle the sign would be wrong."""
    scene, rng, flip = golden_scene(), np.random.default_rng(0), np.array([1.0, -1.0, 1.0])
    other = Scene(tuple(
        replace(one, points=one.points * flip, box=Box(one.box.center * flip, one.box.size, -one.box.yaw))
        for one in scene.segments
    ))  # fmt: skip
    for name in [one.name for one in scene.segments if actions.get(skill).applies(one)]:
        rows = actions.get(skill).draw(scene, name, 20, rng)
        meant, there = (
            actions.get(skill).expected(*asked)
            for asked in ((scene, name, rows), (other, name, rows * mirror_signs(skill)))
        )
        assert np.abs(meant).max() > 0.0
        np.testing.assert_allclose(there, meant * flip, atol=1e-9)
    assert mirror_signs("pick_place").tolist() == [1.0, -1.0, 1.0, -1.0]
