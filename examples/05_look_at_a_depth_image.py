"""Depth images as the robot's camera gives them, noise and gaps included, become names, boxes and relations."""

from __future__ import annotations

import numpy as np

from f2p.robot.looks import LOOKS
from f2p.robot.protocol import HEAD_PAN, HEAD_TILT, Motion
from f2p.scene.objects.tracking import KnownObject
from f2p.scene.relations import relations_of
from f2p.scene.tabletop import TabletopConfig, scene_from_cloud
from f2p.sim.protocol import make_simulator
from f2p.tasks.protocol import tasks
from f2p.twin.camera import DepthCamera, DepthCameraConfig, points_camera, snapshot
from f2p.twin.direct import TwinRobot
from f2p.twin.driver import StretchDriver
from f2p.twin.twin import Twin


def main() -> None:
    """Look left and right, and hold what is seen against the truth."""
    world = tasks.make("transport").make(np.random.default_rng(4), 2, make_simulator()).world
    twin = Twin(world)
    robot, config = TwinRobot(StretchDriver(twin)), DepthCameraConfig()
    camera, clouds = DepthCamera(config, seed=0), []
    for look in LOOKS:
        robot.move(Motion((HEAD_PAN, HEAD_TILT), (look.pan, look.tilt)))
        shot = snapshot(twin)
        image = camera.depth_image(shot)
        print(f"head at {look.pan:+.2f} rad: {image.size} pixels, {np.mean(image == 0):.0%} of them without depth")
        clouds.append(points_camera(image, config) @ shot.task_from_camera[:3, :3].T + shot.task_from_camera[:3, 3])

    truth = twin.truth().scene
    movable = [one for one in truth.segments if one.movable]
    known = tuple(KnownObject(one.name, one.prior, one.box.size) for one in movable)  # the operator's inventory
    scene = scene_from_cloud(np.concatenate(clouds), TabletopConfig(known=known))
    for one in scene.segments:
        true = truth.segments[truth.index(one.name)] if one.name in truth.names else None
        off = "" if true is None else f", {100 * np.linalg.norm(one.box.center - true.box.center):.1f} cm off"
        print(f"{one.name:10} {one.prior:9} {len(one.points):5} points{off}")
    relations = relations_of(scene)
    print(f"inside(object_1, box) is {bool(relations.value('inside', 'object_1', 'box'))}")


if __name__ == "__main__":
    main()
