"""Bad weights files of every kind: none is loaded that does harm, none ends the process, none runs code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from f2p.bench.weights_files import BadFiles, BadFilesConfig, Planted, Tried, kind_of, measured, tried_in


def test_no_file_of_any_kind_is_loaded_that_does_harm(tmp_path: Path) -> None:
    """One of each kind that is told from weights at a look, and four of those that have to be measured."""
    trial = Planted(tmp_path / "store")
    first = {kind_of(index): index for index in reversed(range(400))}
    quick = [
        index for kind, index in first.items() if not kind.startswith("nonsense") and kind not in ("refitted bit",)
    ]
    slow = [first[f"nonsense {kind}"] for kind in ("zero", "scaled", "signs", "exponents")]
    rows = [trial.run(index, 0) for index in (*quick, *slow)]
    assert [row for row in rows if row.bad or row.crash] == []
    assert len({row.kind for row in rows}) == len(rows) > 25
    refused = [row for row in rows if not row.loaded]
    assert all(800 <= row.code < 900 for row in refused) and len(refused) >= len(rows) - 2
    assert not trial.trap.exists() and len(list(trial.folder.glob("*.json"))) == 1


def test_a_run_goes_on_where_the_one_before_was_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[int] = []

    def run(self: Planted, index: int, seed: int) -> Tried:
        ran.append(index)
        return Tried(index, kind_of(index), False, 802)

    monkeypatch.setattr(Planted, "run", run)
    config = BadFilesConfig(files=4, rows=tmp_path / "rows.jsonl")
    BadFiles(config)(0, lambda *_: None)
    with config.rows.open("a") as file:
        file.write('{"index": 4, "ki')
    BadFiles(BadFilesConfig(files=6, rows=config.rows))(0, lambda *_: None)
    assert ran == [0, 1, 2, 3, 4, 5] and set(tried_in(config.rows)) >= {0, 1, 2, 3}
    assert json.loads(config.rows.read_text().splitlines()[0])["code"] == 802


def test_what_loads_and_does_no_harm_is_counted_apart() -> None:
    rows = [
        Tried(0, "refitted bit", True, 0),
        Tried(1, "nonsense scaled", True, 0, lost=0.3),
        Tried(2, "altered cut", True, 0),
    ]
    loaded, crashes, _, _, harmless = measured(rows, True, False)
    assert (loaded.value, crashes.value, harmless.value) == (2, 0, 1) and not loaded.holds
    assert "refitted bit" in harmless.name
