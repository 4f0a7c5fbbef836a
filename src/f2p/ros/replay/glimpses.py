"""Pictures and joints out of a failure's recording: the last before each scene that was seen."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rclpy.serialization import deserialize_message

from f2p.errors import F2pError
from f2p.record.bag import open_bag
from f2p.record.subjects import COLOUR, IMAGE
from f2p.record.values import Recorded
from f2p.report.seen import Glimpse, Stance, drawn_depth, shrunk
from f2p.ros.messages.recording import type_of
from f2p.ros.messages.views import depth_metres
from f2p.ros.replay.looks import Rounds
from f2p.ros.replay.recorded import JOINTS, NAMES, ODOMETRY

LATE_NS = 500_000_000
"""How long after a scene's stamp its image may have come [ns] (ours: a busy machine)."""

_WANTED = (COLOUR, IMAGE, JOINTS, ODOMETRY)


def glimpses(recording: Path, stamps_ns: Sequence[int]) -> tuple[Glimpse, ...]:
    """Return what was recorded at some moments, oldest first; what is damaged or missing is left out.

    Args:
        recording: A recording.
        stamps_ns: When the scenes were seen [ns since the epoch], ascending.

    Raises:
        NotABagError: It is none.
        OSError: It cannot be read.
    """
    latest: dict[str, Recorded] = {}
    waiting, out = list(stamps_ns), list[Glimpse]()
    for one in open_bag(recording).messages():
        while waiting and one.stamp_ns > waiting[0] + LATE_NS:
            out.append(_glimpse(latest))
            waiting.pop(0)
        kind = one.topic.kind
        if kind in _WANTED and one.topic.name.endswith(NAMES.get(kind, "")):
            latest[kind] = one
    return (*out, *(_glimpse(latest) for _ in waiting))


def _glimpse(latest: dict[str, Recorded]) -> Glimpse:
    jpeg, depth = _picture(latest)
    return Glimpse(jpeg, depth, _stance(latest))


def _picture(latest: dict[str, Recorded]) -> tuple[bytes, bool]:
    """Return the colour picture, else that of depth, and which it is."""
    for kind in (COLOUR, IMAGE):
        if kind in latest:
            try:
                message = deserialize_message(latest[kind].data, type_of(kind))
                return (shrunk(bytes(message.data)), False) if kind == COLOUR else (
                    drawn_depth(depth_metres(message)), True
                )  # fmt: skip
            except (F2pError, ValueError, RuntimeError):
                continue
    return b"", False


def _stance(latest: dict[str, Recorded]) -> Stance | None:
    """Return how the robot stood; None where that cannot be read."""
    if JOINTS not in latest:
        return None
    read = Rounds("base_link", 0.0)
    try:
        message = deserialize_message(latest[JOINTS].data, type_of(JOINTS))
        if ODOMETRY in latest:
            read.on_odometry(deserialize_message(latest[ODOMETRY].data, type_of(ODOMETRY)))
    except (F2pError, ValueError, RuntimeError):
        return None
    joints = dict(zip(message.name, map(float, message.position), strict=False))
    return Stance(joints) if read.base_task is None else Stance(joints, read.base_task)
