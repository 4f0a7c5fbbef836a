"""Out of a recording: the camera's pictures and the robot's joints, before and after; damage leaves them out."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="no rclpy: run the set-up (make test) first")

from nav_msgs.msg import Odometry
from PIL import Image as Picture
from rclpy.serialization import serialize_message
from sensor_msgs.msg import CompressedImage, Image, JointState

from f2p.record.definitions import own_definition
from f2p.record.errors import NotABagError
from f2p.record.subjects import COLOUR, IMAGE, STATE, qos_text
from f2p.record.values import Recorded, Topic
from f2p.record.writer import BagFolder
from f2p.ros.replay.glimpses import glimpses
from f2p.ros.replay.recorded import JOINTS, ODOMETRY

S, START_NS = 1_000_000_000, 1_700_000_000_000_000_000
TOPICS = {
    kind: Topic(name, kind, own_definition(kind), qos=qos_text(STATE))
    for kind, name in ((COLOUR, "/camera/color/image_raw/compressed"), (IMAGE, "/camera/depth/image_rect_raw"),
                       (JOINTS, "/stretch/joint_states"), (ODOMETRY, "/odom"))
}  # fmt: skip


def coloured(value: int) -> CompressedImage:
    out = io.BytesIO()
    Picture.new("RGB", (64, 48), (value, value, value)).save(out, format="JPEG")
    return CompressedImage(format="jpeg", data=out.getvalue())


def deep(metres: float) -> Image:
    data = np.full((48, 64), 1000 * metres, "<u2").tobytes()
    return Image(height=48, width=64, encoding="16UC1", step=128, data=data)


def at(x: float) -> Odometry:
    message = Odometry()
    message.pose.pose.position.x, message.pose.pose.orientation.w = x, 1.0
    return message


def recording(folder: Path, *messages: tuple[float, str, Any]) -> Path:
    bag = BagFolder(folder, 60.0, {})
    for second, kind, message in messages:
        bag.write(Recorded(TOPICS[kind], START_NS + int(second * S), serialize_message(message)))
    bag.end()
    return folder


def brightness(jpeg: bytes) -> float:
    with Picture.open(io.BytesIO(jpeg)) as image:
        return float(np.asarray(image).mean())


def test_each_moment_has_what_came_last_before_it(tmp_path: Path) -> None:
    told = [
        (float(second), kind, message)
        for second in range(20)
        for kind, message in ((COLOUR, coloured(10 * second)), (ODOMETRY, at(0.01 * second)),
                              (JOINTS, JointState(name=["joint_lift"], position=[0.05 * second])))
    ]  # fmt: skip
    before, after = glimpses(recording(tmp_path / "bag", *told), (START_NS + 3 * S, START_NS + 15 * S))
    assert brightness(before.jpeg) == pytest.approx(30, abs=3) and brightness(after.jpeg) == pytest.approx(150, abs=3)
    assert before.stance is not None and after.stance is not None
    assert (before.stance.joints["joint_lift"], after.stance.joints["joint_lift"]) == pytest.approx((0.15, 0.75))
    moved = np.subtract(after.stance.base_task, before.stance.base_task)
    assert np.linalg.norm(moved) == pytest.approx(0.12, abs=1e-6) and not before.depth


def test_depth_is_drawn_where_there_is_no_colour_or_a_damaged_one(tmp_path: Path) -> None:
    bad = CompressedImage(format="jpeg", data=b"no picture at all")
    (one,) = glimpses(recording(tmp_path / "bag", (0.0, COLOUR, bad), (0.1, IMAGE, deep(1.5))), (START_NS + S,))
    assert one.depth and one.jpeg and one.stance is None


def test_nothing_is_said_of_what_was_not_recorded(tmp_path: Path) -> None:
    bag = recording(tmp_path / "bag", (9.0, JOINTS, JointState(name=["joint_lift"], position=[0.5])))
    before, after = glimpses(bag, (START_NS, START_NS + 9 * S))
    assert not before.jpeg and before.stance is None and not after.jpeg and after.stance is not None
    with pytest.raises(NotABagError):
        glimpses(tmp_path / "none", (START_NS,))
