"""Questions that are put to a skill by name, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from f2p.action.errors import BadParameterError, ParameterOutOfBoundsError
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


def test_a_skill_says_how_wide_it_is_and_what_moves_its_object(push: str) -> None:
    assert (width_of("pick_place"), width_of(push), widest([push, "pick_place"])) == (4, 2, 4)
    assert np.array_equal(np.array([0.3, 0.5]) @ moves(push), [0.0, 0.3, 0.0])
    assert np.array_equal(np.array([0.1, 0.2, 0.3, 9.0]) @ moves("pick_place"), [0.1, 0.2, 0.3])
    assert checked(push, [[0.1, 0.5], [0.2, 0.6]]).shape == (2, 2)


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


@pytest.mark.parametrize(
    ("parameter", "fact"),
    [
        ([0.3, 0.5], "toy_push takes dy from -0.2 to 0.2 m; given 0.3"),
        ([0.1, 0.0], "toy_push takes duration from 0.4 to 0.8 s; given 0"),
    ],
)
def test_what_is_out_of_bounds_is_refused_in_one_line(push: str, parameter: list[float], fact: str) -> None:
    """Whatever number came in was planned for, executed, or learned from."""
    with pytest.raises(ParameterOutOfBoundsError, match=fact) as caught:
        checked_call(SkillCall(push, "cup", np.array(parameter)))
    assert caught.value.code == 312 and "\n" not in str(caught.value)
    with pytest.raises(ParameterOutOfBoundsError):
        checked(push, [[0.1, 0.5], parameter])
    assert checked(push, np.array([[0.2, 0.8]], np.float32)).shape == (1, 2), "bounds themselves, in single precision"


def test_a_message_with_parameters_out_of_bounds_is_no_call() -> None:
    """Of a plan's step and of the executor's goal."""
    pytest.importorskip("f2p_msgs", reason="no interfaces: run the set-up (make test) first")
    from f2p.ros.messages.convert import call_from_msg
    from f2p_msgs.msg import SkillCall as Message

    step = Message(skill="pick_place", object="cup", parameter=[0.0, 0.0, 7.0, 0.0])
    with pytest.raises(ParameterOutOfBoundsError, match="pick_place takes dz from -1 to 1 m; given 7"):
        call_from_msg(step)
