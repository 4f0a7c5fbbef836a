"""A look by depth image and by point cloud sees the same points; a cloud that lies is refused with its code."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from types import SimpleNamespace

import numpy as np
import pytest

rclpy = pytest.importorskip("rclpy", reason="no rclpy: run the set-up (make test) first")

from geometry_msgs.msg import TransformStamped  # noqa: E402
from rclpy.executors import SingleThreadedExecutor  # noqa: E402
from rclpy.node import Node  # noqa: E402
from sensor_msgs.msg import CameraInfo, Image, PointCloud2, PointField  # noqa: E402
from tf2_msgs.msg import TFMessage  # noqa: E402

from f2p.robot.errors import MotionRefusedError  # noqa: E402
from f2p.robot.frames import BASE_START_TASK  # noqa: E402
from f2p.robot.looks import Look  # noqa: E402
from f2p.robot.protocol import HEAD_PAN, HEAD_TILT  # noqa: E402
from f2p.ros.base import qos  # noqa: E402
from f2p.ros.base.heartbeat import Watch  # noqa: E402
from f2p.ros.errors import BadViewRequestError, CloudError, FrozenCameraError  # noqa: E402
from f2p.ros.messages.views import points_camera  # noqa: E402
from f2p.ros.remote import guard  # noqa: E402
from f2p.ros.remote.camera import Liveness, Looker, LookingConfig  # noqa: E402
from f2p.ros.remote.goal import spinning  # noqa: E402
from f2p.scene.tabletop import SENSOR_TASK  # noqa: E402

pytestmark = pytest.mark.together

FRAME = "camera_depth_optical_frame"
LOOKS = (Look(-1.57, -0.8),)


def test_a_look_where_there_is_no_guard_says_so(ros_domain: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the graph of a recording perception waited for one for 20 s, and said that it was not active."""
    monkeypatch.setattr(guard, "NEVER_HEARD_S", 0.3)
    with spinning("test_looking") as node:
        client = guard.GuardClient(node, Watch(node, ["guard"]))
        with pytest.raises(MotionRefusedError, match="the graph of a recording has none"), client.leased():
            pytest.fail("nobody can move")


class StandingRobot:
    """A body that stands in its looking posture."""

    def state(self) -> SimpleNamespace:
        still = SimpleNamespace(position=0.0, velocity=0.0)
        joints = dict.fromkeys((HEAD_PAN, HEAD_TILT), still)
        return SimpleNamespace(joints=joints, position=lambda _: 0.0, base_task=BASE_START_TASK)

    def move(self, _motion: object, _canceled: object) -> None:
        pass

    @contextlib.contextmanager
    def leased(self) -> Iterator[None]:
        yield


def depth_image() -> Image:
    depth = np.full((8, 6), 900, np.uint16)
    depth[0] = 0
    out = Image(height=8, width=6, encoding="16UC1", step=12, data=depth.tobytes())
    out.header.frame_id = FRAME
    return out


def info() -> CameraInfo:
    return CameraInfo(height=8, width=6, k=[50.0, 0.0, 2.5, 0.0, 50.0, 3.5, 0.0, 0.0, 1.0])


def cloud(points: np.ndarray, **changes: object) -> PointCloud2:
    out = PointCloud2(
        height=1, width=len(points), point_step=12, row_step=12 * len(points), data=points.astype("f4").tobytes(),
        fields=[PointField(name=n, offset=4 * i, datatype=PointField.FLOAT32, count=1) for i, n in enumerate("xyz")],
    )  # fmt: skip
    out.header.frame_id = FRAME
    for name, value in changes.items():
        setattr(out, name, value)
    return out


@contextlib.contextmanager
def camera(config: LookingConfig, image: Image | PointCloud2, topic: str) -> Iterator[Looker]:
    """A looker, and a camera that keeps publishing one image or cloud with fresh stamps and its transform."""
    context = rclpy.Context()
    rclpy.init(context=context)
    node = Node("camera", context=context)
    looker = Looker(node, StandingRobot(), config)  # type: ignore[arg-type]
    publisher, infos = node.create_publisher(type(image), topic, qos.SENSOR), None
    if isinstance(image, Image):
        infos = node.create_publisher(CameraInfo, config.info_topic, qos.SENSOR)
    frames = node.create_publisher(TFMessage, "/tf", qos.TRANSFORMS)

    def publish() -> None:
        image.header.stamp = node.get_clock().now().to_msg()
        transform = TFMessage(transforms=[TransformStamped()])
        one = transform.transforms[0]
        one.header.stamp, one.header.frame_id, one.child_frame_id = image.header.stamp, "base_link", FRAME
        one.transform.translation.z, one.transform.rotation.w = float(SENSOR_TASK[2]), 1.0
        frames.publish(transform)
        publisher.publish(image)
        if infos is not None:
            infos.publish(info())

    node.create_timer(0.05, publish)
    executor = SingleThreadedExecutor(context=context)
    executor.add_node(node)
    thread = threading.Thread(target=executor.spin, daemon=True)
    thread.start()
    try:
        yield looker
    finally:
        executor.shutdown(timeout_sec=2.0)
        thread.join(timeout=5.0)
        node.destroy_node()
        context.try_shutdown()


def test_a_cloud_shows_what_the_depth_image_shows(ros_domain: int) -> None:
    by_image, by_cloud = LookingConfig(settle_s=0.0), LookingConfig(settle_s=0.0, cloud_topic="/camera/points")
    with camera(by_image, depth_image(), by_image.depth_topic) as looker:
        seen = looker.look(LOOKS, 0.0)
    with camera(by_cloud, cloud(points_camera(depth_image(), info())), by_cloud.cloud_topic) as looker:
        again = looker.look(LOOKS, 0.0)
    assert len(seen.points_task) == 7 * 6
    np.testing.assert_allclose(again.points_task, seen.points_task, atol=1e-6)
    np.testing.assert_allclose(again.sensor_task, seen.sensor_task)


@pytest.mark.parametrize("settle_s", [float("nan"), float("inf"), -0.1, 5.1, 1e9])
def test_a_settling_time_that_is_none_is_refused_before_anything_moves(settle_s: float) -> None:
    with pytest.raises(BadViewRequestError, match=r"settle: .* must be finite and within \[0, 5\.0\] s"):
        Looker.look(SimpleNamespace(), LOOKS, settle_s)  # type: ignore[arg-type]


def test_a_cloud_that_lies_is_refused(ros_domain: int) -> None:
    config = LookingConfig(settle_s=0.0, cloud_topic="/camera/points")
    with (
        camera(config, cloud(np.ones((4, 3)), width=20_000_000, row_step=240_000_000), config.cloud_topic) as looker,
        pytest.raises(CloudError, match="20000000 points is not between"),
    ):
        looker.look(LOOKS, 0.0)


def seen_from(pan: float, base: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> SimpleNamespace:
    joints = {HEAD_PAN: SimpleNamespace(position=pan), HEAD_TILT: SimpleNamespace(position=-0.8)}
    return SimpleNamespace(joints=joints, base_task=base)


@pytest.mark.parametrize("elsewhere", [seen_from(0.7), seen_from(0.0, (0.0, 0.3, 0.0))], ids=["head", "base"])
def test_a_frozen_camera_is_refused_and_counts_again_once_it_sees(elsewhere: SimpleNamespace) -> None:
    """Its driver hung and went on stamping one image: the table on the right had what stood on the left one."""
    camera_ = Liveness()
    for _ in range(2):  # a simulated camera has no noise: the same from the same place is no sign
        camera_.check(b"left", seen_from(0.0))
    with pytest.raises(FrozenCameraError, match="restart it"):
        camera_.check(b"left", elsewhere)
    camera_.check(b"right", elsewhere)


def test_a_camera_that_freezes_ends_the_look(ros_domain: int) -> None:
    config = LookingConfig(settle_s=0.0)
    with camera(config, depth_image(), config.depth_topic) as looker:
        robot = looker._robot
        looker.look(LOOKS, 0.0)
        robot.state = lambda: SimpleNamespace(  # type: ignore[method-assign]
            joints=dict.fromkeys((HEAD_PAN, HEAD_TILT), SimpleNamespace(position=0.5, velocity=0.0)),
            position=lambda _: 0.0, base_task=BASE_START_TASK,
        )  # fmt: skip
        with pytest.raises(FrozenCameraError):
            looker.look(LOOKS, 0.0)
