"""What is in a store, read without torch: the same as the store itself says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from f2p.weights.listing import ancestry, lines_of, listed
from f2p.weights.modules import open_store
from f2p.weights.remarks import withdraw
from f2p.weights.store import WeightsStore


@pytest.fixture
def store(tmp_path: Path) -> WeightsStore:
    return open_store(tmp_path / "store")


def test_a_fresh_store_has_one_row_the_champion(store: WeightsStore) -> None:
    (row,) = listed(store.folder)
    manifest = store.manifest(store.champion)
    assert (row.id, row.roles, row.profile, row.parent) == (store.champion, ("champion",), manifest.profile, None)
    assert lines_of(store.folder) == {"champion": store.champion}
    assert ancestry(listed(store.folder), store.champion) == (row,)


def test_who_waits_is_pinned_or_withdrawn_is_said(store: WeightsStore) -> None:
    store.keep_waiting(store.champion)
    store.pin()
    (row,) = listed(store.folder)
    assert row.roles == ("champion", "waiting", "pinned")
    withdraw(store.folder, store.champion, "it grasps air")
    (row,) = listed(store.folder)
    assert row.roles == ("champion", "waiting", "pinned") and "withdrawn: it grasps air" in row.judged


def test_damage_is_said_and_stops_nothing(store: WeightsStore, tmp_path: Path) -> None:
    (store.folder / f"{store.champion}.json").write_text("no manifest")
    (store.folder / "waiting").write_text("../../etc/passwd\n")
    (row,) = listed(store.folder)
    assert row.judged == ("manifest unreadable: f2p weights verify",) and row.roles == ("champion",)
    assert listed(tmp_path / "nowhere") == () and lines_of(tmp_path / "nowhere") == {}


def test_ancestry_ends_where_the_store_does_and_in_a_ring(store: WeightsStore) -> None:
    from dataclasses import replace

    (row,) = listed(store.folder)
    ring = (replace(row, id="a", parent="b"), replace(row, id="b", parent="a"))
    assert [one.id for one in ancestry(ring, "a")] == ["a", "b"]
    assert ancestry((replace(row, id="a", parent="gone"),), "a")[0].parent == "gone"
    assert ancestry(ring, "c") == ()


def test_it_needs_no_torch() -> None:
    script = "import f2p.weights.listing, sys; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False, timeout=120).returncode == 0
