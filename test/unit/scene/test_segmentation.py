"""The geometric segmenter on scenes one can draw, the score, and real scans where they are."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from raycast import Look, boards, distances

from f2p.bench.room_scans import RoomConfig, in_a_room, side_by_side
from f2p.clock import SystemClock
from f2p.geometry import rotate_z
from f2p.scene.cloud import library
from f2p.scene.cloud.convexity import merge_regions
from f2p.scene.cloud.library import cloud_of
from f2p.scene.cloud.neighbours import edges_within, normals_of
from f2p.scene.cloud.pcd import Scan
from f2p.scene.cloud.planes import dominant_plane
from f2p.scene.errors import CloudTooSmallError, LibraryMissingError, NoSupportError
from f2p.scene.perceive import PerceivedScan, perceive_scan, perceived
from f2p.scene.segment.evaluation import evaluate_labels
from f2p.scene.segment.geometric import GeometricSegmenter
from f2p.scene.segment.protocol import segmenters
from f2p.types import Box

SCANS = Path(__file__).parents[4] / "shared" / "data" / "mosd"


def seen(boxes: list[Box], seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Camera-frame cloud of boxes on a table at z = 0, seen from above and aside, and the box of each point."""
    rng = np.random.default_rng(seed)
    look = Look(sensor=(0.0, 0.0, 0.8), tilt=np.deg2rad(42.0), noise=0.0015)
    focal = look.width / 2 / np.tan(look.horizontal_view / 2)
    u, v = np.meshgrid(np.arange(look.width) - look.width / 2, np.arange(look.height) - look.height / 2)
    forward, down = (
        np.array([np.cos(look.tilt), 0, -np.sin(look.tilt)]),
        np.array([-np.sin(look.tilt), 0, -np.cos(look.tilt)]),
    )
    rays = forward + (u.ravel() / focal)[:, None] * [0, -1.0, 0] + (v.ravel() / focal)[:, None] * down
    table = Box([1.0, 0.0, -0.02], [1.2, 1.2, 0.04])
    depths = np.array([distances(np.array(look.sensor), rays, box) for box in [table, *boxes]])
    owner, depth = depths.argmin(axis=0) - 1, depths.min(axis=0)
    depth = np.where(np.isfinite(depth), depth + rng.normal(size=depth.shape) * look.noise, np.nan)
    return depth[:, None] * rays, np.where(np.isfinite(depth), owner, -1)


def labels_of(points: np.ndarray, sensor: np.ndarray | None = None) -> np.ndarray:
    """What the whole pipeline makes of a cloud in any frame: an object of each point, negative for none."""
    shift = np.zeros(3) if sensor is None else sensor
    scan = Scan((points - shift).astype(np.float32), None, None, len(points), 1)
    clock = SystemClock()
    return perceived(scan, "cloud", segmenters.make("geometric"), clock, clock.monotonic_s()).labels


SCENES = {
    "apart": [Box([0.9, 0.15, 0.05], [0.1, 0.1, 0.1]), Box([0.9, -0.15, 0.04], [0.12, 0.08, 0.08], 0.5)],
    "touching": [Box([0.9, 0.08, 0.06], [0.1, 0.1, 0.12]), Box([0.86, -0.04, 0.03], [0.14, 0.12, 0.06])],
    "stacked": [Box([0.9, 0.0, 0.05], [0.25, 0.25, 0.1]), Box([0.92, 0.0, 0.14], [0.12, 0.12, 0.08])],
    "halved by what stands in front": [
        Box([1.05, 0.0, 0.08], [0.08, 0.4, 0.16]),
        Box([0.8, 0.0, 0.12], [0.05, 0.08, 0.24]),
    ],
}


@pytest.mark.parametrize("name", SCENES)
def test_finds_each_object_once(name: str) -> None:
    """Beside, touching, on top, and behind one another."""
    points, truth = seen(SCENES[name])
    labels = labels_of(points)
    precision, recall, _ = evaluate_labels(labels[truth > -2], truth)
    assert precision > 0.9
    assert recall > 0.85
    assert len(np.unique(labels[labels >= 0])) == len(SCENES[name])


def test_is_deterministic_and_blind_to_where_the_camera_is() -> None:
    """The same labels twice, and after moving cloud and sensor together."""
    points, _ = seen(SCENES["stacked"])
    labels = labels_of(points)
    assert np.array_equal(labels, labels_of(points))
    shift = np.array([0.4, -0.3, 0.2])
    moved = labels_of(rotate_z(points, 0.4) + shift, sensor=shift)
    assert evaluate_labels(moved, labels)[2] > 0.95


def scan_of(points: np.ndarray, owner: np.ndarray) -> Scan:
    """A labelled image in the optical frame, as the Kinect scans are."""
    optical = np.stack([-points[:, 1], -points[:, 2], points[:, 0]], axis=1)
    tilt = np.deg2rad(42.0)
    turn = np.array([[1, 0, 0], [0, np.cos(tilt), -np.sin(tilt)], [0, np.sin(tilt), np.cos(tilt)]])
    labels = np.where(owner < -1, 0, np.where(owner < 0, 1, 10 * (owner + 2)))
    return Scan((optical @ turn.T).astype(np.float32), None, np.where(np.isnan(points[:, 0]), 0, labels), 240, 320)


def perceived_scan(scan: Scan) -> PerceivedScan:
    clock = SystemClock()
    return perceived(scan, "scan.pcd", segmenters.make("geometric"), clock, clock.monotonic_s())


@pytest.mark.parametrize("name", ["apart", "stacked"])
def test_floor_and_wall_behind_change_nothing(name: str) -> None:
    """The plane with the most points is the floor or the wall: what they hold was all that was found."""
    bare = scan_of(*seen(SCENES[name]))
    result = perceived_scan(in_a_room(bare, RoomConfig(), 0))
    assert result.score is not None and result.score[2] > 0.9
    assert [segment.prior for segment in result.scene.segments] == ["table", "cuboid", "cuboid"]


def test_tables_at_two_heights_are_two_supports() -> None:
    bare = scan_of(*seen(SCENES["apart"]))
    both = perceived_scan(side_by_side(bare, bare, RoomConfig(aside=1.3)))
    assert both.score is not None and both.score[2] > 0.9
    assert both.scene.names[:2] == ("table_a", "table_b")
    assert both.segments == 4


@pytest.mark.parametrize("left", ["floor and wall", "a wall"])
def test_a_room_without_a_support_is_refused(left: str) -> None:
    """An empty floor is no table, however large, and a wall is none either."""
    bare = scan_of(*seen([]))
    nothing = replace(bare, points_camera=bare.points_camera.copy())
    room = in_a_room(nothing, RoomConfig(), 0)
    points = np.array(room.points_camera)
    points[np.isfinite(bare.points_camera).all(axis=1)] = np.nan
    if left == "a wall":
        points[240 * 160 :] = np.nan
    with pytest.raises(NoSupportError, match=r"scan\.pcd: no level surface") as caught:
        perceived_scan(replace(room, points_camera=points))
    assert caught.value.code == 105


def test_nothing_is_told_apart_into_nothing() -> None:
    """A support without things asks for it."""
    assert GeometricSegmenter().segment(np.zeros((0, 3))).shape == (0,)


def test_refuses_what_it_cannot_look_at() -> None:
    with pytest.raises(CloudTooSmallError):
        labels_of(np.full((1000, 3), np.nan))


def test_plane_points_to_the_sensor() -> None:
    """Height is positive on the camera's side, also with a third of outliers."""
    rng = np.random.default_rng(1)
    floor = np.concatenate([rng.uniform(-1, 1, (2000, 2)), rng.normal(size=(2000, 1)) * 0.002 - 1.0], axis=1)
    plane = dominant_plane(np.concatenate([floor, rng.uniform(-1, 1, (1000, 3))]), 0.01, rng)
    assert np.allclose(plane.normal, [0, 0, 1], atol=0.01)
    assert plane.offset == pytest.approx(1.0, abs=0.005)


@pytest.mark.parametrize(
    "points",
    [np.ones((1, 3)), np.ones((20, 3)), np.outer(np.linspace(1.0, 2.0, 50), [1.0, 1.0, 0.0])],
    ids=["one point", "one place", "a line"],
)
def test_a_plane_through_what_is_none_holds_all_of_it(points: np.ndarray) -> None:
    """Open3D's search ends in an error, or in a plane without a normal."""
    plane = dominant_plane(points, 0.01, np.random.default_rng(0))
    assert np.linalg.norm(plane.normal) == pytest.approx(1.0)
    assert np.allclose(plane.heights(points), 0.0, atol=1e-6)


def test_normals_are_those_of_the_surface_and_look_at_the_sensor() -> None:
    """A floor below and a wall beside the camera; no points have no normals."""
    rng = np.random.default_rng(2)
    floor = np.concatenate([rng.uniform(-0.2, 0.2, (4000, 2)), np.full((4000, 1), -1.0)], axis=1)
    wall = floor[:, [2, 0, 1]]
    sensor = np.array([0.0, 0.0, 0.5])
    assert np.allclose(normals_of(floor, edges_within(floor, 0.03), sensor), [0.0, 0.0, 1.0], atol=1e-5)
    assert np.allclose(normals_of(wall, edges_within(wall, 0.03), sensor), [1.0, 0.0, 0.0], atol=1e-5)
    assert normals_of(np.zeros((0, 3)), np.zeros((0, 2), dtype=int), sensor).shape == (0, 3)


def test_normals_are_those_of_open3d() -> None:
    """Of points in a ball, where axes are least sure; and of a lone point, a pair and a line, which have none."""
    rng, far, near = np.random.default_rng(3), 100.0, 0.03
    line = far + np.outer(np.linspace(0.0, 0.02, 5), [1.0, 0.0, 0.0])
    points = np.concatenate(
        [rng.normal(0.0, 0.05, (2000, 3)), [[far, 0.0, 0.0], [0.0, far, 0.0], [0.01, far, 0.0]], line]
    )
    cloud = cloud_of(points)
    cloud.estimate_normals(library.open3d().geometry.KDTreeSearchParamRadius(near))
    cloud.orient_normals_towards_camera_location(np.zeros(3))
    normals = normals_of(points, edges_within(points, near), np.zeros(3))
    assert np.allclose(np.linalg.norm(normals, axis=1), 1.0)
    assert np.allclose(normals[:2003], np.asarray(cloud.normals)[:2003], atol=1e-6)


def test_without_open3d_a_scan_is_refused_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    library._imported.cache_clear()
    monkeypatch.setitem(sys.modules, "open3d", None)
    with pytest.raises(LibraryMissingError, match="pip install open3d-cpu") as caught:
        labels_of(seen([])[0])
    assert caught.value.code == 106


def test_merging_judges_the_whole_border() -> None:
    """One cheap piece of a long dear border does not join two regions; a chain of cheap ones does."""
    pairs = np.array([[0, 1], [1, 2], [2, 3]])
    assert merge_regions(4, pairs, np.array([-1.0, 0.9, -1.0]), np.ones(3), 0.2).tolist() == [0, 0, 1, 1]
    pairs = np.array([[0, 1], [0, 2], [1, 2]])
    # after 0 and 1 are one, their border with 2 costs (0.1 * 1 + 0.9 * 3) / 4
    assert merge_regions(3, pairs, np.array([-1.0, 0.1, 0.9]), np.array([1, 1, 3]), 0.2).tolist() == [0, 0, 1]


def test_no_border_is_lost_to_rounding() -> None:
    """0.1 * 3 / 3 is not 0.1: whatever their length, two cheap borders join three regions."""
    pairs = np.array([[0, 1], [1, 2]])
    for weight in range(1, 100):
        assert merge_regions(3, pairs, np.array([0.1, 0.07]), np.array([weight, weight]), 0.2).tolist() == [0, 0, 0]


def test_score() -> None:
    """Perfect, swapped names, one merged, one split, and nothing at all."""
    truth = np.array([-1, 0, 0, 0, 0, 1, 1])
    assert evaluate_labels(truth, truth) == (1.0, 1.0, 1.0)
    assert evaluate_labels(np.array([-1, 7, 7, 7, 7, 3, 3]), truth) == (1.0, 1.0, 1.0)
    assert evaluate_labels(np.array([-1, 0, 0, 0, 0, 0, 0]), truth)[0] == pytest.approx(4 / 6)
    assert evaluate_labels(np.array([-1, 0, 0, 2, 2, 1, 1]), truth)[1] == pytest.approx(4 / 6)
    assert evaluate_labels(np.full(7, -1), truth) == (0.0, 0.0, 0.0)
    assert evaluate_labels(np.full(7, -1), np.full(7, -1)) == (1.0, 1.0, 1.0)
    claims_background = evaluate_labels(np.array([0, 0, 0, 0, 0, 1, 1]), truth)
    assert claims_background[0] == pytest.approx(6 / 7)
    assert claims_background[1] == 1.0


def test_ray_cast_open_box_is_hollow() -> None:
    """The test's own ray caster builds a floor and four walls."""
    assert len(boards(Box([0, 0, 0], [0.2, 0.2, 0.1]))) == 5


@pytest.mark.skipif(not SCANS.is_dir(), reason=f"the mOSD scans are not at {SCANS}")
@pytest.mark.parametrize("name", ["learn17", "learn29"])
def test_real_scans(name: str) -> None:
    """Stacked, and halved by an occluder: far above what plane + clustering reaches (0.57 and 0.74)."""
    result = perceive_scan(SCANS / f"{name}.pcd", GeometricSegmenter())
    assert result.score is not None
    assert result.score[2] > 0.9
    assert result.scene.segments[0].name == "table_a"
    assert result.relations.value("above", "object_1", "table_a") == 1.0
