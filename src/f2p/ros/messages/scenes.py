"""Scenes that are sent once and referred to afterwards: their ids, who keeps them, and who remembers what was sent."""

from __future__ import annotations

import functools
import hashlib
import struct
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import TypeVar

from f2p.loop.errors import RemoteError
from f2p.ros.errors import BadSceneError, UnknownSceneError
from f2p.ros.messages.convert import scene_from_msg, scene_to_msg
from f2p.types import Scene
from f2p_msgs.msg import SegmentedScene

KEPT = 8
"""Scenes a process keeps for whoever refers to them (ours: the two of a check and the one being planned for, a few
times over; the largest allowed take 40 MB)."""

A = TypeVar("A")


def content_id(message: SegmentedScene) -> str:
    """Return the id of a whole scene: SHA-256 of everything in it that is read."""
    stamp = message.header.stamp
    digest = hashlib.sha256(struct.pack("<iI", stamp.sec, stamp.nanosec))
    for item in message.segments:
        at, turn, size, cloud = item.box.pose.position, item.box.pose.orientation, item.box.size, item.points
        for text in (item.name, item.prior):
            digest.update(struct.pack("<I", len(text.encode())) + text.encode())
        digest.update(struct.pack("<9d", at.x, at.y, at.z, turn.z, turn.w, size.x, size.y, size.z, item.opening))
        layout = [cloud.width, cloud.height, cloud.point_step, cloud.row_step, int(cloud.is_bigendian)]
        for one in cloud.fields:
            layout += [len(one.name), *one.name.encode(), one.offset, one.datatype, one.count]
        digest.update(struct.pack(f"<{len(layout) + 1}Q", *layout, len(cloud.data)))
        digest.update(bytes(cloud.data))
    return digest.hexdigest()


@functools.lru_cache(maxsize=KEPT)
def scene_id(scene: Scene) -> str:
    """Return the id of a scene."""
    return content_id(scene_to_msg(scene))


class KeptScenes:
    """The scenes that were sent to one process lately, by id; used from its worker thread."""

    def __init__(self) -> None:
        self._scenes: OrderedDict[str, Scene] = OrderedDict()

    def scene(self, message: SegmentedScene) -> Scene:
        """Return the scene that is sent or referred to.

        Raises:
            UnknownSceneError: It is not kept any more, or never was.
            BadSceneError, BoundError: It is sent whole and is none, or its id is not its own.
        """
        if message.id and not message.segments:
            if message.id not in self._scenes:
                raise UnknownSceneError(message.id)
            self._scenes.move_to_end(message.id)
            return self._scenes[message.id]
        scene, name = scene_from_msg(message), content_id(message)
        if message.id not in ("", name):
            raise BadSceneError(f"the scene's id {message.id!r} is not that of its content, {name!r}")
        self._scenes[name] = scene
        self._scenes.move_to_end(name)
        while len(self._scenes) > KEPT:
            self._scenes.popitem(last=False)
        return scene


class SentScenes:
    """What one server was sent: it gets every scene whole once, and again when it says that it has it no longer."""

    def __init__(self) -> None:
        self._sent: OrderedDict[str, None] = OrderedDict()

    def ask(self, scenes: Sequence[Scene], ask: Callable[..., A]) -> A:
        """Return `ask(message of each scene)`, with references where they will do. Raises what `ask` raises."""
        try:
            answer = ask(*map(self._brief, scenes))
        except RemoteError as error:
            if error.remote_code != UnknownSceneError.code:
                raise
            self._sent.clear()
            answer = ask(*map(self._brief, scenes))
        for scene in scenes:
            self._sent[scene_id(scene)] = None
        while len(self._sent) > KEPT:
            self._sent.popitem(last=False)
        return answer

    def _brief(self, scene: Scene) -> SegmentedScene:
        name = scene_id(scene)
        if name in self._sent:
            return SegmentedScene(id=name)
        out = scene_to_msg(scene)
        out.id = name
        return out
