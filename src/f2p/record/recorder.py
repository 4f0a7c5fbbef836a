"""The recorder without ROS: a ring, triggers with what comes after them, whole stretches on request, a floor of disk.

All methods are called from one thread. Messages wait in memory; `tick` writes a bounded amount of them, so that a
trigger, which brings a minute of images at once, takes no more of a processor than recording all along does.
"""

from __future__ import annotations

import heapq
import shutil
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from itertools import chain, count
from pathlib import Path

from f2p.clock import Clock
from f2p.record.errors import RecorderFullError
from f2p.record.ring import HeldMessage, LastValues, Ring, waiting
from f2p.record.subjects import Subject
from f2p.record.values import Recorded, Topic
from f2p.record.writer import BagFolder
from f2p.settings import Settings, number


@dataclass(frozen=True)
class RecordingConfig(Settings):
    """How much is kept in memory, written around an event, and left free on the disk."""

    before_s: float = number(60.0, "what is kept of the time before an event", unit="s", low=1.0, high=600.0,
                             source="ours", runtime=False)  # fmt: skip
    after_s: float = number(15.0, "what is written after one", unit="s", low=0.0, high=600.0, source="ours")
    bulk_bytes: float = number(150e6, "what compressed images may take in memory", unit="B", low=1e6, high=1e11,
                               source="ours: of 400 MB in all", runtime=False)  # fmt: skip
    state_bytes: float = number(50e6, "what everything else may take in memory", unit="B", low=1e6, high=1e11,
                                source="ours: a minute is 6 MB", runtime=False)  # fmt: skip
    split_s: float = number(60.0, "longest time in one file", unit="s", low=1.0, high=3600.0,
                            source="promises.md 4", runtime=False)  # fmt: skip
    free_bytes: float = number(2 * 2.0**30, "free disk below which nothing is recorded", unit="B", low=0.0, high=1e13,
                               source="promises.md 4")  # fmt: skip
    write_bytes: float = number(8e6, "most that is written between two looks at the time", unit="B", low=1e5, high=1e10,
                                source="ours: 32 MB/s at four a second, thrice a depth camera")  # fmt: skip


@dataclass
class _Session:
    """One recording, open or ended a moment ago."""

    folder: BagFolder
    events: list[str]
    cases: list[Path]
    until_s: float
    taken_s: float
    """Arrival of the last message that belongs to it."""
    open: bool = True
    queue: deque[HeldMessage] = field(default_factory=deque)
    queued: int = 0
    """Bytes that wait to be written."""

    def add(self, one: HeldMessage) -> None:
        """Have a message written."""
        self.queue.append(one)
        self.queued += one.size
        self.taken_s = one.arrived_s

    def write(self, most_bytes: float) -> None:
        """Write what waits, up to about so many bytes. Raises OSError."""
        while self.queue and most_bytes > 0.0:
            message = self.queue[0].unpacked()
            self.folder.write(message)
            self.queued -= self.queue.popleft().size
            most_bytes -= len(message.data)


@dataclass(frozen=True)
class Ended:
    """One recording that is whole on the disk."""

    path: Path
    messages: int
    cases: tuple[Path, ...]
    """Folders of the failures that it shows."""


class Recorder:
    """Decides what is written, and when.

    Args:
        config: How much.
        folder: Where recordings lie, each in a folder of its own.
        own: What every recording says of this robot; may be added to later.
        clock: The monotonic clock bounds windows; the other one gives names.
        free: Tells the free bytes of the disk.
        tell: Takes lines for people.
    """

    def __init__(
        self, config: RecordingConfig, folder: Path, own: Mapping[str, str], clock: Clock,
        free: Callable[[Path], int], tell: Callable[[str], None],
    ) -> None:  # fmt: skip
        self.config, self._folder, self.own = config, folder, dict(own)
        self._clock, self._free, self._tell = clock, free, tell
        self._state = Ring(config.before_s, int(config.state_bytes))
        self._bulk = Ring(config.before_s, int(config.bulk_bytes))
        self._standing = LastValues()
        self._kept: dict[str, int] = {}
        self._session: _Session | None = None
        self._asked: set[str] = set()
        self.full = ""
        """Why nothing is recorded; empty while something could be."""
        self.dropped = 0
        """Images that could not be written in time."""

    @property
    def recording(self) -> Path | None:
        """The recording that is open."""
        return self._session.folder.path if self._session is not None and self._session.open else None

    @property
    def held_bytes(self) -> int:
        """What the ring takes."""
        return self._state.bytes + self._bulk.bytes

    def take(self, subject: Subject, topic: Topic, stamp_ns: int, data: bytes) -> None:
        """Take a message that arrived now."""
        one = waiting(self._clock.monotonic_s(), Recorded(topic, stamp_ns, data), subject.bulky)
        self._kept[topic.name] = subject.kept
        for old in (self._bulk if subject.bulky else self._state).add(one):
            self._standing.add(old, self._kept[old.message.topic.name])
        session = self._session
        if session is None or not session.open or self._over(session):
            return
        if subject.bulky and session.queued > self.config.bulk_bytes:
            self.dropped += 1  # the disk does not follow; what is small goes on
        else:
            session.add(one)

    def event(self, kind: str, why: str, case: Path | None = None) -> Path:
        """Write the time before and after this moment; events whose times overlap share one recording.

        Args:
            kind: failure, hold, takeover or mark.
            why: One line for people.
            case: The folder of a failure, which is to have the recording.

        Returns:
            Where it is written.

        Raises:
            RecorderFullError: The disk is too full.
        """
        session = self._begun(kind)
        session.until_s = max(session.until_s, self._clock.monotonic_s() + self.config.after_s)
        session.events.append(f"{self._now():%H:%M:%S} {kind}: {why}")
        session.folder.own["events"] = "\n".join(session.events)
        if case is not None:
            session.cases.append(case)
        return session.folder.path

    def start(self, what: str) -> Path:
        """Record from now on until `stop` of the same, the time before included. Raises RecorderFullError."""
        session = self._begun(what)
        self._asked.add(what)
        return session.folder.path

    def stop(self, what: str) -> Path | None:
        """Record no longer than events and others ask for; returns what is being recorded to."""
        self._asked.discard(what)
        return self.recording

    def tick(self) -> list[Ended]:
        """Write what waits, as far as it is due; returns recordings that ended."""
        return self._written(self.config.write_bytes, False)

    def close(self) -> list[Ended]:
        """Write all that waits, and end."""
        self._asked.clear()
        return self._written(float("inf"), True)

    def _written(self, most_bytes: float, end: bool) -> list[Ended]:
        session = self._session
        if session is None or not session.open:
            return []
        try:
            self._check_room()
            session.write(most_bytes)
            due = end or (self._over(session) and not session.queue)
            if due:
                session.folder.own.update(self.own)
                session.folder.end()
        except (OSError, RecorderFullError) as error:
            self._give_up(session, error)
            due = True
        if not due:
            return []
        session.open = False
        return [Ended(session.folder.path, session.folder.counts.total(), tuple(session.cases))]

    def _give_up(self, session: _Session, error: Exception) -> None:
        """Stop recording: what is on the disk can be read, and nothing else on the robot depends on it."""
        self.full = f"recording stopped: {error}"
        self._tell(self.full)
        session.folder.give_up()
        session.queue.clear()
        session.queued, session.taken_s = 0, float("-inf")
        self._asked.clear()

    def _check_room(self) -> None:
        """Refuse to record where the disk is too full. Raises RecorderFullError."""
        free = self._free(self._folder)
        if free < self.config.free_bytes:
            raise RecorderFullError(self._folder, free, int(self.config.free_bytes))

    def _begun(self, kind: str) -> _Session:
        """Return the open recording, the one that ended so lately that times overlap, or a new one."""
        self._check_room()
        self.full = ""
        session, begin_s = self._session, self._clock.monotonic_s() - self.config.before_s
        if session is not None and session.open and not self._over(session):
            return session
        if session is not None and (session.open or session.taken_s >= begin_s):
            begin_s, standing = max(begin_s, session.taken_s), False
        else:
            folder = BagFolder(_unused(self._folder / f"{self._now():%Y%m%d-%H%M%S}-{kind}"), self.config.split_s,
                               dict(self.own))  # fmt: skip
            session, standing = _Session(folder, [], [], float("-inf"), float("-inf")), True
        session.open, self._session = True, session
        held = list(heapq.merge(self._state.after(begin_s), self._bulk.after(begin_s), key=lambda one: one.arrived_s))
        for one in chain(self._standing.at(held[0]) if held and standing else (), held):
            session.add(one)
        return session

    def _over(self, session: _Session) -> bool:
        """Tell whether all that belongs to a recording has come, written or not."""
        return not self._asked and self._clock.monotonic_s() > session.until_s

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock.stamp_ns() / 1e9, timezone.utc)


def free_bytes(folder: Path) -> int:
    """Return how many bytes are free where a folder is. Raises OSError."""
    return shutil.disk_usage(folder).free


def _unused(path: Path) -> Path:
    """Return a path that nothing is at: two recordings of one second are two."""
    numbered = (path.with_name(f"{path.name}-{number}") for number in count(2))
    return path if not path.exists() else next(one for one in numbered if not one.exists())
