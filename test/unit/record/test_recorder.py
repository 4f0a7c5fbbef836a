"""The recorder on a clock of the test's: what is in a recording, what shares one, and what a full disk costs."""

from __future__ import annotations

import errno
import random
from pathlib import Path
from types import SimpleNamespace

import pytest
from rosbags.highlevel import AnyReader
from rosbags.rosbag2 import Reader

from f2p.record.bag import open_bag, survey
from f2p.record.errors import RecorderFullError
from f2p.record.recorder import Ended, Recorder, RecordingConfig
from f2p.record.subjects import LATCHED, SENSOR, STATE, Subject, latched, qos_text
from f2p.record.values import Topic
from f2p.record.writer import BagFolder

JOINTS, IMAGES, PLAN = Subject("/joints", "t"), Subject("/images", "t", SENSOR, bulky=True), latched("/plan", "t")
TEXT = "std_msgs/msg/String"
START_NS = 1_700_000_000_000_000_000


class Bench:
    """A recorder whose clock runs only when told to."""

    def __init__(self, folder: Path, **config: float) -> None:
        self.now_s, self.free = 1000.0, 10**12
        self.told, self.ended = list[str](), list[object]()
        self.recorder = Recorder(RecordingConfig(**config), folder, {"robot": "test"}, self, lambda _: self.free,
                                 self.told.append)  # fmt: skip

    def monotonic_s(self) -> float:
        return self.now_s

    def stamp_ns(self) -> int:
        return START_NS + int(self.now_s * 1e9)

    def say(self, subject: Subject, data: bytes) -> None:
        topic = Topic(subject.name, TEXT, "string data\n", qos=qos_text(subject.delivery))
        self.recorder.take(subject, topic, self.stamp_ns(), data)

    def run(self, seconds: float, every_s: float = 1.0) -> list[Ended]:
        """Joint states that carry their second, an image each, and four ticks a second."""
        ended = []
        for _ in range(int(seconds / every_s)):
            self.now_s += every_s
            self.say(JOINTS, f"{self.now_s:.0f}".encode())
            self.say(IMAGES, f"image {self.now_s:.0f}".encode() * 100)
            ended += self.recorder.tick()
        self.ended += ended
        return ended


def seconds(path: Path) -> list[int]:
    """The seconds that the joint states in a recording carry, in the order of the recording."""
    return [int(message.data) for message in open_bag(path).messages() if message.topic.name == "/joints"]


def test_an_event_brings_the_minute_before_and_the_quarter_after(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.run(100)
    path = bench.recorder.event("failure", "the box fell")
    (ended,) = bench.run(40)
    assert ended.path == path and path.name.endswith("-failure")
    found = seconds(path)
    assert found == list(range(1041, 1116)), "60 s before second 1100, then until 15 s after it"
    assert survey(open_bag(path)).exit_code == 0
    images = [message.data for message in open_bag(path).messages() if message.topic.name == "/images"]
    assert len(images) == len(found) and images[0] == b"image 1041" * 100, "unpacked again"
    assert not bench.run(100), "nothing more is written"


def test_events_whose_times_overlap_share_one_recording_without_a_gap_or_a_copy(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.run(100)
    first = bench.recorder.event("hold", "joint states are late")
    bench.run(10)
    assert bench.recorder.event("failure", "the box fell") == first, "the first one is still open"
    bench.run(50)
    assert bench.recorder.event("mark", "look here") == first, "the minute before begins in it"
    (ended,) = bench.run(30)
    assert seconds(first) == list(range(1041, 1176)) and ended.messages == 2 * 135
    bench.run(200)
    assert bench.recorder.event("mark", "another") != first


def test_a_whole_stretch_is_recorded_until_it_is_stopped_and_split_every_minute(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.run(70)
    path = bench.recorder.start("asked")
    bench.run(300)
    assert bench.recorder.stop("asked") == path
    (ended,) = bench.run(2)
    found = seconds(path)
    assert found == list(range(1011, 1371))
    assert ended.messages == 2 * len(found)
    files = open_bag(path).files
    assert len(files) == 6 and [one.name for one in files] == [f"{path.name}_{number}.mcap" for number in range(6)]
    for number, part in enumerate(open_bag(path).metadata.parts[:-1]):
        assert part.duration_ns <= 60e9, number


def test_what_comes_while_it_is_still_being_written_is_no_part_of_it(tmp_path: Path) -> None:
    """On a busy machine a failure's 75 s took 70 s more to be written, and those were recorded too, and written."""
    bench = Bench(tmp_path)
    bench.recorder.config = SimpleNamespace(**{**vars(RecordingConfig()), "write_bytes": 900.0})
    bench.run(100)
    path = bench.recorder.event("failure", "the box fell")
    assert not bench.run(50), "it is still being written"
    assert bench.recorder.event("mark", "look here") == path, "what came meanwhile is wanted now"
    (ended,) = bench.run(200)
    assert seconds(path) == list(range(1041, 1166)) and ended.messages == 2 * 125


def test_what_holds_when_a_recording_begins_is_in_it_however_old(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.say(PLAN, b"old plan")
    bench.run(5)
    bench.say(PLAN, b"the plan")
    bench.run(300)
    path = bench.recorder.event("mark", "now")
    bench.run(20)
    plans = [message for message in open_bag(path).messages() if message.topic.name == "/plan"]
    assert [message.data for message in plans] == [b"the plan"]
    assert plans[0].stamp_ns == START_NS + int(1246e9), "stamped as the first message, or players would wait"


def test_other_readers_read_it_and_find_types_and_delivery(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.say(PLAN, b"\x00\x01\x00\x00\x05\x00\x00\x00plan\x00")
    bench.run(3)
    path = bench.recorder.start("asked")
    bench.run(3)
    bench.recorder.close()
    with Reader(path) as reader:
        topics = {connection.topic: connection for connection in reader.connections}
        assert set(topics) == {"/joints", "/images", "/plan"} and reader.message_count == 13
        assert len(list(reader.messages())) == 13
        plan, images = topics["/plan"].ext.offered_qos_profiles[0], topics["/images"].ext.offered_qos_profiles[0]
        assert plan.durability.name == "TRANSIENT_LOCAL" and images.reliability.name == "BEST_EFFORT"
    with AnyReader([path]) as anyone:
        (connection,) = [one for one in anyone.connections if one.topic == "/plan"]
        (message,) = anyone.messages(connections=[connection])
        assert anyone.deserialize(message[2], TEXT).data == "plan", "decoded by the definition in the file alone"


def test_each_delivery_has_a_text_of_its_own() -> None:
    assert len({qos_text(delivery) for delivery in (SENSOR, STATE, LATCHED)}) == 3


def test_a_recorder_that_is_killed_leaves_all_but_the_last_chunk(tmp_path: Path) -> None:
    folder = BagFolder(tmp_path / "bag", 60.0, {})
    bench = Bench(tmp_path)
    topic = Topic("/joints", TEXT)
    for number in range(1000):
        bench.recorder.take(JOINTS, topic, START_NS + number, bytes(1000))
    for one in bench.recorder._state.after(0.0):
        folder.write(one.message)
    assert folder._open is not None
    folder._open._stream.flush()  # what the system has of a process that is gone
    found = survey(open_bag(tmp_path / "bag"))
    assert found.exit_code == 3 and found.loss.open_end
    assert found.messages >= 1000 - 65_536 // 1000 - 1


def test_below_the_floor_nothing_is_recorded_and_it_is_said(tmp_path: Path) -> None:
    bench = Bench(tmp_path, free_bytes=1e9)
    bench.run(10)
    path = bench.recorder.event("mark", "now")
    bench.run(3)
    bench.free = 5 * 10**8
    (ended,) = bench.run(1)
    assert ended.path == path and survey(open_bag(path)).exit_code == 0, "what was written is whole"
    assert bench.recorder.recording is None
    assert len(bench.told) == 1 and "0.50 GB are free" in bench.told[0] and bench.recorder.full
    with pytest.raises(RecorderFullError, match="remove old recordings"):
        bench.recorder.event("failure", "unseen")
    bench.free = 2 * 10**9
    bench.run(1)
    assert bench.recorder.event("failure", "seen") != path and not bench.recorder.full


def test_a_disk_that_fills_while_it_writes_ends_the_recording_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = Bench(tmp_path)
    bench.run(10)
    path = bench.recorder.start("asked")
    bench.run(5)

    def full(self: BagFolder, message: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(BagFolder, "write", full)
    assert len(bench.run(1)) == 1 and "No space left" in bench.recorder.full
    assert seconds(path) == list(range(1001, 1016))
    assert not bench.run(50), "it goes on listening"
    monkeypatch.undo()
    again = bench.recorder.event("mark", "there is room again")
    bench.run(20)
    assert seconds(again)[0] == 1007


def test_memory_has_a_bound_and_images_give_way_to_nothing_else(tmp_path: Path) -> None:
    noise, bench = random.Random(1), Bench(tmp_path, bulk_bytes=1e6, before_s=600.0)
    for number in range(300):
        bench.now_s += 1.0
        bench.say(JOINTS, str(number).encode())
        bench.say(IMAGES, noise.randbytes(20_000))
    assert bench.recorder._bulk.bytes <= 1e6
    path = bench.recorder.event("mark", "now")
    bench.run(30)
    counts = {topic.name: count for topic, count in survey(open_bag(path)).counts.items()}
    assert counts["/joints"] >= 300 and counts["/images"] < 80


def test_a_disk_that_does_not_follow_costs_images_and_they_are_counted(tmp_path: Path) -> None:
    noise, bench = random.Random(1), Bench(tmp_path, bulk_bytes=1e6, write_bytes=1e5)
    bench.recorder.start("asked")
    for number in range(100):
        bench.now_s += 0.25
        bench.say(JOINTS, str(number).encode())
        for _ in range(3):
            bench.say(IMAGES, noise.randbytes(200_000))
        bench.recorder.tick()
    (ended,) = bench.recorder.close()
    counts = {topic.name: count for topic, count in survey(open_bag(ended.path)).counts.items()}
    assert counts["/joints"] == 100
    assert counts["/images"] == 300 - bench.recorder.dropped and bench.recorder.dropped > 20


def test_a_clock_that_jumps_changes_neither_what_is_kept_nor_what_is_read(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    topic = Topic("/joints", TEXT)
    bench.run(50)
    bench.recorder.take(JOINTS, topic, 5, b"1")  # ROS time fell back to its beginning
    bench.recorder.take(JOINTS, topic, 2**62, b"2")
    path = bench.recorder.event("mark", "jump")
    bench.run(20)
    assert sorted(seconds(path)) == [1, 2, *range(1001, 1066)]
