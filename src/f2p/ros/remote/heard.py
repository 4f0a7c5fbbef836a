"""What came on many topics since somebody last asked, serialized as it came, with bounds on what may wait."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from rcl_interfaces.srv import GetParameters
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.node import Node

from f2p.clock import SystemClock
from f2p.record.definitions import own_definition
from f2p.record.errors import OtherVersionError
from f2p.record.subjects import SUBJECTS, Subject, camera, qos_text
from f2p.record.values import Topic
from f2p.ros.base.drained import Drained
from f2p.ros.messages.recording import profile_of, type_of
from f2p.settings import Settings, setting

MOST = 20_000
"""Messages that wait (ours: a minute of all topics)."""

MOST_BYTES = 48 * 2**20
"""Bytes above which images are left out (ours: four seconds of a depth camera)."""


INVENTORY = "inventory"
"""Parameter of the perception."""

FACTS_S = 5.0
"""Time between two questions for what is no topic [s] (ours)."""


@dataclass(frozen=True)
class HeardConfig(Settings):
    """Where the camera speaks."""

    depth_topic: str = setting("/camera/depth/image_rect_raw", "depth images", source="realsense2_camera")
    info_topic: str = setting("/camera/depth/camera_info", "the camera's intrinsics", source="realsense2_camera")
    cloud_topic: str = setting("", "clouds, where perception uses them instead of depth images")
    colour_topic: str = setting("/camera/color/image_raw/compressed", "colour images, compressed",
                                source="image_transport")  # fmt: skip

    @property
    def subjects(self) -> tuple[Subject, ...]:
        """All that is listened to."""
        return (*SUBJECTS, *camera(self.depth_topic, self.info_topic, self.cloud_topic, self.colour_topic))


class NodeClock(SystemClock):
    """The time of a node: ROS time for stamps."""

    def __init__(self, node: Node) -> None:
        self._node = node

    def stamp_ns(self) -> int:
        """Return ROS time [ns]."""
        return int(self._node.get_clock().now().nanoseconds)


class Heard:
    """Listens; nothing is read but the topic it came on.

    Args:
        node: Whose executor listens.
        subjects: The topics; one whose type is not installed here is left out, and said.
    """

    def __init__(self, node: Node, subjects: Sequence[Subject]) -> None:
        self._node, self._group, self._drained = node, MutuallyExclusiveCallbackGroup(), Drained(node)
        self._waiting: deque[tuple[Subject, Topic, int, bytes]] = deque(maxlen=MOST)
        self._bytes = 0
        self.left_out = 0
        """Images that there was no room for."""
        self.inventory = ""
        """The objects that the perception knows, as its parameter says them."""
        for subject in subjects:
            self._listen(subject)
        self._asked = node.create_client(GetParameters, "perception/get_parameters", callback_group=self._group)
        node.create_timer(FACTS_S, self._ask, callback_group=self._group)

    def since(self) -> Iterator[tuple[Subject, Topic, int, bytes]]:
        """Yield what came, oldest first, with its time of reception [ns]; from a worker thread."""
        while self._waiting:
            one = self._waiting.popleft()
            self._bytes -= len(one[3])
            yield one

    def look(self) -> None:
        """Take what came until this moment, on the executor's thread: nothing comes after it."""
        self._drained.look(last=True)

    def _ask(self) -> None:
        """Ask the perception for the operator's inventory, which no topic tells."""
        if self._asked.service_is_ready():
            self._asked.call_async(GetParameters.Request(names=[INVENTORY])).add_done_callback(self._on_answer)

    def _on_answer(self, future: Any) -> None:
        answer = None if future.exception() is not None else future.result()
        if answer is not None and answer.values and answer.values[0].string_value:
            self.inventory = answer.values[0].string_value

    def _listen(self, subject: Subject) -> None:
        try:
            kind, definition = type_of(subject.kind), own_definition(subject.kind)
        except (ImportError, AttributeError, OtherVersionError) as error:
            self._node.get_logger().warning(f"{subject.name} is not recorded: {error}")
            return
        topic = Topic(
            self._node.resolve_topic_name(subject.name), subject.kind, definition, qos=qos_text(subject.delivery)
        )
        self._drained.listen(kind, subject.name, partial(self._on_message, subject, topic), profile_of(subject))

    def _on_message(self, subject: Subject, topic: Topic, data: bytes, age_s: float) -> None:
        if subject.bulky and self._bytes > MOST_BYTES:
            self.left_out += 1
            return
        self._bytes += len(data)
        self._waiting.append((subject, topic, int(self._node.get_clock().now().nanoseconds - age_s * 1e9), data))
