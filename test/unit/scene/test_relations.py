"""The relation specification on boxes one can draw, and its converse, frame and invariance properties."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from f2p.relation.spec import RelationConfig
from f2p.scene.errors import BoxError
from f2p.scene.relations import binary_relations, relations_of, unary_relations
from f2p.types import BINARY_RELATIONS, Box, Scene, Segment

TABLE = (0.5, 0.9, 0.05)
TABLE_A, TABLE_B = ((0.7, 0.55, 0.475), TABLE), ((0.7, -0.55, 0.475), TABLE)


def scene(**boxes: tuple) -> Scene:
    """name=(center, size[, yaw[, prior]]) as a scene."""
    segments = []
    for name, (center, size, *rest) in boxes.items():
        yaw = rest[0] if rest else 0.0
        prior = rest[1] if len(rest) > 1 else ("table" if name.startswith("table") else "cuboid")
        segments.append(Segment(name, prior, Box(center, size, yaw), np.zeros((1, 3))))
    return Scene(tuple(segments))


def true_of(a: tuple, b: tuple) -> set[str]:
    """Relations that hold of (a, b)."""
    relations = relations_of(scene(a=a, b=b))
    return {name for name in BINARY_RELATIONS if relations.value(name, "a", "b") > 0.5}


CUBE = (0.05, 0.05, 0.05)


@pytest.mark.parametrize(
    ("offset", "expected"),
    [
        ((0, 0.2, 0), {"left"}),
        ((0, -0.2, 0), {"right"}),
        ((-0.2, 0, 0), {"front"}),
        ((0.2, 0, 0), {"behind"}),
        ((0, 0, 0.2), {"above"}),
        ((0, 0, -0.2), {"below"}),
        ((0.2, 0.2, 0), {"left", "behind"}),
        ((0, 0, 0.05), {"above", "contact"}),
        ((0, 0.051, 0), {"left", "contact"}),
        ((0, 0.06, 0), {"left"}),
    ],
)
def test_cubes_one_can_draw(offset: tuple, expected: set[str]) -> None:
    """A cube beside, before, behind, over and under another: the frame of B1."""
    base = np.array([0.7, 0.0, 0.525])
    assert true_of((base + offset, CUBE), (base, CUBE)) == expected


def test_side_cone_is_wide_but_not_a_half_space() -> None:
    """At 80 degrees, 30 cm behind and just past the edge to the left is behind only."""
    assert true_of(((1.0, 0.03, 0.5), CUBE), ((0.7, 0.0, 0.5), CUBE)) == {"behind"}
    assert "left" in true_of(((1.0, 0.12, 0.5), CUBE), ((0.7, 0.0, 0.5), CUBE))


def test_tables() -> None:
    """What stands on a table, or in a box on it, is above that table only; tables are beside one another."""
    relations = relations_of(
        scene(
            table_a=TABLE_A,
            table_b=TABLE_B,
            box=((0.7, -0.4, 0.55), (0.2, 0.16, 0.1), 0.3, "open_box"),
            object=((0.7, -0.4, 0.53), (0.04, 0.04, 0.04)),
            tall=((0.7, 0.15, 0.56), (0.06, 0.06, 0.12)),
        )
    )
    for name, on, off in (("box", "b", "a"), ("object", "b", "a"), ("tall", "a", "b")):
        assert relations.value("above", name, f"table_{on}") == 1
        assert relations.value("below", f"table_{on}", name) == 1
        assert relations.value("above", name, f"table_{off}") == 0
        assert relations.value("left", name, f"table_{on}") == relations.value("right", name, f"table_{on}") == 0
        assert relations.value("inside", name, f"table_{on}") == 0
    assert relations.value("left", "tall", "table_b") == 1
    assert relations.value("left", "table_a", "table_b") == 1
    assert relations.value("inside", "object", "box") == 1
    assert relations.value("above", "object", "box") == 0
    assert relations.value("inside", "box", "object") == 0


def test_boundary_uses_segments_and_size() -> None:
    """Near the edge of a large top; not in its middle, not on a small one, not past the end of an edge line."""
    table = TABLE_A
    on_edge = ((0.5, 0.55, 0.525), CUBE)
    assert "boundary" in true_of(on_edge, table)
    assert "boundary" not in true_of(((0.7, 0.55, 0.525), CUBE), table)
    assert "boundary" not in true_of(((0.7, 0.55, 0.6), CUBE), ((0.7, 0.55, 0.475), (0.19, 0.9, 0.05)))
    # above by the cone, yet 11 cm past the corner although on the line of an edge
    high = ((0.95, 1.11, 1.0), CUBE)
    assert "above" in true_of(high, table)
    assert "boundary" not in true_of(high, table)


def test_inside_tolerances_and_strict() -> None:
    """Groceries may stand out of a box by default, and may not in the strict reading of A.9."""
    box = ((0.7, 0.0, 0.55), (0.2, 0.16, 0.1), 0.0, "open_box")
    tall = ((0.7, 0.0, 0.59), (0.04, 0.04, 0.15))
    both = scene(tall=tall, box=box)
    assert relations_of(both).value("inside", "tall", "box") == 1
    assert relations_of(both, config=RelationConfig(inside_strict=True)).value("inside", "tall", "box") == 0
    assert "inside" in true_of(((0.7, 0.0, 0.55), CUBE), box)
    assert "inside" not in true_of(((0.79, 0.0, 0.55), CUBE), box)
    assert "inside" not in true_of(((0.7, 0.0, 0.625), CUBE), box), "it stands on top"
    assert "inside" not in true_of(((0.7, 0.0, 0.55), CUBE), box[:2]), "a solid cuboid holds nothing"


def test_inside_follows_the_container_yaw() -> None:
    """The oriented box counts: a corner of the unrotated box is outside once the container is turned."""
    movable = ((0.7 + 0.07, 0.05, 0.54), (0.03, 0.03, 0.03))
    box = ((0.7, 0.0, 0.55), (0.2, 0.14, 0.1))
    assert "inside" in true_of(movable, (*box, 0.0, "open_box"))
    assert "inside" not in true_of(movable, (*box, np.pi / 4 + np.pi / 2, "open_box"))


def test_what_lies_in_an_open_drawer_is_inside_it() -> None:
    """It was inside only where it was under the case; put into an open drawer it seemed to be nowhere."""
    drawer = Segment("drawer", "drawer", Box([1.0, 0.0, 0.5], [0.3, 0.3, 0.15], 0.2), np.zeros((0, 3)), 0.18)
    out = np.array([1.0, 0.0, 0.48]) - 0.22 * np.array([np.cos(0.2), np.sin(0.2), 0.0])
    cup = Segment("cup", "cuboid", Box(out, [0.05, 0.05, 0.06]), np.zeros((0, 3)))
    assert relations_of(Scene((drawer, cup))).value("inside", "cup", "drawer") == 1
    for shut, box in ((0.0, cup.box), (0.18, replace(cup.box, center=out - [0.12, 0.0, 0.0]))):
        other = Scene((replace(drawer, opening=shut), replace(cup, box=box)))
        assert relations_of(other).value("inside", "cup", "drawer") == 0


def test_contact_of_the_simulator_wins() -> None:
    """Given contacts are copied; the gap is only the fallback."""
    pair = scene(a=((0, 0, 0), CUBE), b=((0, 1, 0), CUBE))
    contact = np.array([[False, True], [True, False]])
    assert relations_of(pair, contact).value("contact", "a", "b") == 1
    assert relations_of(pair).value("contact", "a", "b") == 0


def test_contact_gap_of_turned_boxes() -> None:
    """A cube turned by 45 degrees reaches out by its half diagonal."""
    reach = 0.025 * np.sqrt(2) + 0.025
    near = ((0, reach + 0.002, 0), CUBE, np.pi / 4)
    far = ((0, reach + 0.004, 0), CUBE, np.pi / 4)
    assert "contact" in true_of(near, ((0, 0, 0), CUBE))
    assert "contact" not in true_of(far, ((0, 0, 0), CUBE))


def test_unary() -> None:
    """Movable, is-drawer and drawer-open."""
    values = unary_relations(["table", "cuboid", "drawer", "drawer", "open_box"], [0, 0, 0.1, 0, 0.1], np.ones((5, 3)))
    assert values.astype(int).tolist() == [[0, 0, 0], [1, 0, 0], [1, 1, 1], [1, 1, 0], [1, 0, 0]]


def test_refuses_what_is_no_box() -> None:
    """The message names the segment and what is wrong with it."""
    with pytest.raises(BoxError, match=r"'a'.*not finite"):
        relations_of(scene(a=((0, np.nan, 0), CUBE)))
    with pytest.raises(BoxError, match=r"'a'.*no extent"):
        relations_of(scene(a=((0, 0, 0), (0.1, 0.0, 0.1))))


def test_an_empty_scene_has_empty_relations() -> None:
    """No segment, no relation, no crash."""
    relations = relations_of(Scene(()))
    assert relations.binary.shape == (0, 0, 9)
    assert relations.unary.shape == (0, 3)


def test_leading_axes() -> None:
    """A batch gives what each scene alone gives."""
    rng = np.random.default_rng(0)
    centers, sizes, yaws = (
        rng.uniform(-0.3, 0.3, (3, 4, 6, 3)),
        rng.uniform(0.02, 0.4, (6, 3)),
        rng.uniform(-3, 3, (3, 4, 6)),
    )
    batch = binary_relations(centers, sizes, yaws)
    assert batch.shape == (3, 4, 6, 6, 9)
    assert batch.dtype == bool
    for i, j in np.ndindex(3, 4):
        assert np.array_equal(batch[i, j], binary_relations(centers[i, j], sizes, yaws[i, j]))


seeds = st.integers(0, 2**32 - 1)


def random_boxes(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Five boxes that meet, stack and nest often."""
    rng = np.random.default_rng(seed)
    return rng.uniform(-0.3, 0.3, (5, 3)), rng.uniform(0.02, 0.5, (5, 3)), rng.uniform(-np.pi, np.pi, 5)


PAIRS = [("left", "right"), ("front", "behind"), ("above", "below")]


@given(seeds)
@settings(max_examples=40, deadline=None)
def test_converse_irreflexive_asymmetric(seed: int) -> None:
    """left(A, B) <=> right(B, A), never both ways, never of an object to itself; contact is symmetric."""
    values = binary_relations(*random_boxes(seed))
    at = {name: values[..., index] for index, name in enumerate(BINARY_RELATIONS)}
    for one, other in PAIRS:
        assert np.array_equal(at[one], at[other].T)
        assert not np.any(at[one] & at[other])
    assert np.array_equal(at["contact"], at["contact"].T)
    assert not values[np.arange(5), np.arange(5)].any()
    assert np.all(at["above"] | ~at["boundary"])


@given(seeds, st.integers(0, 1))
@settings(max_examples=40, deadline=None)
def test_mirror_swaps_the_pair(seed: int, axis: int) -> None:
    """Mirroring y swaps left and right, mirroring x swaps front and behind; nothing else changes."""
    centers, sizes, yaws = random_boxes(seed)
    mirrored = centers * np.where(np.arange(3) == axis, -1.0, 1.0)
    before, after = binary_relations(centers, sizes, yaws), binary_relations(mirrored, sizes, -yaws)
    order = [("behind", "front"), ("left", "right")][axis]
    swap = list(BINARY_RELATIONS)
    first, second = (swap.index(name) for name in order)
    swap[first], swap[second] = swap[second], swap[first]
    assert np.array_equal(after, before[..., [BINARY_RELATIONS.index(name) for name in swap]])


@given(seeds)
@settings(max_examples=40, deadline=None)
def test_quarter_turn_of_the_world(seed: int) -> None:
    """Turning everything by +90 degrees turns behind into left, left into front, and leaves the rest."""
    centers, sizes, yaws = random_boxes(seed)
    turned = np.stack([-centers[:, 1], centers[:, 0], centers[:, 2]], axis=-1)
    before, after = binary_relations(centers, sizes, yaws), binary_relations(turned, sizes, yaws + np.pi / 2)
    becomes = {"behind": "left", "left": "front", "front": "right", "right": "behind"}
    for index, name in enumerate(BINARY_RELATIONS):
        assert np.array_equal(after[..., BINARY_RELATIONS.index(becomes.get(name, name))], before[..., index]), name


@given(seeds)
@settings(max_examples=40, deadline=None)
def test_invariances(seed: int) -> None:
    """Moving the world, turning a box by half a turn, or by a quarter with its sizes swapped, changes nothing."""
    centers, sizes, yaws = random_boxes(seed)
    before = binary_relations(centers, sizes, yaws)
    assert np.array_equal(before, binary_relations(centers + np.array([0.5, -2.0, 1.0]), sizes, yaws))
    assert np.array_equal(before, binary_relations(centers, sizes, yaws + np.pi))
    assert np.array_equal(before, binary_relations(centers, sizes[:, [1, 0, 2]], yaws + np.pi / 2))
    order = np.random.default_rng(seed).permutation(5)
    assert np.array_equal(before[np.ix_(order, order)], binary_relations(centers[order], sizes[order], yaws[order]))
