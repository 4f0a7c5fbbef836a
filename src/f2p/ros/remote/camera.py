"""One look around: the body in its looking posture, the head settled at each angle, fresh image and transform each."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.node import Node
from rclpy.serialization import deserialize_message
from sensor_msgs.msg import CameraInfo, Image, PointCloud2
from tf2_msgs.msg import TFMessage

from f2p.clock import SystemClock
from f2p.errors import F2pError
from f2p.loop.errors import DeadlineError
from f2p.robot.errors import MotionRefusedError
from f2p.robot.frames import transform_from_pose
from f2p.robot.kinematics import LIMITS
from f2p.robot.looks import ARM_IN, ARM_LOW, CLEAR_LIFT, LOOK_Y, LOOKS, Look, without_gripper
from f2p.robot.protocol import ARM, HEAD_PAN, HEAD_TILT, LIFT, TRANSLATE, Cancelled, Motion, RobotState, never
from f2p.ros.base import qos
from f2p.ros.base.client import Patience
from f2p.ros.base.compat import Transforms
from f2p.ros.errors import BadViewRequestError, FrozenCameraError, HeadUnsettledError, NoImageError, NoTransformError
from f2p.ros.messages.convert import stamp_from_msg
from f2p.ros.messages.views import cloud_points, points_camera
from f2p.ros.remote.guard import GuardClient
from f2p.settings import Settings, number, setting
from f2p_msgs.action import PerceiveScene

KEPT_TRANSFORMS = 150
"""Transform messages kept unread between looks: some five seconds (ours)."""

STILL = 0.02
"""Head speed that counts as standing [rad/s] (ours)."""

MOVED = 0.1
"""How far head [rad] or base [m or rad] move before another image must follow (ours: many pixels of the camera)."""

MOST_SETTLE_S = 5.0
"""Longest standing that may be asked for before an image counts [s] (ours)."""

POSTURE_TOLERANCE = 0.03
"""How far a joint or the base may be from the looking posture [m or rad] (ours: the view hardly changes)."""


@dataclass(frozen=True)
class LookingConfig(Settings):
    """Where the camera speaks, and how patient a look is."""

    depth_topic: str = setting("/camera/depth/image_rect_raw", "depth images", source="realsense2_camera")
    cloud_topic: str = setting("", "clouds to use instead of depth images, e.g. /camera/depth/color/points")
    info_topic: str = setting("/camera/depth/camera_info", "the camera's intrinsics", source="realsense2_camera")
    base_frame: str = setting("base_link", "frame of the robot's base", source="stretch URDF")
    settle_s: float = number(
        0.3, "how long the head must stand before an image counts", unit="s", low=0.0, high=MOST_SETTLE_S,
        source="stretch.md 1.3.7: goals end 0.5 rad early", runtime=False,
    )  # fmt: skip
    image_s: float = number(
        5.0, "longest wait for an image and its transform", unit="s", low=0.1, high=60.0, runtime=False
    )
    tf_tolerance_s: float = number(
        0.2, "how far a transform may be from the image", unit="s", low=0.0, high=1.0, runtime=False
    )


Stages = PerceiveScene.Feedback
"""What a look is at, as its action tells."""

Told = Callable[[str, int, int], None]
"""Called with (stage, which look counted from 1 or 0, how many looks)."""


def told_nobody(_stage: str, _look: int, _looks: int) -> None:
    """Be the `Told` of a look that nobody follows."""


@dataclass(frozen=True, eq=False)
class Sighting:
    """What one round of looks saw."""

    points_task: np.ndarray
    """Merged cloud [m]. Shape (n, 3), float32."""
    sensor_task: np.ndarray
    """Where the camera was, averaged over the looks [m]. Shape (3,)."""
    stamp_ns: int


@dataclass(frozen=True)
class _Follower:
    """Who follows one look, and may end it."""

    canceled: Cancelled
    told: Told
    number: int
    count: int

    def tell(self, stage: str) -> None:
        """Tell what is being done."""
        self.told(stage, self.number, self.count)


class Liveness:
    """Whether the camera still sees: a frozen one stamps its last image anew, and the scene is an old one."""

    def __init__(self) -> None:
        self._digest, self._from = b"", np.zeros(0)

    def check(self, data: Any, state: RobotState) -> None:
        """Take an image that shows something. Raises FrozenCameraError for the last one, seen from elsewhere."""
        head = (state.joints[joint].position for joint in (HEAD_PAN, HEAD_TILT))
        digest, here = hashlib.sha256(data).digest(), np.array([*head, *state.base_task])
        if digest == self._digest and np.abs(here - self._from).max() > MOVED:
            raise FrozenCameraError("the camera sends the same image although the head or the base moved; restart it")
        self._digest, self._from = digest, here


class Looker:
    """Camera, transforms and head; `look` is called from a worker thread.

    Images and transforms stay serialized until a look needs them: reading all of them took a tenth of a core.

    Args:
        node: Whose executor listens.
        robot: The guarded body, for head and posture.
        config: Topics and patience.
    """

    def __init__(self, node: Node, robot: GuardClient, config: LookingConfig) -> None:
        self._node, self._robot, self._config = node, robot, config
        self._monotonic = SystemClock()
        self._image = b""
        self._pending: deque[bytes] = deque(maxlen=KEPT_TRANSFORMS)
        self._info: CameraInfo | None = None
        self._transforms, self._liveness = Transforms(), Liveness()
        group = MutuallyExclusiveCallbackGroup()
        self._kind, self._topic = (
            (PointCloud2, config.cloud_topic) if config.cloud_topic else (Image, config.depth_topic)
        )
        node.create_subscription(self._kind, self._topic, self._on_image, qos.SENSOR, callback_group=group, raw=True)
        node.create_subscription(CameraInfo, config.info_topic, self._on_info, qos.SENSOR, callback_group=group)
        node.create_subscription(TFMessage, "/tf", self._on_transforms, qos.TRANSFORMS, callback_group=group, raw=True)
        node.create_subscription(
            TFMessage, "/tf_static", lambda message: self._add(message, static=True), qos.STATIC_TRANSFORMS,
            callback_group=group,
        )  # fmt: skip

    def look(
        self, looks: Sequence[Look], settle_s: float, aside: float = 0.0, canceled: Cancelled = never,
        tell: Told = told_nobody,
    ) -> Sighting:  # fmt: skip
        """Look in every direction, or in the default ones, and merge.

        Args:
            looks: The directions; none for the default ones.
            settle_s: How long the head stands before an image counts; 0 for the configured time [s].
            aside: How far beside the usual place the base stands [m].
            canceled: Ends the look, and the motion that is under way.
            tell: Told what is being done.

        Raises:
            BadViewRequestError, HeadUnsettledError, NoImageError, NoTransformError, BadImageError, CloudError,
            FrozenCameraError, RobotError, CanceledError.
        """
        looks = checked_looks(looks) or LOOKS
        if not 0.0 <= settle_s <= MOST_SETTLE_S:  # NaN is neither
            raise BadViewRequestError(f"settle: {settle_s} must be finite and within [0, {MOST_SETTLE_S}] s")
        parts = []
        with self._robot.leased():
            tell(Stages.POSTURE, 0, len(looks))
            self._take_posture(aside, canceled)
            for number_, look in enumerate(looks, start=1):
                follower = _Follower(canceled, tell, number_, len(looks))
                parts.append(self._one(look, settle_s or self._config.settle_s, follower))
        points = np.concatenate([part.points_task for part in parts])
        sensor = np.mean([part.sensor_task for part in parts], axis=0)
        return Sighting(points, sensor, max(part.stamp_ns for part in parts))

    def _take_posture(self, aside: float, canceled: Cancelled) -> None:
        """Arm in and low, base at its place or beside it, as far as it is not there already."""
        state = self._robot.state()
        if abs(state.position(ARM)) > POSTURE_TOLERANCE:
            self._rise(state, canceled)
            self._robot.move(ARM_IN, canceled)
        if not _near(ARM_LOW, self._robot.state()):
            self._robot.move(ARM_LOW, canceled)
        away = LOOK_Y + aside - self._robot.state().base_task[1]
        if abs(away) > POSTURE_TOLERANCE:
            self._robot.move(Motion((TRANSLATE,), (away,)), canceled)

    def _rise(self, state: RobotState, canceled: Cancelled) -> None:
        """Go above what stands there before the arm comes in: a skill that was ended leaves it among the objects.

        Raises:
            MotionRefusedError: It did not get there, and the arm stays where it is.
        """
        if state.position(LIFT) < CLEAR_LIFT - POSTURE_TOLERANCE:
            self._robot.move(Motion((LIFT,), (CLEAR_LIFT,)), canceled)
        at = self._robot.state().position(LIFT)
        if at < CLEAR_LIFT - POSTURE_TOLERANCE:
            raise MotionRefusedError(
                f"the arm is out, and the lift came to {at:.2f} m of {CLEAR_LIFT:.2f} m only: bring the arm in by hand"
            )

    def _one(self, look: Look, settle_s: float, follower: _Follower) -> Sighting:
        follower.tell(Stages.TURN)
        self._robot.move(look.motion, follower.canceled)
        follower.tell(Stages.SETTLE)
        settled_ns = self._settled(settle_s, follower.canceled)
        follower.tell(Stages.IMAGE)
        image = self._fresh(settled_ns, follower.canceled)
        stamp_ns = stamp_from_msg(image.header.stamp)
        base_from_camera = self._base_from_camera(image.header.frame_id, stamp_ns, follower.canceled)
        state, seen = self._robot.state(), self._points_camera(image)
        if len(seen):
            self._liveness.check(image.data, state)
        return sighting_of(seen, base_from_camera, state, stamp_ns)

    def _settled(self, settle_s: float, canceled: Cancelled) -> int:
        """Wait until the head has stood for `settle_s`; the moment [ns]."""
        since = [self._monotonic.monotonic_s()]

        def standing() -> bool:
            now, state = self._monotonic.monotonic_s(), self._robot.state()
            if any(abs(state.joints[joint].velocity) > STILL for joint in (HEAD_PAN, HEAD_TILT)):
                since[0] = now
            return now - since[0] >= settle_s

        try:
            Patience("settling", "the head", settle_s + self._config.image_s, None, canceled).until(standing)
        except DeadlineError as error:
            raise HeadUnsettledError(f"the head did not stand within {self._config.image_s:.0f} s") from error
        return int(self._node.get_clock().now().nanoseconds)

    def _points_camera(self, image: Image | PointCloud2) -> np.ndarray:
        """Return the points of an image or a cloud, in its own frame [m]. Shape (n, 3), float32."""
        if isinstance(image, PointCloud2):
            return cloud_points(image)
        assert self._info is not None, "images count once the camera info is there"
        return points_camera(image, self._info)

    def _fresh(self, after_ns: int, canceled: Cancelled) -> Image | PointCloud2:
        """Wait for the first image, or cloud, stamped after `after_ns`; images need the camera info too."""
        found: list[Image | PointCloud2] = []

        def there() -> bool:
            if self._image and (self._info is not None or self._kind is PointCloud2):
                image = deserialize_message(self._image, self._kind)
                found[:] = [image] if stamp_from_msg(image.header.stamp) > after_ns else []
            return bool(found)

        try:
            Patience(self._topic, "the camera", self._config.image_s, None, canceled).until(there)
        except DeadlineError as error:
            what = "camera info" if self._info is None and self._kind is Image else self._kind.__name__
            topics = f"{self._topic}, {self._config.info_topic}"
            raise NoImageError(f"no fresh {what} on {topics} within {self._config.image_s:.0f} s") from error
        return found[0]

    def _base_from_camera(self, frame: str, stamp_ns: int, canceled: Cancelled) -> np.ndarray:
        found: list[np.ndarray] = []
        last: list[F2pError] = [NoTransformError(f"no transform from {frame!r} to {self._config.base_frame!r}")]

        def known() -> bool:
            while self._pending:
                self._add(deserialize_message(self._pending.popleft(), TFMessage), static=False)
            try:
                found.append(
                    self._transforms.lookup(self._config.base_frame, frame, stamp_ns, self._config.tf_tolerance_s)
                )
            except NoTransformError as error:
                last[0] = error
            return bool(found)

        try:
            Patience("/tf", "the robot", self._config.image_s, None, canceled).until(known)
        except DeadlineError:
            raise last[0] from None
        return found[0]

    def _on_image(self, message: bytes) -> None:
        self._image = message

    def _on_info(self, message: CameraInfo) -> None:
        self._info = message

    def _on_transforms(self, message: bytes) -> None:
        self._pending.append(message)

    def _add(self, message: TFMessage, static: bool) -> None:
        for item in message.transforms:
            move, turn = item.transform.translation, item.transform.rotation
            pose = np.array([move.x, move.y, move.z, turn.x, turn.y, turn.z, turn.w])
            self._transforms.add(
                item.header.frame_id, item.child_frame_id, stamp_from_msg(item.header.stamp), pose, static
            )


def sighting_of(
    points_camera: np.ndarray, base_from_camera: np.ndarray, state: RobotState, stamp_ns: int
) -> Sighting:  # fmt: skip
    """Return one look in the task frame, without the robot's own gripper.

    Args:
        points_camera: What was seen, in the camera's frame [m]. Shape (n, 3).
        base_from_camera: Where the camera was. Shape (4, 4).
        state: The robot then.
        stamp_ns: When the image was taken.
    """
    points_base = points_camera @ base_from_camera[:3, :3].T + base_from_camera[:3, 3]
    points_base = without_gripper(points_base, {name: joint.position for name, joint in state.joints.items()})
    task_from_base = transform_from_pose(*state.base_task)
    points = points_base @ task_from_base[:3, :3].T + task_from_base[:3, 3]
    return Sighting(points.astype(np.float32), (task_from_base @ base_from_camera)[:3, 3], stamp_ns)


def _near(motion: Motion, state: RobotState) -> bool:
    return all(
        abs(state.position(joint) - target) <= POSTURE_TOLERANCE
        for joint, target in zip(motion.joints, motion.targets, strict=True)
    )


def checked_looks(looks: Sequence[Look]) -> tuple[Look, ...]:
    """Return directions that the head can look in. Raises BadViewRequestError for one that is none."""
    for joint, values in ((HEAD_PAN, [one.pan for one in looks]), (HEAD_TILT, [one.tilt for one in looks])):
        low, high = LIMITS[joint]
        if not all(low <= value <= high for value in values):
            raise BadViewRequestError(f"{joint}: {values} must be finite and within [{low}, {high}]")
    return tuple(looks)
