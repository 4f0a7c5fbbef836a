"""Definitions in recordings: complete in themselves, and refused where they say something else than ours."""

from __future__ import annotations

import pytest
from rosbags.typesys import Stores, get_types_from_msg, get_typestore

from f2p.record.definitions import check_same, fields, own_definition
from f2p.record.errors import OtherVersionError
from f2p.record.subjects import SUBJECTS

pytest.importorskip("f2p_msgs", reason="the interfaces are not built: run the set-up first")

KINDS = (
    "sensor_msgs/msg/Image", "f2p_msgs/msg/Failure", "f2p_msgs/msg/SegmentedScene", "f2p_msgs/msg/Plan",
    "f2p_msgs/action/AchieveGoal_FeedbackMessage",
)  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_a_definition_names_all_it_is_made_of(kind: str) -> None:
    types = get_types_from_msg(own_definition(kind), kind)
    store = get_typestore(Stores.EMPTY)
    store.register(types)
    for name in types:
        store.generate_msgdef(name)
    check_same(kind, own_definition(kind))


def test_everything_that_is_listened_to_has_a_type_that_is_installed() -> None:
    from f2p.ros.messages.recording import type_of

    for subject in SUBJECTS:
        check_same(subject.kind, own_definition(subject.kind))
        assert hasattr(type_of(subject.kind), "get_fields_and_field_types"), subject.name


def test_comments_and_blanks_do_not_matter() -> None:
    kind = "sensor_msgs/msg/JointState"
    bare = "\n".join(line.split("#")[0] for line in own_definition(kind).splitlines())
    check_same(kind, bare)


def test_messages_of_an_older_version_are_refused_with_what_differs() -> None:
    kind = "f2p_msgs/msg/Failure"
    older = own_definition(kind).replace("float64 threshold", "float32 limit")
    with pytest.raises(OtherVersionError, match="float32 limit; here float64 threshold"):
        check_same(kind, older)
    with pytest.raises(OtherVersionError, match="no definition"):
        check_same(kind, "")
    with pytest.raises(OtherVersionError, match="no such type"):
        check_same("f2p_msgs/msg/Nothing", "bool a")


def test_a_change_deep_inside_is_found() -> None:
    kind = "f2p_msgs/msg/SegmentedScene"
    with pytest.raises(OtherVersionError, match="f2p_msgs/Box"):
        check_same(kind, own_definition(kind).replace("geometry_msgs/Pose pose", "geometry_msgs/PoseStamped pose"))


def test_fields_are_read_without_comments_and_with_whole_names() -> None:
    text = 'string A="a # b"  # why\nBox[<=3] boxes\nstd_msgs/msg/Header  header # when\n# nothing\nuint8[] data 1\n'
    assert fields(text, "p") == ('string A="a # b"', "p/Box[<=3] boxes", "std_msgs/Header header", "uint8[] data 1")
