"""Clouds are partial views: on surfaces that face the camera, noisy, thinned, and honest about what is hidden."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from f2p.sim.labelled import SimulationConfig
from f2p.sim.mujoco import MujocoSimulator
from f2p.sim.physics.clouds import CameraConfig, fitted, moved_cloud, top_surface
from f2p.sim.world import World
from f2p.types import Scene, Segment

CLEAN = CameraConfig(noise=0.0, drop_out=0.0)


def outside(segment: Segment) -> np.ndarray:
    """Distance of each point to the surface of the box, signed, positive outside [m]."""
    cosine, sine = np.cos(segment.box.yaw), np.sin(segment.box.yaw)
    local = (segment.points - segment.box.center) @ np.array([[cosine, -sine, 0], [sine, cosine, 0], [0, 0, 1]])
    return np.max(np.abs(local) - 0.5 * segment.box.size, axis=1)


def look(packed: World, camera: CameraConfig, seed: int = 0) -> Scene:
    return MujocoSimulator(SimulationConfig(camera=camera)).observe(packed, seed)


def test_points_lie_on_the_surfaces_of_their_own_body(packed: World) -> None:
    for segment in look(packed, CLEAN).segments:
        assert outside(segment).max() < 1e-5, segment.name
        if segment.name != "box":
            assert outside(segment).min() > -1e-5, segment.name


def test_only_faces_towards_the_camera_are_seen(packed: World) -> None:
    landmark = look(packed, CLEAN).segments[packed.index("landmark")]
    assert landmark.points[:, 0].max() < landmark.box.center[0] + 0.0351
    on_back = (landmark.points[:, 0] > landmark.box.center[0] + 0.034) & (landmark.points[:, 2] < 0.64)
    assert not on_back.any()
    assert (landmark.points[:, 0] < landmark.box.center[0] - 0.0349).sum() > 20


def test_noise_has_the_stated_size_and_drop_out_the_stated_share(packed: World) -> None:
    many = replace(CLEAN, most_points=10**6)
    clean = look(packed, many)
    noisy = look(packed, replace(many, noise=0.003))
    lost = look(packed, replace(many, drop_out=0.5))
    top = packed.index("table_a")
    heights = noisy.segments[top].points[:, 2] - 0.5
    assert 0.001 < heights[np.abs(heights) < 0.02].std() < 0.008
    share = len(lost.segments[top].points) / len(clean.segments[top].points)
    assert share == pytest.approx(0.5, abs=0.05)


def test_movables_are_seen_more_finely_than_tables(packed: World) -> None:
    scene = look(packed, replace(CLEAN, most_points=10**6))
    box, table = (scene.segments[packed.index(name)] for name in ("box", "table_a"))
    assert len(box.points) / 0.07 > 4 * len(table.points) / 0.45


def test_the_camera_can_be_placed_elsewhere(packed: World) -> None:
    behind = look(packed, replace(CLEAN, position_task=(1.6, -0.3, 1.0), look_at=(0.7, -0.3, 0.5)))
    landmark = behind.segments[packed.index("landmark")]
    assert (landmark.points[:, 0] > landmark.box.center[0] + 0.034).sum() > 20


def test_counts_of_points_are_kept_within_bounds() -> None:
    rng = np.random.default_rng(0)
    few, many = rng.normal(size=(12, 3)), rng.normal(size=(500, 3))
    assert fitted(few, 32, 100, rng).shape == (32, 3)
    assert {tuple(p) for p in fitted(few, 32, 100, rng)} == {tuple(p) for p in few}
    assert fitted(many, 32, 100, rng).shape == (100, 3)


def test_the_top_surface_of_a_yawed_box() -> None:
    pose, size = np.array([1.0, 2.0, 0.5, 0.8]), np.array([0.2, 0.1, 0.06])
    points = top_surface(pose, size, np.random.default_rng(0), 200)
    assert points[:, 2] == pytest.approx(0.53)
    local = moved_cloud(points, pose, np.zeros(4))
    assert np.all(np.abs(local[:, :2]) <= 0.5 * size[:2] + 1e-6)
    assert moved_cloud(local, np.zeros(4), pose) == pytest.approx(points, abs=1e-6)
