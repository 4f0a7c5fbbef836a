"""Shape priors become solid boards that fill exactly the outer box and leave the cavity free."""

from __future__ import annotations

import numpy as np
import pytest

from f2p.shape.sliding import handle
from f2p.sim.errors import BodyError
from f2p.sim.physics.engine import States
from f2p.sim.physics.rollout import Batch
from f2p.sim.physics.scene_builder import PhysicsConfig, build, part_of
from f2p.sim.world import Body

COUNTS = {"cuboid": 1, "table": 1, "open_box": 5, "shelf": 6, "drawer": 13}


@pytest.mark.parametrize("prior", sorted(COUNTS))
def test_the_boards_of_a_prior_span_its_outer_box(prior: str) -> None:
    body = Body("it", prior, [0.3, 0.24, 0.2])
    slabs = part_of(body).slabs
    assert len(slabs) == COUNTS[prior]
    low = np.min([slab.center - slab.half for slab in slabs], axis=0)
    high = np.max([slab.center + slab.half for slab in slabs], axis=0)
    assert low == pytest.approx(-0.5 * body.size)
    assert high == pytest.approx(0.5 * body.size)


def test_an_open_box_is_hollow_and_open_at_the_top_only() -> None:
    body = Body("box", "open_box", [0.3, 0.24, 0.12])
    slabs = part_of(body).slabs

    def solid(point: np.ndarray) -> bool:
        return any(np.all(np.abs(point - slab.center) <= slab.half + 1e-12) for slab in slabs)

    assert not solid(np.zeros(3))
    assert not solid(np.array([0, 0, 0.0599]))
    assert solid(np.array([0, 0, -0.059]))
    for axis, edge in ((0, 0.149), (1, 0.119)):
        for sign in (-1, 1):
            point = np.zeros(3)
            point[axis] = sign * edge
            assert solid(point)


def test_all_priors_rest_together_and_a_drawer_keeps_its_opening() -> None:
    bodies = (
        Body("table", "table", [0.5, 0.9, 0.05]),
        Body("shelf", "shelf", [0.3, 0.3, 0.4]),
        Body("drawer", "drawer", [0.3, 0.3, 0.2]),
        Body("box", "open_box", [0.2, 0.2, 0.1]),
        Body("object", "cuboid", [0.05] * 3),
    )
    poses = np.array(
        [[0.7, 0, 0.475, 0], [0.7, 1.0, 0.2, 0], [0.7, -1.0, 0.1, 0.3], [0.7, 0, 0.55, 0.2], [0.7, 0, 0.54, 0.0]]
    )
    openings = np.array([[0, 0, 0.1, 0, 0]])
    scene = build(bodies, PhysicsConfig())
    batch = Batch(scene, States.at_rest(scene, poses[None], openings), threads=1)
    batch.advance(100)
    states = batch.states()
    after, sizes = states.boxes(scene)
    assert states.alive[0]
    assert after[0] == pytest.approx(poses, abs=0.01)
    assert sizes[0] == pytest.approx(np.stack([body.size for body in bodies]), abs=0.003)
    assert states.openings == pytest.approx(openings, abs=0.003)


def test_a_drawer_comes_out_as_far_as_it_is_let() -> None:
    """Its back stays in the case; one that jams stops early, a locked one does not move, and has all its boards."""
    whole, jams, locked = (part_of(Body("it", "drawer", [0.3, 0.24, 0.2], slides_to=share)) for share in (1.0, 0.4, 0))
    assert 0.15 < whole.slide_most < 0.242 and jams.slide_most == pytest.approx(0.4 * whole.slide_most)
    assert locked.slide_most == 0.0 and len(locked.slabs) == COUNTS["drawer"]
    assert not build((Body("it", "drawer", [0.3, 0.24, 0.2], slides_to=0.0),), PhysicsConfig()).drawers
    with pytest.raises(BodyError, match="share from 0 to 1"):
        Body("it", "drawer", [0.3, 0.24, 0.2], slides_to=1.2)


def test_two_closed_fingers_fit_behind_the_bar_of_a_drawer() -> None:
    slabs = part_of(Body("it", "drawer", [0.3, 0.24, 0.2])).slabs
    bar = handle(slabs)
    assert bar is not None and bar.room == pytest.approx(0.04)
    fingers = np.array([0.019, 0.02, 0.03])
    assert not any(np.all(np.abs(bar.middle - slab.center) < fingers + slab.half) for slab in slabs)
    assert handle(part_of(Body("it", "open_box", [0.3, 0.24, 0.2])).slabs) is None


def test_bodies_must_be_there_and_have_their_own_names() -> None:
    cup = Body("cup", "cuboid", [0.1] * 3)
    with pytest.raises(BodyError, match="empty"):
        build((), PhysicsConfig())
    with pytest.raises(BodyError, match="'cup' is there twice"):
        build((cup, cup), PhysicsConfig())
