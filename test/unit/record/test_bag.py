"""Recordings of others and of ours: every message of every whole chunk, and a count of what is lost."""

from __future__ import annotations

import io
import os
import shutil
import sqlite3
import struct
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mcap.records import Chunk, MessageIndex
from mcap.stream_reader import StreamReader, breakup_chunk
from mcap.writer import CompressionType, Writer
from rosbags.rosbag2 import CompressionFormat, CompressionMode, StoragePlugin
from rosbags.rosbag2 import Writer as ForeignWriter
from rosbags.typesys import Stores, get_typestore

from f2p.record.bag import open_bag, survey
from f2p.record.errors import NotABagError

STORE = get_typestore(Stores.ROS2_HUMBLE)
TEXT = "std_msgs/msg/String"
ROWS = 6_000


def mcap_bytes(count: int = 120, compression: CompressionType = CompressionType.NONE, chunk: int = 1024) -> bytes:
    stream = io.BytesIO()
    writer = Writer(stream, chunk_size=chunk, compression=compression)
    writer.start(profile="ros2", library="test")
    schema = writer.register_schema(TEXT, "ros2msg", b"string data\n")
    channel = writer.register_channel("/told", "cdr", schema, {"offered_qos_profiles": ""})
    for number in range(count):
        writer.add_message(channel, 1000 + number, payload(number), 1000 + number, number)
    writer.finish()
    return stream.getvalue()


def payload(number: int) -> bytes:
    return struct.pack("<I", number) * (5 + number % 7)


def numbers(path: Path) -> tuple[list[int], SimpleNamespace]:
    bag = open_bag(path)
    found = []
    for message in bag.messages():
        number = message.stamp_ns - 1000
        assert message.data == payload(number), "a message that is given is whole"
        assert message.topic.name == "/told" and message.topic.kind == TEXT
        found.append(number)
    return found, bag.loss


def whole_chunks(data: bytes) -> list[tuple[int, list[int]]]:
    """Where each chunk ends, and the numbers of its messages."""
    stream, out = io.BytesIO(data), []
    for record in StreamReader(stream, emit_chunks=True).records:
        if isinstance(record, Chunk):
            inside = [item.log_time - 1000 for item in breakup_chunk(record) if hasattr(item, "log_time")]
            out.append((stream.tell(), inside))
    return out


def test_a_file_cut_at_every_byte_gives_every_whole_chunk(tmp_path: Path) -> None:
    data = mcap_bytes(36, chunk=300)
    ends = whole_chunks(data)
    assert len(ends) > 3
    path = tmp_path / "cut.mcap"
    for cut in range(8, len(data)):
        path.write_bytes(data[:cut])
        found, loss = numbers(path)
        expected = [number for end, inside in ends if end <= cut for number in inside]
        assert found == expected, f"cut at {cut}"
        assert len(found) == 36 or not loss.whole, f"cut at {cut}: nobody is told"
    path.write_bytes(data)
    found, loss = numbers(path)
    assert found == list(range(36)) and loss.whole


@pytest.mark.parametrize("compression", [CompressionType.ZSTD, CompressionType.LZ4], ids=lambda kind: kind.name)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_compressed_file_cut_anywhere_gives_every_whole_chunk(
    tmp_path_factory: pytest.TempPathFactory, compression: CompressionType, data: st.DataObject
) -> None:
    whole = mcap_bytes(200, compression)
    path = tmp_path_factory.mktemp("cut") / "cut.mcap"
    cut = data.draw(st.integers(8, len(whole)))
    path.write_bytes(whole[:cut])
    assert numbers(path)[0] == [number for end, inside in whole_chunks(whole) if end <= cut for number in inside]


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_a_flipped_bit_is_noticed_or_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    whole = bytearray(WHOLE)
    at = data.draw(st.integers(0, len(whole) * 8 - 1))
    whole[at // 8] ^= 1 << at % 8
    path = tmp_path_factory.mktemp("flip") / "flip.mcap"
    path.write_bytes(bytes(whole))
    try:
        bag = open_bag(path)
        found = [message.data for message in bag.messages()]
    except NotABagError:
        return
    assert set(found) <= {payload(number) for number in range(200)}, "no garbled message is given"


WHOLE = mcap_bytes(200)


def test_an_index_that_one_bit_turns_into_a_message_is_none(tmp_path: Path) -> None:
    data, path = bytearray(WHOLE), tmp_path / "flip.mcap"
    data[20001 // 8] ^= 1 << 20001 % 8
    path.write_bytes(bytes(data))
    bag = open_bag(path)
    assert {message.data for message in bag.messages()} <= {payload(number) for number in range(200)}
    assert bag.loss.messages, "and it is counted as lost"


def test_a_damaged_chunk_costs_its_own_messages_and_they_are_counted(tmp_path: Path) -> None:
    data = bytearray(mcap_bytes(120))
    ends = whole_chunks(bytes(data))
    data[ends[1][0] - 20] ^= 0xFF
    path = tmp_path / "bad.mcap"
    path.write_bytes(bytes(data))
    found, loss = numbers(path)
    assert found == [number for number in range(120) if number not in ends[1][1]]
    assert (loss.messages, loss.chunks, loss.open_end) == (len(ends[1][1]), 1, False)
    assert survey(open_bag(path)).exit_code == 3


def test_the_first_chunk_damaged_does_not_cost_the_names_of_the_topics(tmp_path: Path) -> None:
    data = bytearray(mcap_bytes(120))
    ends = whole_chunks(bytes(data))
    data[ends[0][0] - 20] ^= 0xFF
    (tmp_path / "bad.mcap").write_bytes(bytes(data))
    found, _ = numbers(tmp_path / "bad.mcap")
    assert found == [number for number in range(120) if number not in ends[0][1]]


def test_sizes_that_lie_are_damage_before_anything_is_allocated(tmp_path: Path) -> None:
    data = mcap_bytes(40, CompressionType.ZSTD)
    at = data.index(struct.pack("<I", 4) + b"zstd") - 12  # uncompressed size, before the CRC
    lying = data[:at] + struct.pack("<Q", 2**40) + data[at + 8 :]
    (tmp_path / "lies.mcap").write_bytes(lying)
    found, loss = numbers(tmp_path / "lies.mcap")
    assert len(found) < 40 and "at most" in loss.reasons[0]


def foreign(folder: Path, plugin: StoragePlugin, count: int, mode: CompressionMode | None = None) -> None:
    writer = ForeignWriter(folder, version=8, storage_plugin=plugin)
    if mode is not None:
        writer.set_compression(mode, CompressionFormat.ZSTD)
    with writer:
        connection = writer.add_connection("/told", TEXT, typestore=STORE)
        for number in range(count):
            writer.write(connection, 1000 + number, payload(number))


@pytest.mark.parametrize(
    ("plugin", "mode"),
    [(StoragePlugin.MCAP, None), (StoragePlugin.SQLITE3, None), (StoragePlugin.SQLITE3, CompressionMode.MESSAGE)],
)
def test_bags_of_others_open(tmp_path: Path, plugin: StoragePlugin, mode: CompressionMode | None) -> None:
    foreign(tmp_path / "bag", plugin, 300, mode=mode)
    found, loss = numbers(tmp_path / "bag")
    assert found == list(range(300)) and loss.whole
    assert survey(open_bag(tmp_path / "bag")).exit_code == 0
    if mode is None:
        (tmp_path / "bag" / "metadata.yaml").unlink()
        found, loss = numbers(tmp_path / "bag")
        assert found == list(range(300)) and loss.whole


@settings(max_examples=25, deadline=None)
@given(share=st.floats(0.0, 1.0))
def test_a_sqlite_file_cut_anywhere_gives_every_row_that_is_left(big_base: Path, share: float) -> None:
    data = big_base.read_bytes()
    cut = int(share * len(data))
    path = big_base.with_name("cut.db3")
    path.write_bytes(data[:cut])
    try:
        found, loss = numbers(path)
    except NotABagError:
        assert cut < 16
        return
    count = ROWS
    assert found == sorted(found) and len(set(found)) == len(found)
    assert len(found) == count or (loss.open_end and not loss.whole)
    pages = cut // 4096
    if pages > 20:  # some are of the index by time, the others lie in the order of the rows
        assert len(found) >= 0.7 * count * pages / (len(data) // 4096) - 60


@pytest.fixture(scope="module")
def big_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of some hundred pages with rows that flow over, as rosbag2 lays it out."""
    path = tmp_path_factory.mktemp("base") / "big.db3"
    with sqlite3.connect(path) as base:
        base.execute(
            "CREATE TABLE topics(id INTEGER PRIMARY KEY, name TEXT NOT NULL, type TEXT NOT NULL,"
            " serialization_format TEXT NOT NULL, offered_qos_profiles TEXT NOT NULL)"
        )
        base.execute(
            "CREATE TABLE messages(id INTEGER PRIMARY KEY, topic_id INTEGER NOT NULL, timestamp INTEGER NOT NULL,"
            " data BLOB NOT NULL)"
        )
        base.execute("CREATE INDEX timestamp_idx ON messages (timestamp ASC)")
        base.execute(f"INSERT INTO topics VALUES (1, '/told', '{TEXT}', 'cdr', '')")
        rows = [(number + 1, 1, 1000 + number, payload(number)) for number in range(ROWS)]
        base.executemany("INSERT INTO messages VALUES (?, ?, ?, ?)", rows)
    return path


def test_rows_larger_than_a_page_are_put_together_from_all_of_theirs(tmp_path: Path) -> None:
    large = os.urandom(50_000)
    writer = ForeignWriter(tmp_path / "bag", version=8, storage_plugin=StoragePlugin.SQLITE3)
    with writer:
        connection = writer.add_connection("/told", TEXT, typestore=STORE)
        for number in range(40):
            writer.write(connection, 1000 + number, large)
    (path,) = (tmp_path / "bag").glob("*.db3")
    (tmp_path / "cut.db3").write_bytes(path.read_bytes()[:-4096])
    bag = open_bag(tmp_path / "cut.db3")
    found = list(bag.messages())
    assert len(found) >= 38 and all(message.data == large for message in found)
    assert not bag.loss.whole


def test_a_missing_file_of_a_set_is_counted_and_the_others_are_read(tmp_path: Path) -> None:
    folder = tmp_path / "bag"
    foreign(folder, StoragePlugin.MCAP, 50)
    (only,) = folder.glob("*.mcap")
    text = (folder / "metadata.yaml").read_text()
    lost = text.replace(f"- {only.name}", f"- {only.name}\n  - gone_1.mcap")
    assert lost != text
    (folder / "metadata.yaml").write_text(lost)
    found, loss = numbers(folder)
    assert found == list(range(50))
    assert loss.reasons == ["gone_1.mcap: the file is missing"] and loss.open_end


def test_files_are_read_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    data = mcap_bytes(20)
    for number in (10, 9, 2):
        (tmp_path / f"bag_{number}.mcap").write_bytes(data)
    assert [path.name for path in open_bag(tmp_path).files] == ["bag_2.mcap", "bag_9.mcap", "bag_10.mcap"]


def test_garbled_metadata_is_said_and_the_messages_are_read(tmp_path: Path) -> None:
    foreign(tmp_path / "bag", StoragePlugin.MCAP, 50)
    (tmp_path / "bag" / "metadata.yaml").write_text("rosbag2_bagfile_information: [oh")
    found, loss = numbers(tmp_path / "bag")
    assert found == list(range(50)) and "garbled" in loss.reasons[0]


def test_what_is_no_recording_is_refused_in_one_line(tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("no recording")
    for path in (text, tmp_path, tmp_path / "nowhere"):
        with pytest.raises(NotABagError, match="is no recording") as caught:
            open_bag(path)
        assert "\n" not in str(caught.value)


def test_nothing_left_is_failed(tmp_path: Path) -> None:
    (tmp_path / "cut.mcap").write_bytes(mcap_bytes(20)[:30])
    assert survey(open_bag(tmp_path / "cut.mcap")).exit_code == 1


def test_a_folder_of_ours_without_its_metadata_is_whole(tmp_path: Path) -> None:
    foreign(tmp_path / "bag", StoragePlugin.MCAP, 20)
    shutil.copytree(tmp_path / "bag", tmp_path / "copy")
    (tmp_path / "copy" / "metadata.yaml").unlink()
    assert survey(open_bag(tmp_path / "copy")).exit_code == 0


def test_the_indexes_of_a_whole_chunk_count_nothing_as_lost() -> None:
    assert any(isinstance(record, MessageIndex) for record in StreamReader(io.BytesIO(WHOLE), emit_chunks=True).records)
