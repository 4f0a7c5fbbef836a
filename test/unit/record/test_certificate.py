"""Replay certificates: equal only where everything is, and otherwise the first step that differs is named."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from f2p.record.certificate import (
    Fingerprint,
    ReplayedStep,
    certificate,
    difference,
    digest_of_value,
    read_certificate,
)
from f2p.record.errors import NotACertificateError
from f2p.record.values import Recorded, Topic

STEPS = (
    ReplayedStep("perceive", 5, {"names": "a", "boxes": "b"}, True, "box"),
    ReplayedStep("check", 9, {"score": "0x1p+3"}, None, "score 8"),
)


def test_the_same_steps_are_equal_and_the_first_other_one_is_named_with_its_part() -> None:
    one = certificate("r", STEPS)
    assert difference(one, certificate("r", STEPS)) == "" and one.agrees
    other = certificate("r", (STEPS[0], replace(STEPS[1], parts={"score": "0x1.0000000000001p+3"})))
    assert difference(one, other) == "step 2, check, differs in: score"
    assert difference(one, certificate("r", STEPS[:1])) == "there were 2 steps, now there are 1"
    assert "another recording" in difference(one, certificate("s", STEPS))
    elsewhere = replace(other, machine="riscv", code="new")
    assert "the code is another; the machine is another" in difference(one, elsewhere)


def test_what_people_read_is_no_part_of_the_digest() -> None:
    assert certificate("r", STEPS).digest == certificate("r", (replace(STEPS[0], text="a box"), STEPS[1])).digest


def test_a_certificate_is_read_as_written_and_an_altered_one_is_refused(tmp_path: Path) -> None:
    made, path = certificate("r", STEPS), tmp_path / "c.json"
    path.write_text(json.dumps(made.as_json()))
    assert read_certificate(path) == made
    for text, why in (
        (path.read_text().replace("0x1p+3", "0x1p+4"), "its digest is not that of its steps"),
        (path.read_text().replace("f2p-replay-1", "f2p-replay-0"), "its schema is"),
        ("[]", "cannot be read"), ("not json", "cannot be read"), ("{}", "cannot be read"),
    ):  # fmt: skip
        path.write_text(text)
        with pytest.raises(NotACertificateError, match=why):
            read_certificate(path)
    with pytest.raises(NotACertificateError, match="No such file"):
        read_certificate(tmp_path / "nowhere.json")


def test_the_last_bit_of_a_number_changes_its_digest() -> None:
    value = np.array([1.0, 2.0])
    assert digest_of_value(value) == digest_of_value(value.copy())
    assert digest_of_value(value) != digest_of_value(np.nextafter(value, 3.0))
    assert digest_of_value(value) != digest_of_value(value.astype(np.float32))


def test_every_message_counts_and_so_does_when_it_came() -> None:
    topic = Topic("/a", "t")

    def digest(*messages: Recorded) -> str:
        out = Fingerprint()
        assert list(out.of(messages)) == list(messages)
        return out.digest

    one = Recorded(topic, 1, b"x")
    assert len({digest(), digest(one), digest(one, one), digest(replace(one, stamp_ns=2))}) == 4
