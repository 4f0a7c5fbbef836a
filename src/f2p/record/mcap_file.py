"""One MCAP file, read from its beginning as far as it is whole: every message of every whole chunk, nothing of others.

The library's own readers either need the summary at the file's end, which a cut file has not, or end at the first
damage. Here a chunk that is damaged is left out and counted by the index that follows it; a cut ends the file.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO, cast

import lz4.frame
import zstandard
from mcap.exceptions import McapError
from mcap.reader import SeekingReader
from mcap.records import Channel, Chunk, DataEnd, McapRecord, Message, MessageIndex, Schema
from mcap.stream_reader import StreamReader, breakup_chunk

from f2p.files import opened_regular
from f2p.record.values import MOST_BYTES, Loss, Recorded, Topic

MAGIC = bytes((137, 77, 67, 65, 80, 48, 13, 10))
"""First bytes of every MCAP file."""

BROKEN = (McapError, struct.error, ValueError, zstandard.ZstdError, RuntimeError, OverflowError, KeyError)
"""What reading damaged bytes raises: the library's errors, and those of what it is made of."""


def read_mcap(path: Path, loss: Loss) -> Iterator[Recorded]:
    """Yield the messages of one file in the order in which they lie there.

    Args:
        path: The file.
        loss: Takes what is damaged.

    Raises:
        OSError: The file cannot be opened.
    """
    with opened_regular(path) as stream:
        yield from _File(path.name, _Bounded(stream), loss, *_summary(stream)).messages()


class _Bounded:
    """A file that gives no more than there is: the library allocates whatever a damaged length says."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.size, self.at = os.fstat(stream.fileno()).st_size, 0

    def read(self, length: int) -> bytes:
        """Read on."""
        if not 0 <= length <= MOST_BYTES:
            raise ValueError(f"a part of {length} bytes, at most {MOST_BYTES} are read")
        data = self._stream.read(min(length, self.size - self.at))
        self.at += len(data)
        return data


def _summary(stream: BinaryIO) -> tuple[dict[int, Schema], dict[int, Channel]]:
    """Return the schemas and channels that stand once more at the file's end, if it is there; else none."""
    try:
        summary = SeekingReader(stream, record_size_limit=MOST_BYTES).get_summary()
    except (*BROKEN, MemoryError, OSError):
        summary = None
    stream.seek(0)
    return ({}, {}) if summary is None else (summary.schemas, summary.channels)


@dataclass
class _File:
    """What is known of one file while it is read."""

    name: str
    stream: _Bounded
    loss: Loss
    schemas: dict[int, Schema]
    channels: dict[int, Channel]
    topics: dict[int, Topic] = field(default_factory=dict)
    ended: bool = False
    """Whether its data section ended as it should."""
    chunked: bool = False
    """Whether a chunk was met: then messages stand in chunks, whose sums vouch for them."""
    skipping: bool = False
    """Whether the last chunk was damaged, so that the indexes that follow count lost messages."""

    def messages(self) -> Iterator[Recorded]:
        size, whole_until = self.stream.size, 0
        records = StreamReader(cast(BinaryIO, self.stream), emit_chunks=True, record_size_limit=MOST_BYTES).records
        try:
            for record in records:
                if self.ended:  # what follows is a summary; its copies of schemas and channels say nothing new
                    return
                whole_until = self.stream.at
                yield from self._messages_of(record)
        except BROKEN as error:
            if self.ended:
                return
            self.loss.open_end = True
            why = str(error) or "it ends in the middle of a record"
            self.loss.note(f"{self.name}: readable up to byte {whole_until} of {size}: {why}",
                           chunks=int(size > whole_until), unread_bytes=size - whole_until)  # fmt: skip

    def _messages_of(self, record: McapRecord) -> Iterator[Recorded]:
        if isinstance(record, Chunk):
            self.chunked = True
            yield from self._chunk(record)
        elif isinstance(record, Message) and self.chunked:  # one flipped bit makes it of an index of messages
            self.loss.note(f"{self.name}: a message beside the chunks before byte {self.stream.at}", 1)
        elif isinstance(record, MessageIndex):
            self.loss.messages += len(record.records) if self.skipping else 0
        elif isinstance(record, DataEnd):
            self.ended = True
        else:
            yield from self._plain(record)

    def _chunk(self, chunk: Chunk) -> Iterator[Recorded]:
        at = self.stream.at
        try:
            out = [message for record in breakup_chunk(unpacked(chunk), validate_crc=True)
                   for message in self._plain(record)]  # fmt: skip
            self.skipping = False
        except BROKEN as error:
            self.skipping = True
            self.loss.note(f"{self.name}: the chunk that ends at byte {at} is damaged: {error}",
                           chunks=1, unread_bytes=len(chunk.data))  # fmt: skip
            return
        yield from out

    def _plain(self, record: McapRecord) -> Iterator[Recorded]:
        """Take a record that stands in a chunk, or by itself in a file without chunks."""
        if isinstance(record, Schema):
            self.schemas.setdefault(record.id, record)
        elif isinstance(record, Channel) and record.id not in self.topics:
            self.topics[record.id] = self._topic(record)
        elif isinstance(record, Message):
            topic = self._described(record.channel_id)
            if topic is None:
                self.loss.note(f"{self.name}: a message of channel {record.channel_id}, which nothing describes", 1)
                return
            yield Recorded(topic, record.log_time, bytes(record.data))

    def _described(self, channel: int) -> Topic | None:
        """Return the topic of a channel; by the file's end where the chunk that describes it is damaged."""
        if channel not in self.topics and channel in self.channels:
            self.topics[channel] = self._topic(self.channels[channel])
        return self.topics.get(channel)

    def _topic(self, channel: Channel) -> Topic:
        schema = self.schemas.get(channel.schema_id)
        text = "" if schema is None or schema.encoding != "ros2msg" else schema.data.decode("utf-8")
        qos = channel.metadata.get("offered_qos_profiles", "")
        return Topic(channel.topic, "" if schema is None else schema.name, text, channel.message_encoding, qos)


def unpacked(chunk: Chunk) -> Chunk:
    """Return a chunk uncompressed; never allocates more than `MOST_BYTES`, whatever its numbers say.

    Raises:
        ValueError, zstandard.ZstdError, RuntimeError: It is damaged, too large, or compressed in a way nobody knows.
    """
    if chunk.uncompressed_size > MOST_BYTES:
        raise ValueError(f"it has {chunk.uncompressed_size} bytes unpacked, at most {MOST_BYTES} are read")
    return replace(chunk, compression="", data=_plain_data(chunk))


def _plain_data(chunk: Chunk) -> bytes:
    size = chunk.uncompressed_size
    if chunk.compression == "zstd":
        with zstandard.ZstdDecompressor().stream_reader(chunk.data) as reader:
            data = reader.read(size + 1)
    elif chunk.compression == "lz4":
        data = lz4.frame.LZ4FrameDecompressor().decompress(chunk.data, max_length=size + 1)
    elif chunk.compression == "":
        data = chunk.data
    else:
        raise ValueError(f"its compression {chunk.compression!r} is not known; choose one of: zstd, lz4, none")
    if len(data) != size:
        raise ValueError(f"it has {len(data)} bytes unpacked and should have {size}")
    return bytes(data)
