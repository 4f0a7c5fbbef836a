"""One recording on disk: a folder of MCAP files, split by time, and metadata.yaml, as rosbag2 lays them out.

Chunks of 64 KiB with a CRC each: whatever ends the process or fills the disk, all but the last chunk can be read.
"""

from __future__ import annotations

import contextlib
import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from mcap.writer import Writer

from f2p.record.metadata import BagFile, write_metadata
from f2p.record.values import Recorded, Topic

CHUNK_BYTES = 65_536
"""Size of a chunk before compression [bytes] (promises.md 4)."""

OWN = "f2p"
"""Name of the metadata record in each file that says what the recorder knew."""


@dataclass
class BagFolder:
    """A recording that is being written; it may be ended and gone on with.

    Args:
        path: Its folder, made with the first message.
        split_s: Longest time in one file [s].
        own: What the recorder knows: the robot, the namespace, why it was begun.
    """

    path: Path
    split_s: float
    own: dict[str, str]
    parts: list[BagFile] = field(default_factory=list)
    counts: Counter[Topic] = field(default_factory=Counter)
    _open: _OpenFile | None = None

    def write(self, message: Recorded) -> None:
        """Add a message. Raises OSError; what was written before stays readable."""
        if self._open is not None and abs(message.stamp_ns - self._open.first_ns) > self.split_s * 1e9:
            self.end()
        if self._open is None:
            self.path.mkdir(parents=True, exist_ok=True)
            self._open = _OpenFile(self.path / f"{self.path.name}_{len(self.parts)}.mcap", message.stamp_ns, self.own)
        self._open.write(message)
        self.counts[message.topic] += 1

    def end(self) -> None:
        """Finish the open file, and say in metadata.yaml what there is. Raises OSError."""
        if self._open is None:
            return
        ended, self._open = self._open, None
        self.parts.append(ended.part)
        try:
            ended.close(self.own)
        finally:
            write_metadata(self.path, self.parts, self.counts, self.own)

    def give_up(self) -> None:
        """End as far as a full disk allows; what is on it can be read."""
        with contextlib.suppress(OSError):
            self.end()


class _OpenFile:
    """One file, from its first message on."""

    def __init__(self, path: Path, first_ns: int, own: Mapping[str, str]) -> None:
        self.path, self.first_ns = path, first_ns
        self._last_ns = self._begin_ns = first_ns
        self._count = 0
        self._stream: BinaryIO = path.open("xb")
        try:
            self._writer = Writer(self._stream, chunk_size=CHUNK_BYTES)
            self._writer.start(profile="ros2", library="f2p")
            self._writer.add_metadata(OWN, dict(own))
        except OSError:
            self._discard()
            raise
        self._channels: dict[Topic, int] = {}
        self._schemas: dict[str, int] = {}

    @property
    def part(self) -> BagFile:
        """What metadata.yaml says of it."""
        return BagFile(self.path.name, self._count, self._begin_ns, self._last_ns - self._begin_ns)

    def write(self, message: Recorded) -> None:
        channel = self._channel(message.topic)
        self._writer.add_message(channel, message.stamp_ns, message.data, message.stamp_ns, self._count)
        self._begin_ns, self._last_ns = min(self._begin_ns, message.stamp_ns), max(self._last_ns, message.stamp_ns)
        self._count += 1

    def _channel(self, topic: Topic) -> int:
        if topic not in self._channels:
            if topic.kind not in self._schemas:
                text = topic.definition.encode()
                self._schemas[topic.kind] = self._writer.register_schema(topic.kind, "ros2msg", text)
            self._channels[topic] = self._writer.register_channel(
                topic.name, topic.encoding, self._schemas[topic.kind], {"offered_qos_profiles": topic.qos}
            )
        return self._channels[topic]

    def close(self, own: Mapping[str, str]) -> None:
        """Write what is left, and have it on the disk."""
        try:
            self._writer.add_metadata(OWN, dict(own))
            self._writer.finish()
            self._stream.flush()
            os.fsync(self._stream.fileno())
        finally:
            self._discard()

    def _discard(self) -> None:
        with contextlib.suppress(OSError):
            self._stream.close()
