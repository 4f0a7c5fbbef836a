"""What every registered shape prior must say of itself, so that simulation, skill and inference mean the same body."""

from __future__ import annotations

import numpy as np
import pytest

from f2p.shape.protocol import ABOVE, FIXED, FREE, FRONT, SLIDES, WALL, open_tops, shape_of, shapes
from f2p.sim.mujoco import MujocoSimulator
from f2p.sim.world import Body

SIZE = np.array([0.3, 0.24, 0.2])


@pytest.fixture(params=list(shapes))
def prior(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def solid_at(prior: str, point: np.ndarray) -> bool:
    """Whether a point lies within a board, its faces included."""
    return any(np.all(np.abs(point - one.center) <= one.half + 1e-9) for one in shape_of(prior).slabs(SIZE, WALL))


def test_its_boards_fill_its_box_and_no_more(prior: str) -> None:
    slabs = shape_of(prior).slabs(SIZE, WALL)
    assert np.min([one.center - one.half for one in slabs], axis=0) == pytest.approx(-0.5 * SIZE)
    assert np.max([one.center + one.half for one in slabs], axis=0) == pytest.approx(0.5 * SIZE)
    filled = sum(np.prod(2 * one.half) for one in slabs)
    assert (filled == pytest.approx(np.prod(SIZE))) == shape_of(prior).solid


def test_what_slides_is_a_part_and_only_of_what_says_so(prior: str) -> None:
    shape = shape_of(prior)
    assert shape.moves in (FREE, SLIDES, FIXED)
    sliding = [one.sliding for one in shape.slabs(SIZE, WALL)]
    assert any(sliding) == (shape.moves == SLIDES) and not all(sliding)


def test_objects_stand_on_boards_with_free_space_above(prior: str) -> None:
    for top in shape_of(prior).tops(SIZE, WALL):
        assert np.all(top.half > 0) and np.all(np.abs(top.center[:2]) + top.half <= 0.5 * SIZE[:2] + 1e-9)
        assert solid_at(prior, top.center - [0, 0, 1e-4]) and not solid_at(prior, top.center + [0, 0, 1e-4])
        over = top.center + np.array([0, 0, 1.0]) * np.linspace(1e-4, SIZE[2], 400)[:, None]
        assert top.covered == any(solid_at(prior, point) for point in over)
        beside = top.center + np.array([top.half[0] + 1e-4, 0.0, 1e-4])
        assert top.walled <= solid_at(prior, beside), "no wall where one is said to be"
    assert all(top.center[2] == pytest.approx(0.5 * SIZE[2]) for top in open_tops(prior, SIZE))


def test_it_has_a_cavity_if_it_contains_and_that_is_within_its_walls(prior: str) -> None:
    shape = shape_of(prior)
    cavity = shape.cavity(SIZE, WALL)
    assert (cavity is not None) == shape.contains
    if cavity is not None:
        assert np.all(cavity.half > 0) and np.all(cavity.half < 0.5 * SIZE[:2])
        assert -0.5 * SIZE[2] < cavity.floor < cavity.rim <= 0.5 * SIZE[2]
        assert solid_at(prior, np.array([0, 0, cavity.floor - 1e-4]))
        assert not solid_at(prior, np.array([cavity.half[0] - 1e-4, 0.01, cavity.floor + 0.01]))


def test_fingers_close_on_something_solid_of_what_is_free(prior: str) -> None:
    shape = shape_of(prior)
    grips = shape.grips(SIZE, WALL)
    assert bool(grips) == (shape.moves == FREE)
    for grip in grips:
        across = np.eye(3)[grip.axis]
        below = grip.point - [0, 0, 1e-3 + 0.4 * grip.rise]
        if grip.approach == ABOVE:
            assert solid_at(prior, below) and not solid_at(prior, grip.point + [0, 0, 1e-3]) and grip.rise == 0.0
        else:
            assert grip.approach == FRONT and grip.rise > 0.0
            assert not solid_at(prior, below + (0.5 * grip.span + 1e-4) * np.eye(3)[1 - grip.axis]), "no way in"
        inner, outer = (0.5 * grip.width + sign * 1e-4 for sign in (-1, 1))
        assert all(solid_at(prior, below + side * inner * across) for side in (-1, 1))
        assert not any(solid_at(prior, below + side * outer * across) for side in (-1, 1)), "no room for a finger"


def test_it_can_be_simulated_and_stands(prior: str) -> None:
    poses = np.array([[[0.7, 0.0, 0.1, 0.3]]])
    rested, stable = MujocoSimulator().settle((Body("it", prior, SIZE),), poses)
    assert stable.tolist() == [True] and rested[0, 0] == pytest.approx(poses[0, 0], abs=0.005)
