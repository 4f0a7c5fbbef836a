"""Depth images agree with MuJoCo's own rays, show both tables in two looks, and are as poor as asked."""

import dataclasses

import mujoco
import numpy as np
import pytest

from f2p.robot.looks import LOOKS
from f2p.robot.protocol import HEAD_PAN, HEAD_TILT
from f2p.twin.camera import BUILDING, FLOOR, ROBOT, DepthCamera, DepthCameraConfig, points_camera, snapshot

CLEAN = DepthCameraConfig(noise=0.0, drop_out=0.0, edge_drop_out=0.0, wall=0.0)


def looked(twin, look):
    twin.data.joint(HEAD_PAN).qpos[0], twin.data.joint(HEAD_TILT).qpos[0] = look.pan, look.tilt
    mujoco.mj_forward(twin.model, twin.data)
    return snapshot(twin)


def task_points(image, config, shot):
    return points_camera(image, config) @ shot.task_from_camera[:3, :3].T + shot.task_from_camera[:3, 3]


@pytest.mark.parametrize("look", LOOKS)
def test_depth_agrees_with_mujocos_rays(twin, look):
    shot, config = looked(twin, look), dataclasses.replace(CLEAN, width=106, height=60)
    camera = DepthCamera(config, 0)
    depth, _ = camera.render(shot)
    right, down = np.meshgrid(camera._right, camera._down)
    rays = np.stack([right, down, np.ones_like(right)], axis=-1).reshape(-1, 3).astype(float)
    length = np.linalg.norm(rays, axis=1)
    turned = np.ascontiguousarray(rays / length[:, None] @ shot.task_from_camera[:3, :3].T)
    geoms, distance = np.zeros(len(rays), np.int32), np.zeros(len(rays))
    groups = np.array([1, 1, 1, 1, 0, 1], np.uint8)
    origin = np.ascontiguousarray(shot.task_from_camera[:3, 3])
    mujoco.mj_multiRay(
        twin.model, twin.data, origin, turned.ravel(), groups, 1, -1, geoms, distance, None, len(rays), 4.0
    )
    theirs = (distance / length).reshape(depth.shape)
    both = (geoms.reshape(depth.shape) >= 0) & np.isfinite(depth)
    assert both.mean() > 0.5
    assert (np.abs(theirs - depth)[both] > 2e-3).mean() < 0.01  # rods of the fingers are boxes here


def test_two_looks_show_both_tables_and_all_objects(twin):
    camera, seen = DepthCamera(CLEAN, 0), {}
    for look in LOOKS:
        _, labels = camera.render(looked(twin, look))
        for label in np.unique(labels):
            seen[int(label)] = seen.get(int(label), 0) + int((labels == label).sum())
    names = {name: seen.get(index, 0) for index, name in enumerate(twin.truth().names)}
    assert all(count > 60 for count in names.values()), names
    assert seen[FLOOR] > 0


def test_looks_cover_the_table_tops(twin):
    camera, points = DepthCamera(CLEAN, 0), []
    for look in LOOKS:
        shot = looked(twin, look)
        points.append(task_points(camera.depth_image(shot), CLEAN, shot))
    points = np.concatenate(points)
    tops = points[np.abs(points[:, 2] - 0.5) < 0.005]
    cells = {(int(x), int(y)) for x, y in np.floor(tops[:, :2] / 0.05)}
    wanted = [(ix, iy) for ix in range(9, 19) for iy in [*range(2, 20), *range(-20, -2)]]
    missing = [cell for cell in wanted if cell not in cells]
    assert len(missing) / len(wanted) < 0.15, f"hidden: {missing}"


def test_arm_stays_out_of_the_tables_space_while_looking(twin):
    for index, look in enumerate(LOOKS):
        shot = looked(twin, look)
        depth, labels = DepthCamera(CLEAN, 0).render(shot)
        image = np.where(labels == ROBOT, np.rint(1000 * depth), 0).astype(np.uint16)
        arm = task_points(image, CLEAN, shot)
        over = arm[(arm[:, 0] > 0.47) & (arm[:, 2] > 0.51)]
        assert len(over) == 0, f"look {index}"


def test_noise_grows_with_depth_and_drop_out_is_as_asked(twin):
    shot = looked(twin, LOOKS[0])
    config = DepthCameraConfig(edge_drop_out=0.0)
    depth, _ = DepthCamera(config, 1).render(shot)
    image = DepthCamera(config, 1).depth_image(shot)
    inside = (depth > 0.5) & (depth < 2.0)
    assert (image[inside] == 0).mean() == pytest.approx(0.01, abs=0.004)
    good = inside & (image > 0)
    error = image[good] * 1e-3 - depth[good]
    assert np.std(error / depth[good] ** 2) == pytest.approx(0.0015, rel=0.1)


def test_same_seed_same_image_and_range_is_kept(twin):
    shot, config = looked(twin, LOOKS[1]), DepthCameraConfig()
    first, second = (DepthCamera(config, 3).depth_image(shot) for _ in range(2))
    assert np.array_equal(first, second)
    assert first.dtype == np.uint16 and first.shape == (240, 424)
    seen = first[first > 0]
    assert seen.min() >= 280 and seen.max() <= 4000


def test_a_wall_is_seen_behind_the_tables(twin):
    shot, config = looked(twin, LOOKS[0]), dataclasses.replace(CLEAN, wall=2.0)
    _, labels = DepthCamera(config, 0).render(shot)
    image = DepthCamera(config, 0).depth_image(shot)
    points = task_points(image, config, shot)[labels[image > 0] == BUILDING]
    assert len(points) > 500
    assert np.abs(points[:, 0] - 2.0).max() < 0.01
