"""The messages of a recording as what they say: by type, since names depend on the namespace they were recorded in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rclpy.serialization import deserialize_message

from f2p.record.bag import Bag
from f2p.record.certificate import Fingerprint
from f2p.record.definitions import check_same
from f2p.record.errors import NothingToReplayError
from f2p.record.values import Recorded
from f2p.ros.messages.recording import type_of

SCENE, PLAN, FAILURE = "f2p_msgs/msg/SegmentedScene", "f2p_msgs/msg/Plan", "f2p_msgs/msg/Failure"
LOOKED = "f2p_msgs/action/PerceiveScene_FeedbackMessage"
DONE = "action_msgs/msg/GoalStatusArray"
IMAGE, INFO, JOINTS, ODOMETRY, TRANSFORMS = (
    "sensor_msgs/msg/Image", "sensor_msgs/msg/CameraInfo", "sensor_msgs/msg/JointState", "nav_msgs/msg/Odometry",
    "tf2_msgs/msg/TFMessage",
)  # fmt: skip
NAMES = {DONE: "execute_skill/_action/status", JOINTS: "/stretch/joint_states"}
"""What the names of some end in, where a recording has several topics of one type."""

READ = (SCENE, PLAN, FAILURE, LOOKED, DONE, IMAGE, INFO, JOINTS, ODOMETRY, TRANSFORMS)


class Recording:
    """One recording, read from its beginning to its end.

    Args:
        bag: Where it is.
        depth_topic: Name of the depth images, as recorded.
    """

    def __init__(self, bag: Bag, depth_topic: str) -> None:
        self.bag, self._depth = bag, depth_topic
        self._print = Fingerprint()
        self._checked: set[str] = set()

    @property
    def digest(self) -> str:
        """SHA-256 of all messages read so far."""
        return self._print.digest

    def messages(self) -> Iterator[tuple[Recorded, Any]]:
        """Yield what can be used, with what it says.

        Raises:
            OtherVersionError: A type is defined otherwise than here.
            NothingToReplayError: There is no scene of f2p in it.
            OSError: It cannot be read.
        """
        scenes = 0
        for one in self._print.of(self.bag.messages()):
            if self._usable(one):
                scenes += one.topic.kind == SCENE
                yield one, self._read(one)
        if not scenes:
            raise NothingToReplayError(self.bag.path, "no scene was recorded, so there is nothing to compare with")

    def _usable(self, one: Recorded) -> bool:
        kind, name = one.topic.kind, one.topic.name
        if kind not in READ or not name.endswith(NAMES.get(kind, "")):
            return False
        return kind != IMAGE or name == self._depth

    def _read(self, one: Recorded) -> Any:
        kind = one.topic.kind
        if kind not in self._checked:
            check_same(kind, one.topic.definition)
            self._checked.add(kind)
        return deserialize_message(one.data, type_of(kind))
