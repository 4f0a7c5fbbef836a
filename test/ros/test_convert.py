"""Messages and values: both ways without loss; bad clouds, images, tables are refused with a code (promises.md 5.8)."""

from __future__ import annotations

import math

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="no rclpy: run the set-up (make test) first")

from hypothesis import given, settings
from hypothesis import strategies as st
from sensor_msgs.msg import CameraInfo, Image, PointCloud2, PointField

from f2p.action.errors import BadParameterError
from f2p.errors import F2pError
from f2p.registry import UnknownNameError
from f2p.ros.base import compat
from f2p.ros.base.compat import Transforms, quaternion_matrix
from f2p.ros.errors import (
    BadImageError,
    BadSceneError,
    BoundError,
    CloudError,
    MessageError,
    NoTransformError,
    VocabularyError,
)
from f2p.ros.messages import convert
from f2p.ros.messages.views import MOST_POINTS, cloud_of, cloud_points, points_camera
from f2p.scene.goals import parse_goal
from f2p.types import Box, LearnFrom, Plan, Prediction, Relations, Scene, Segment, SkillCall
from f2p_msgs import msg

pytestmark = pytest.mark.together


def scene() -> Scene:
    rng = np.random.default_rng(1)
    return Scene(
        tuple(
            Segment(name, prior, Box(rng.normal(size=3), rng.uniform(0.1, 1, 3), yaw), rng.normal(size=(7, 3)), opening)
            for name, prior, yaw, opening in (
                ("table_a", "table", 0.0, 0.0), ("box", "open_box", -2.9, 0.0), ("drawer", "drawer", 1, 0.1)
            )
        ),
        stamp_ns=12_345_678_901,
    )  # fmt: skip


def relations(names: tuple[str, ...]) -> Relations:
    rng, count = np.random.default_rng(2), len(names)
    return Relations(names, rng.uniform(size=(count, 3)), rng.uniform(size=(count, count, 9)))


def test_a_scene_survives_the_wire() -> None:
    before, after = scene(), convert.scene_from_msg(convert.scene_to_msg(scene()))
    assert after.names == before.names and after.stamp_ns == before.stamp_ns
    for a, b in zip(before.segments, after.segments, strict=True):
        assert (a.prior, a.opening) == (b.prior, b.opening)
        np.testing.assert_allclose(a.box.pose, b.box.pose, atol=1e-12)
        np.testing.assert_array_equal(a.points, b.points)
        np.testing.assert_array_equal(a.box.size, b.box.size)


def test_a_plan_survives_the_wire() -> None:
    names = scene().names
    call = SkillCall("pick_place", "box", np.array([0.1, -0.2, 0.3, 1.0]))
    plan = Plan("p1", parse_goal("above(box, table_a) & not inside(drawer, box) & drawer_open(drawer)"), (call,), 0.7,
                (Prediction(relations(names), np.ones((3, 3))),), "w", believed=False)  # fmt: skip
    back = convert.plan_from_msg(convert.plan_to_msg(plan, 5))
    assert (back.id, back.goal, back.weights_id, back.believed) == (plan.id, plan.goal, "w", False)
    np.testing.assert_array_equal(back.calls[0].parameter, call.parameter)
    np.testing.assert_array_equal(back.predictions[0].relations.binary, plan.predictions[0].relations.binary)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda m: setattr(m.header, "frame_id", "map"), "must be in frame 'task', not 'map'"),
        (lambda m: setattr(m.segments[1], "name", "table_a"), "unique"),
        (lambda m: setattr(m.segments[1], "name", ""), "unique"),
        (lambda m: m.segments.clear(), "without segments"),
        (lambda m: setattr(m.segments[1].box.size, "x", 0.0), "must be positive"),
        (lambda m: setattr(m.segments[1], "points", cloud_of(np.full((2, 3), np.inf))), "not finite"),
    ],
)
def test_bad_scenes_are_refused_by_name(change: object, text: str) -> None:
    message = convert.scene_to_msg(scene())
    change(message)
    with pytest.raises(BadSceneError, match=text):
        convert.scene_from_msg(message)


def test_a_prior_that_there_is_not_is_refused_with_the_choices() -> None:
    message = convert.scene_to_msg(scene())
    message.segments[1].prior = "cloud"
    with pytest.raises(UnknownNameError, match="'cloud'; choose one of: cuboid"):
        convert.scene_from_msg(message)


def test_relations_in_another_vocabulary_are_refused_by_name() -> None:
    """Two processes with other plug-ins: the shapes may even fit, and mean something else."""
    table = convert.relations_to_msg(relations(("a", "b")))
    table.binary_relations = [*table.binary_relations[:-1], "near"]
    with pytest.raises(VocabularyError, match=r"in the vocabulary .*near; here it is movable"):
        convert.relations_from_msg(table)


def test_what_to_learn_from_is_said_in_words() -> None:
    assert convert.learn_from_text("") is LearnFrom.MISSES
    assert convert.learn_from_text(LearnFrom.CONTRADICTIONS.value) is LearnFrom.CONTRADICTIONS
    with pytest.raises(MessageError, match="'luck'; choices: nothing, misses, contradictions"):
        convert.learn_from_text("luck")


def test_tables_that_do_not_fit_are_refused() -> None:
    table = convert.relations_to_msg(relations(("a", "b")))
    table.names = ["a"]
    with pytest.raises(MessageError, match="1 names do not fit"):
        convert.relations_from_msg(table)


@pytest.mark.parametrize(
    ("skill", "parameter", "error", "text"),
    [
        ("pick_place", [0.0, np.nan, 0.0, 0.0], BoundError, "SkillCall.parameter: a number that is not finite"),
        ("pick_place", [0.1, 0.2], BadParameterError, r"dx, dy, dz, dyaw, all finite; given shape \(2,\)"),
        ("juggle", [0.0] * 4, UnknownNameError, "'juggle'; choose one of: pick_place"),
    ],
)
def test_a_call_that_is_none_of_its_skill_is_refused(
    skill: str, parameter: list[float], error: type[F2pError], text: str
) -> None:
    """Their number is their skill's to say, not the message's."""
    with pytest.raises(error, match=text):
        convert.call_from_msg(msg.SkillCall(skill=skill, object="o", parameter=parameter))


def cloud(points: np.ndarray, **changes: object) -> PointCloud2:
    data = np.asarray(points, np.float32)
    out = PointCloud2(
        height=1, width=len(data), point_step=12, row_step=12 * len(data), is_dense=False,
        fields=[PointField(name=n, offset=4 * i, datatype=PointField.FLOAT32, count=1) for i, n in enumerate("xyz")],
    )  # fmt: skip
    out.data = data.tobytes()
    for name, value in changes.items():
        setattr(out, name, value)
    return out


def test_good_clouds_lose_only_what_is_not_finite() -> None:
    points = np.array([[1, 2, 3], [np.nan, 0, 0], [4, 5, 6], [np.inf, 1, 1]], np.float32)
    np.testing.assert_array_equal(cloud_points(cloud(points)), points[[0, 2]])


@pytest.mark.parametrize(
    ("message", "text"),
    [
        (cloud(np.zeros((0, 3))), "0 points"),
        (cloud(np.full((4, 3), np.nan)), "none of the 4 points is finite"),
        (cloud(np.ones((4, 3)), width=20_000_000, row_step=240_000_000), str(MOST_POINTS)),
        (cloud(np.ones((4, 3)), fields=[]), "fields x, y, z; it has: none"),
        (cloud(np.ones((4, 3)), point_step=8, row_step=32), "outside a point"),
        (cloud(np.ones((4, 3)), width=5), "do not hold 5 points"),
        (cloud(np.ones((4, 3)), fields=[PointField(name=n, datatype=2, count=1) for n in "xyz"]), "datatype 2"),
    ],
)
def test_bad_clouds_are_refused_with_the_fact(message: PointCloud2, text: str) -> None:
    with pytest.raises(CloudError, match=text):
        cloud_points(message)


@settings(max_examples=300, deadline=None)
@given(
    width=st.integers(0, 40), height=st.integers(0, 5), step=st.integers(0, 40), row=st.integers(0, 2000),
    length=st.integers(0, 600), offsets=st.lists(st.integers(0, 60), min_size=3, max_size=3), kind=st.integers(0, 12),
    count=st.integers(0, 3), big=st.booleans(),
)  # fmt: skip
def test_no_lie_in_a_cloud_gets_an_exception_or_a_nan_through(
    width: int, height: int, step: int, row: int, length: int, offsets: list[int], kind: int, count: int, big: bool
) -> None:
    message = PointCloud2(height=height, width=width, point_step=step, row_step=row, is_bigendian=big)
    message.fields = [
        PointField(name=n, offset=o, datatype=kind, count=count) for n, o in zip("xyz", offsets, strict=True)
    ]
    message.data = np.random.default_rng(length).bytes(length)
    try:
        points = cloud_points(message)
    except CloudError as error:
        assert str(error)
        return
    assert points.shape[1] == 3 and len(points) and np.all(np.isfinite(points))


@pytest.mark.filterwarnings("error")
def test_coordinates_beyond_single_precision_are_no_points() -> None:
    points = np.array([[1e300, 0, 0], [1, 2, 3], [0, -1e300, 0]])
    fields = [PointField(name=n, offset=8 * i, datatype=PointField.FLOAT64, count=1) for i, n in enumerate("xyz")]
    message = cloud(np.ones((3, 3)), fields=fields, point_step=24, row_step=72, data=points.tobytes())
    assert cloud_points(message).tolist() == [[1, 2, 3]]
    far = depth([[1.0, 3e38, np.inf, 1.0]] * 3, "32FC1")
    short = CameraInfo(width=4, height=3, k=[1e-3, 0.0, 1.5, 0.0, 1e-3, 1.0, 0.0, 0.0, 1.0])
    assert points_camera(far, short).shape == (6, 3)


def test_padded_rows_are_never_given_to_what_takes_them_to_touch(monkeypatch: pytest.MonkeyPatch) -> None:
    """`sensor_msgs_py` reads a cloud as one run of points; it is used where that is what a cloud is."""
    asked: list[PointCloud2] = []

    def packed(message: PointCloud2) -> np.ndarray:
        asked.append(message)
        return compat.structured_points(message)

    monkeypatch.setattr(compat, "_packed_points", packed)
    points = np.arange(12.0).reshape(2, 2, 3)
    rows = np.concatenate([points.reshape(2, 6), np.full((2, 3), 99.0)], axis=1).astype("f4")
    padded = cloud(points.reshape(4, 3), height=2, width=2, row_step=36, data=rows.tobytes())
    assert cloud_points(padded).tolist() == points.reshape(4, 3).tolist() and not asked
    assert cloud_points(cloud(points.reshape(4, 3))).tolist() == points.reshape(4, 3).tolist() and len(asked) == 1


def depth(values: np.ndarray, encoding: str = "16UC1") -> Image:
    values = np.asarray(values, np.uint16 if encoding == "16UC1" else np.float32)
    out = Image(height=values.shape[0], width=values.shape[1], encoding=encoding, step=values.strides[0])
    out.data = values.tobytes()
    return out


INFO = CameraInfo(width=4, height=3, k=[100.0, 0.0, 1.5, 0.0, 100.0, 1.0, 0.0, 0.0, 1.0])


def test_both_depth_encodings_mean_the_same() -> None:
    millimetres = np.full((3, 4), 1500)
    millimetres[0, 0] = 0
    points = points_camera(depth(millimetres), INFO)
    metres = np.where(millimetres > 0, 1.5, np.nan)
    np.testing.assert_allclose(points, points_camera(depth(metres, "32FC1"), INFO), atol=1e-6)
    assert points.shape == (11, 3) and np.allclose(points[:, 2], 1.5)
    np.testing.assert_allclose(points[-1], [1.5 * 1.5 / 100, 1.5 / 100, 1.5], rtol=1e-6)


@pytest.mark.parametrize(
    ("image", "info", "text"),
    [
        (depth(np.ones((3, 4))), CameraInfo(width=640, height=480), "camera info is for 640 x 480"),
        (depth(np.ones((3, 4))), CameraInfo(width=4, height=3), "not calibrated"),
        (Image(height=3, width=4, encoding="rgb8"), INFO, "choose one of: 16UC1"),
        (Image(height=3, width=4, encoding="16UC1", step=8, data=b"1234"), INFO, "4 bytes"),
        (Image(encoding="16UC1"), INFO, "0 x 0"),
    ],
)
def test_bad_images_are_refused(image: Image, info: CameraInfo, text: str) -> None:
    with pytest.raises(BadImageError, match=text):
        points_camera(image, info)


def test_transforms_chain_interpolate_and_refuse_what_is_stale() -> None:
    tree, turn = Transforms(), [0.0, 0.0, math.sin(math.pi / 4), math.cos(math.pi / 4)]
    tree.add("base", "mast", 0, np.array([1.0, 0, 0, *turn]), static=True)
    for second, height in ((1, 0.0), (2, 1.0)):
        tree.add("mast", "camera", second * 10**9, np.array([0, 0, height, 0, 0, 0, 1.0]), static=False)
    base_from_camera = tree.lookup("base", "camera", 1_500_000_000, 0.1)
    np.testing.assert_allclose(base_from_camera[:3, 3], [1.0, 0.0, 0.5], atol=1e-12)
    np.testing.assert_allclose(
        base_from_camera @ tree.lookup("camera", "base", 1_500_000_000, 0.1), np.eye(4), atol=1e-12
    )
    with pytest.raises(NoTransformError, match=r"\+1\.000 s away"):
        tree.lookup("base", "camera", 3 * 10**9, 0.2)
    with pytest.raises(NoTransformError, match="known frames: base, camera, mast"):
        tree.lookup("base", "moon", 10**9, 0.1)
    tree.add("elsewhere", "island", 0, np.array([0, 0, 0, 0, 0, 0, 1.0]), static=True)
    with pytest.raises(NoTransformError, match="not connected"):
        tree.lookup("base", "island", 10**9, 0.1)
    tree.add("camera", "bad", 0, np.array([np.nan, 0, 0, 0, 0, 0, 1.0]), static=True)
    with pytest.raises(NoTransformError, match="no frame 'bad'"):
        tree.lookup("base", "bad", 10**9, 0.1)


def test_a_frame_with_two_parents_is_of_two_robots() -> None:
    """Two drivers on one network: the scene lay where the other robot stood, or here, as the last message was."""
    tree, still = Transforms(), np.array([0, 0, 0, 0, 0, 0, 1.0])
    tree.add("base_link", "camera", 0, still, static=True)
    tree.add("odom", "base_link", 10**9, still, static=False)
    tree.lookup("base_link", "camera", 10**9, 0.1)
    tree.add("left/odom", "base_link", 10**9, still, static=False)
    with pytest.raises(NoTransformError, match="'base_link' has 2 parents: left/odom, odom; another robot's"):
        tree.lookup("base_link", "camera", 10**9, 0.1)
    tree.add("odom", "base_link", 30 * 10**9, still, static=False)
    tree.lookup("base_link", "camera", 30 * 10**9, 0.1)


def test_our_quaternion_matrix_agrees_with_tf_transformations_where_that_is_there() -> None:
    turn = np.array([0.1, -0.2, 0.3, 0.9])
    matrix = quaternion_matrix(turn)
    np.testing.assert_allclose(matrix[:3, :3] @ matrix[:3, :3].T, np.eye(3), atol=1e-12)
    theirs = pytest.importorskip("tf_transformations", reason="no tf_transformations here: nothing to compare with")
    np.testing.assert_allclose(matrix, theirs.quaternion_matrix(turn / np.linalg.norm(turn)), atol=1e-9)
