"""Rounds of looks in a recording: which image each look took, and the cloud that perception made of them."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from nav_msgs.msg import Odometry
from sensor_msgs.msg import CameraInfo, Image
from sensor_msgs.msg import JointState as JointStateMessage

from f2p.record.errors import OtherRobotError
from f2p.robot.frames import base_task_from_odometry
from f2p.robot.protocol import BODY_JOINTS, JointState, RobotState
from f2p.ros.base.compat import Transforms
from f2p.ros.messages.convert import stamp_from_msg
from f2p.ros.messages.views import points_camera
from f2p.ros.remote.camera import Sighting, sighting_of
from f2p_msgs.action import PerceiveScene

MOST = 5
"""Images of one look that are tried (ours: a fifth of a second, as late as messages come on a busy machine)."""

KEEP_S = 1e6
"""How long transforms are remembered [s]: a recording has all of them at once."""


@dataclass(frozen=True, eq=False)
class _Look:
    """What one look had before it."""

    image: Image
    joints: JointStateMessage
    base_task: tuple[float, float, float]


@dataclass
class Rounds:
    """Collects what passes, and gives the round of looks that a scene was made of.

    Args:
        base_frame: Frame of the robot's base.
        tolerance_s: How far a transform may be from the image [s].
    """

    base_frame: str
    tolerance_s: float
    transforms: Transforms = field(default_factory=lambda: Transforms(KEEP_S))
    info: CameraInfo | None = None
    joints: JointStateMessage | None = None
    base_task: tuple[float, float, float] | None = None
    _rounds: list[list[list[_Look]]] = field(default_factory=list)
    """Rounds of looks; of each look the images that it can have taken."""
    _latest: _Look | None = None
    _awaited: bool = False

    def on_feedback(self, feedback: PerceiveScene.Feedback) -> None:
        """Follow perception: a posture begins a round; "image" says that the last or a next one counts."""
        if feedback.stage == PerceiveScene.Feedback.POSTURE:
            self._rounds.append([])
        elif feedback.stage == PerceiveScene.Feedback.IMAGE and self._rounds:
            self._rounds[-1].append([] if self._latest is None else [self._latest])
        self._awaited = feedback.stage == PerceiveScene.Feedback.IMAGE and bool(self._rounds)

    def on_image(self, image: Image) -> None:
        """Take an image."""
        if self.joints is None or self.base_task is None:
            return
        self._latest = _Look(image, self.joints, self.base_task)
        if self._awaited and len(self._rounds[-1][-1]) < MOST:
            self._rounds[-1][-1].append(self._latest)

    def on_joints(self, joints: JointStateMessage) -> None:
        """Take joint states. Raises OtherRobotError where they are not those of a Stretch."""
        missing = [name for name in BODY_JOINTS if name not in joints.name]
        if missing:
            raise OtherRobotError(f"its joint states lack {', '.join(missing)}")
        self.joints = joints

    def on_odometry(self, message: Odometry) -> None:
        """Take where the base is."""
        pose = message.pose.pose
        heading = 2.0 * math.atan2(pose.orientation.z, pose.orientation.w)
        self.base_task = base_task_from_odometry((pose.position.x, pose.position.y, heading))

    def on_transforms(self, message: Any, static: bool) -> None:
        """Take transforms."""
        for item in message.transforms:
            move, turn = item.transform.translation, item.transform.rotation
            pose = np.array([move.x, move.y, move.z, turn.x, turn.y, turn.z, turn.w])
            stamp_ns = stamp_from_msg(item.header.stamp)
            self.transforms.add(item.header.frame_id, item.child_frame_id, stamp_ns, pose, static)

    def of_scene(self, stamp_ns: int) -> list[Sighting]:
        """Return what can have been seen in the round whose last image has a scene's stamp; none if it is not there.

        The recording says when a look began to wait for its image and when it had it, as late as its messages came: it
        took one of those in between, or the last one before. Of the last look the stamp is known.

        Raises:
            F2pError: An image or a transform cannot be used.
        """
        rounds, self._rounds, self._awaited = self._rounds, [], False
        for looks in rounds:
            last = [one for one in (looks[-1] if looks else ()) if stamp_from_msg(one.image.header.stamp) == stamp_ns]
            if last and self.info is not None:
                return [self._merged(taken, stamp_ns) for taken in itertools.product(*looks[:-1], last)]
        return []

    def _merged(self, looks: Sequence[_Look], stamp_ns: int) -> Sighting:
        parts = [self._sighting(look) for look in looks]
        points = np.concatenate([part.points_task for part in parts])
        return Sighting(points, np.mean([part.sensor_task for part in parts], axis=0), stamp_ns)

    def _sighting(self, look: _Look) -> Sighting:
        header = look.image.header
        stamp_ns = stamp_from_msg(header.stamp)
        assert self.info is not None, "asked for before"
        base_from_camera = self.transforms.lookup(self.base_frame, header.frame_id, stamp_ns, self.tolerance_s)
        joints = {name: JointState(position, 0.0, 0.0)
                  for name, position in zip(look.joints.name, look.joints.position, strict=True)
                  if name in BODY_JOINTS}  # fmt: skip
        state = RobotState(joints, look.base_task, False, 0.0)
        return sighting_of(points_camera(look.image, self.info), base_from_camera, state, stamp_ns)
