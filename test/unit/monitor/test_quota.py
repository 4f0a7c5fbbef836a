"""A folder of failures stays within its quota: what was learned from goes first, the newest never."""

from __future__ import annotations

import os
from pathlib import Path

from f2p.monitor.case import handled, mark_handled
from f2p.monitor.quota import QuotaConfig, make_room


def case(folder: Path, name: str, age: int, size: int = 1000) -> Path:
    """A folder that looks like a failure's, so many seconds old."""
    made = folder / name
    made.mkdir()
    (made / "case.json").write_text("{}")
    (made / "arrays.safetensors").write_bytes(bytes(size))
    os.utime(made / "case.json", (10_000 - age, 10_000 - age))
    return made


def test_what_was_learned_from_goes_first_and_the_oldest_of_it(tmp_path: Path) -> None:
    oldest, learned, older = (case(tmp_path, name, age) for name, age in (("a", 90), ("b", 50), ("c", 70)))
    newest = case(tmp_path, "d", 0)
    mark_handled(learned)
    mark_handled(older)
    assert handled(learned) and not handled(oldest)
    assert make_room(newest, QuotaConfig(most=2)) == ["c", "b"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "d"]
    assert make_room(newest, QuotaConfig(most=1)) == ["a"] and newest.exists()


def test_bytes_count_too_and_the_newest_stays_even_if_it_alone_is_too_much(tmp_path: Path) -> None:
    case(tmp_path, "a", 9, 600_000)
    case(tmp_path, "b", 5, 300_000)
    newest = case(tmp_path, "c", 0, 2_000_000)
    assert make_room(newest, QuotaConfig(most_bytes=1e6)) == ["a", "b"] and newest.exists()


def test_what_is_no_failure_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes.txt").write_text("mine")
    case(tmp_path / "notes", "inner", 99)
    outside = case(tmp_path / "notes", "target", 99)
    (tmp_path / "link").symlink_to(outside)
    newest = case(tmp_path, "c", 0)
    assert make_room(newest, QuotaConfig(most=1)) == []
    assert outside.exists() and (tmp_path / "notes.txt").exists()


def test_within_the_quota_nothing_goes(tmp_path: Path) -> None:
    case(tmp_path, "a", 9)
    assert make_room(case(tmp_path, "b", 0), QuotaConfig(most=2)) == []
