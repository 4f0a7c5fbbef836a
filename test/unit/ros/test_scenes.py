"""A scene is sent once and referred to; whoever has it no longer says so, and gets it again."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="no rclpy: run the set-up (make test) first")

from rclpy.serialization import deserialize_message, serialize_message

from f2p.loop.errors import RemoteError
from f2p.ros.errors import BadSceneError, UnknownSceneError, wire_code
from f2p.ros.messages.convert import scene_to_msg
from f2p.ros.messages.scenes import KEPT, KeptScenes, SentScenes, content_id, scene_id
from f2p.types import Scene
from f2p.weights.golden import golden_scene
from f2p_msgs.msg import SegmentedScene


class Server:
    """One that keeps scenes, on the other side of a wire."""

    def __init__(self) -> None:
        self.kept, self.sizes = KeptScenes(), []

    def ask(self, *messages: SegmentedScene) -> tuple[Scene, ...]:
        data = [serialize_message(one) for one in messages]
        self.sizes.append(sum(map(len, data)))
        try:
            return tuple(self.kept.scene(deserialize_message(one, SegmentedScene)) for one in data)
        except UnknownSceneError as error:
            raise RemoteError(str(error), wire_code(error)) from error


def test_the_second_question_about_a_scene_is_short() -> None:
    """Each of the dozens of questions a second carried all clouds."""
    server, sent, scene = Server(), SentScenes(), golden_scene()
    first, second = (sent.ask((scene,), server.ask)[0] for _ in range(2))
    assert first.names == scene.names and second is first
    assert server.sizes[1] < 150 < server.sizes[0]


def test_a_server_that_was_started_again_gets_the_scene_again() -> None:
    server, sent, scene = Server(), SentScenes(), golden_scene()
    other = replace(scene, stamp_ns=5)
    sent.ask((scene, other), server.ask)
    server.kept = KeptScenes()
    before, after = sent.ask((scene, other), server.ask)
    assert (before.stamp_ns, after.stamp_ns) == (scene.stamp_ns, 5)
    assert len(server.sizes) == 3, "the reference, and then the whole"


def test_other_errors_are_passed_on() -> None:
    def refuse(_scene: SegmentedScene) -> None:
        raise RemoteError("no", 252)

    with pytest.raises(RemoteError, match="no"):
        SentScenes().ask((golden_scene(),), refuse)


def test_a_server_keeps_few() -> None:
    kept, scene = KeptScenes(), golden_scene()
    names = [scene_id(replace(scene, stamp_ns=stamp)) for stamp in range(KEPT + 1)]
    for stamp in range(KEPT + 1):
        kept.scene(scene_to_msg(replace(scene, stamp_ns=stamp)))
    assert len(set(names)) == KEPT + 1
    with pytest.raises(UnknownSceneError, match=names[0]):
        kept.scene(SegmentedScene(id=names[0]))
    assert kept.scene(SegmentedScene(id=names[1])).stamp_ns == 1


def test_an_id_is_that_of_the_content_or_refused() -> None:
    """Else one could put another scene under the name of somebody's own."""
    message = scene_to_msg(golden_scene())
    message.id = content_id(message)
    message.segments[0].opening += 0.01
    with pytest.raises(BadSceneError, match="is not that of its content"):
        KeptScenes().scene(message)


def test_everything_that_is_read_counts_in_the_id() -> None:
    scene = golden_scene()
    first = scene.segments[0]
    turned, grown = replace(first.box, yaw=0.2), replace(first.box, size=first.box.size * 2)
    others = [
        replace(first, name="other"), replace(first, opening=0.1), replace(first, points=first.points + np.float32(1)),
        replace(first, box=turned), replace(first, box=grown),
    ]  # fmt: skip
    ids = {scene_id(replace(scene, segments=(one, *scene.segments[1:]))) for one in (first, *others)}
    assert len(ids) == len(others) + 1
