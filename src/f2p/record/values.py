"""What a recording is made of: topics, serialized messages, and what of it is lost."""

from __future__ import annotations

from dataclasses import dataclass, field

MOST_BYTES = 64 * 2**20
"""Largest chunk or message that is read, compressed or not [bytes] (ours: a 1080p cloud has 33 MB; what is larger is
taken for damage, before it is allocated)."""


@dataclass(frozen=True)
class Topic:
    """One topic of a recording."""

    name: str
    kind: str
    """Type of its messages, such as sensor_msgs/msg/Image."""
    definition: str = ""
    """The type's definition with those it is made of, as MCAP keeps them; empty where the file has none."""
    encoding: str = "cdr"
    qos: str = ""
    """Offered QoS profiles, in the text that rosbag2 writes."""


@dataclass(frozen=True, eq=False)
class Recorded:
    """One message as it lay on the wire."""

    topic: Topic
    stamp_ns: int
    """When it was received [ns since the epoch]."""
    data: bytes


@dataclass
class Loss:
    """What of a recording could not be read; it grows while the recording is read."""

    messages: int = 0
    """Messages that are known to have been there: at least so many are lost."""
    chunks: int = 0
    """Chunks or pages that are damaged or cut."""
    unread_bytes: int = 0
    """Bytes in the files that nothing could be made of."""
    open_end: bool = False
    """Whether a file ends before its end, so that more may be lost than was counted."""
    reasons: list[str] = field(default_factory=list)

    def note(self, why: str, messages: int = 0, chunks: int = 0, unread_bytes: int = 0) -> None:
        """Add one damage."""
        self.reasons.append(why)
        self.messages += messages
        self.chunks += chunks
        self.unread_bytes += unread_bytes

    @property
    def whole(self) -> bool:
        """Whether nothing is lost."""
        return not self.reasons
