"""metadata.yaml of a recording: what rosbag2 writes beside the files, and reads to find them.

Written in version 5, which Humble reads too; later rosbag2 reads it as well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from f2p.files import read_regular, write_whole
from f2p.record.values import Topic

NAME = "metadata.yaml"
_MOST_BYTES = 4 * 2**20
"""Largest one that is read [bytes] (ours: a day in files of a minute, with a hundred topics, has 1 MB)."""


@dataclass(frozen=True)
class BagFile:
    """One file of a recording."""

    name: str
    messages: int
    start_ns: int
    duration_ns: int


@dataclass(frozen=True)
class Metadata:
    """What is read of one that somebody wrote."""

    parts: tuple[BagFile, ...] = ()
    compression: str = ""
    """How messages are compressed each by itself; empty where they are not."""
    file_compression: str = ""
    own: Mapping[str, str] = field(default_factory=dict)
    """What the recorder added, such as the robot's name."""


def read_metadata(folder: Path) -> Metadata:
    """Read a recording's metadata.

    Raises:
        OSError: There is none, or it cannot be read.
        ValueError: It is garbled.
    """
    try:
        said = yaml.safe_load(read_regular(folder / NAME, _MOST_BYTES))["rosbag2_bagfile_information"]
        mode = str(said.get("compression_mode") or "").upper()
        kind = str(said.get("compression_format") or "")
        names = [Path(str(name)).name for name in said["relative_file_paths"]]  # by name: never out of the folder
        facts = {Path(str(one["path"])).name: one for one in said.get("files") or []}
        return Metadata(tuple(_part(name, facts.get(name)) for name in names), kind if mode == "MESSAGE" else "",
                        kind if mode == "FILE" else "", dict(said.get("custom_data") or {}))  # fmt: skip
    except (yaml.YAMLError, KeyError, TypeError, AttributeError, RecursionError, UnicodeDecodeError) as error:
        raise ValueError(f"{NAME} is garbled ({type(error).__name__}: {' '.join(str(error).split())})") from error


def _part(name: str, facts: Any) -> BagFile:
    if facts is None:
        return BagFile(name, -1, 0, 0)
    return BagFile(name, int(facts["message_count"]), int(facts["starting_time"]["nanoseconds_since_epoch"]),
                int(facts["duration"]["nanoseconds"]))  # fmt: skip


def write_metadata(
    folder: Path, parts: Sequence[BagFile], counts: Mapping[Topic, int], own: Mapping[str, str]
) -> None:  # fmt: skip
    """Write, or replace, the metadata of a folder of MCAP files. Raises OSError."""
    start = min((part.start_ns for part in parts if part.messages), default=0)
    end = max((part.start_ns + part.duration_ns for part in parts if part.messages), default=0)
    said = {
        "version": 5, "storage_identifier": "mcap",
        "duration": {"nanoseconds": end - start},
        "starting_time": {"nanoseconds_since_epoch": start},
        "message_count": sum(counts.values()),
        "topics_with_message_count": [{"topic_metadata": _topic(topic), "message_count": count}
                                      for topic, count in counts.items()],
        "compression_format": "", "compression_mode": "",
        "relative_file_paths": [part.name for part in parts],
        "files": [_file(part) for part in parts],
        "custom_data": dict(own),
    }  # fmt: skip
    text = yaml.safe_dump({"rosbag2_bagfile_information": said}, sort_keys=False)
    write_whole(folder / NAME, text.encode())


def _topic(topic: Topic) -> dict[str, str]:
    return {"name": topic.name, "type": topic.kind, "serialization_format": topic.encoding,
            "offered_qos_profiles": topic.qos}  # fmt: skip


def _file(part: BagFile) -> dict[str, Any]:
    return {
        "path": part.name, "starting_time": {"nanoseconds_since_epoch": part.start_ns},
        "duration": {"nanoseconds": part.duration_ns}, "message_count": part.messages,
    }  # fmt: skip
