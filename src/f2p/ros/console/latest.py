"""The newest message of a topic, kept as it came and read once somebody looks, so that watching costs, not waiting."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from rclpy.callback_groups import CallbackGroup
from rclpy.node import Node
from rclpy.qos import QoSProfile
from rclpy.serialization import deserialize_message

from f2p.errors import F2pError
from f2p.ros.errors import wire_text
from f2p.ros.messages.bounds import within

V = TypeVar("V")


class Latest(Generic[V]):
    """One topic.

    Args:
        node: Whose executor listens.
        kind: Message type.
        name: Topic.
        how: Delivery.
        group: Of the callback.
        read: Makes a value of a message; may raise F2pError.
        came: Called with every message as it came, on the executor's thread.
        bounded: Whether it is a message of ours, whose fields have bounds; of others the reader takes no more than it
            shows.
    """

    def __init__(
        self, node: Node, kind: Any, name: str, how: QoSProfile, group: CallbackGroup, read: Callable[[Any], V],
        came: Callable[[bytes], None] = lambda _data: None, bounded: bool = False,
    ) -> None:  # fmt: skip
        self._node, self._kind, self._name, self._read_as, self._came = node, kind, name, read, came
        self._bounded = bounded
        self.raw: bytes | None = None
        """The newest message, serialized."""
        self._read: bytes | None = None
        self._value: V | None = None
        node.create_subscription(kind, name, self._on_message, how, raw=True, callback_group=group)

    def value(self) -> V | None:
        """Return what it says, the same object until another message comes; None where none can be read."""
        raw = self.raw
        if raw is not self._read:
            self._read, self._value = raw, None if raw is None else self.read(raw)
        return self._value

    def read(self, raw: bytes) -> V | None:
        """Return what a message says; one that cannot be read is as if never sent, and told of."""
        try:
            message = deserialize_message(raw, self._kind)
            return self._read_as(within(message) if self._bounded else message)
        except F2pError as error:
            self._node.get_logger().warning(
                f"{self._name} cannot be shown: {wire_text(error)}", throttle_duration_sec=5.0
            )
            return None

    def _on_message(self, data: bytes) -> None:
        self.raw = data
        self._came(data)
