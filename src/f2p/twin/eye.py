"""What the robot sees of a world, without ROS and without waiting: the twin's camera at each look, merged.

The running robot's looks are the same angles from the same place (`robot/looks.py`), through the same camera.
"""

from __future__ import annotations

import mujoco
import numpy as np

from f2p.robot.frames import BASE_START_TASK, transform_from_pose
from f2p.robot.looks import LOOKS, Look, without_gripper
from f2p.robot.protocol import HEAD_PAN, HEAD_TILT
from f2p.sim.world import World
from f2p.twin import model as parts
from f2p.twin.camera import DepthCamera, DepthCameraConfig, points_camera, snapshot
from f2p.twin.twin import READY, Twin


class Eye:
    """Looks at worlds; keeps the twin of the last bodies and the camera's random numbers.

    Args:
        seed: Of the camera's noise.
        config: Its lens and noise.
    """

    def __init__(self, seed: int, config: DepthCameraConfig | None = None) -> None:
        self._camera = DepthCamera(config or DepthCameraConfig(), seed)
        self._twin: Twin | None = None

    def look(self, world: World, aside: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
        """Look once, from `aside` [m] to the left of where a task starts.

        Returns:
            The merged cloud and where the camera was on average, task frame [m]; shapes (n, 3) float32 and (3,).
        """
        if self._twin is None:
            self._twin = Twin(world)
        else:
            self._twin.reset(world)
        views = [self._one(self._twin, look, aside) for look in LOOKS]
        points = np.concatenate([points for points, _ in views])
        return points, np.mean([sensor for _, sensor in views], axis=0)

    def _one(self, twin: Twin, look: Look, aside: float) -> tuple[np.ndarray, np.ndarray]:
        """Take one look of a settled head."""
        for joint, value in ((HEAD_PAN, look.pan), (HEAD_TILT, look.tilt), (parts.BASE_X, aside)):
            twin.data.joint(joint).qpos[0] = value
        mujoco.mj_forward(twin.model, twin.data)
        shot = snapshot(twin)
        x, y, heading = BASE_START_TASK
        task_from_base = transform_from_pose(x, y + aside, heading)
        base_from_camera = np.linalg.inv(task_from_base) @ shot.task_from_camera
        points = points_camera(self._camera.depth_image(shot), self._camera.config)
        points = without_gripper(points @ base_from_camera[:3, :3].T + base_from_camera[:3, 3], READY)
        points = points @ task_from_base[:3, :3].T + task_from_base[:3, 3]
        return points.astype(np.float32), shot.task_from_camera[:3, 3]
