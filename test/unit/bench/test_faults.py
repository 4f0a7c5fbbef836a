"""What a trial of `f2p bench promises` breaks, and its table; the trials themselves need a running graph."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from f2p.bench.faults import FaultTrial, Promised, append, kept_in, table
from f2p.errors import UNFORESEEN

GOOD = FaultTrial("executor", "kill", "drive", False, 0.3, 0.03, 0, 0, 4.0, 408, 0, 0, 1.0)


@pytest.mark.parametrize(
    ("change", "broken"),
    [
        ({}, []),
        ({"stood_s": 1.1}, ["stood late"]),
        ({"travel_m": 0.051}, ["too far"]),
        ({"late": 1}, ["begun late"]),
        ({"resumed": 1}, ["resumed"]),
        ({"end": None}, ["no honest end"]),
        ({"end": UNFORESEEN}, ["no honest end"]),
        ({"end": 0}, ["no honest end"]),
        ({"back_s": None}, ["not back"]),
        ({"back_s": 9.0}, ["back late"]),
        ({"left": 1}, ["left something"]),
        ({"spared": True}, ["the motion ended"]),
        ({"spared": True, "end": 0, "travel_m": 0.6, "stood_s": 2.0, "late": 9}, []),
    ],
)
def test_each_promise_can_be_broken(change: dict[str, object], broken: list[str]) -> None:
    """A process that motions do not need must change nothing; all others end them, and nothing begins again."""
    assert Promised().broken(dataclasses.replace(GOOD, **change), torch=False) == broken


def test_who_loads_weights_has_longer() -> None:
    assert Promised().broken(dataclasses.replace(GOOD, back_s=9.0), torch=True) == []


def test_a_run_that_was_cut_goes_on_after_its_last_whole_line(tmp_path: Path) -> None:
    path = tmp_path / "runs" / "trials.jsonl"
    assert kept_in(path) == []
    append(path, GOOD)
    append(path, dataclasses.replace(GOOD, back_s=None))
    path.write_text(path.read_text() + '{"process": "exec')
    assert [one.back_s for one in kept_in(path)] == [4.0, None]


def test_a_row_of_the_table_is_the_worst_of_its_trials() -> None:
    trials = [GOOD, dataclasses.replace(GOOD, travel_m=0.07, resumed=2), dataclasses.replace(GOOD, process="guard")]
    lines = table(trials, Promised(), ()).splitlines()
    assert len(lines) == 4 and len({line.count("|") for line in lines}) == 1
    assert lines[2].startswith("| executor | kill | drive | 2 | 0.30 s | 7.0 cm | 0 | 2 |")
    assert lines[2].endswith("| resumed; too far |") and lines[3].endswith("| yes |")


@pytest.mark.parametrize(
    ("change", "broken"),
    [
        ({"end": 0, "late": 3, "stood_s": 2.0, "travel_m": 0.3}, []),
        ({"spared": True, "end": 406, "late": 4, "stood_s": 1.8, "travel_m": 0.115}, ["the motion ended"]),
        ({"stood_s": 1.1}, ["stood late"]),
        ({"fault": "lose", "stood_s": 1.9, "travel_m": 0.2, "late": 2}, []),
        ({"fault": "delay", "stood_s": 1.9, "travel_m": 0.2, "late": 2}, []),
        ({"fault": "lose", "resumed": 1}, ["resumed"]),
        ({"fault": "lose", "spared": True}, ["the motion ended"]),
        ({"fault": "lose", "spared": True, "end": 0}, []),
    ],
)
def test_a_motion_may_outlast_what_passes_and_does_not_resume(change: dict[str, object], broken: list[str]) -> None:
    trial = dataclasses.replace(GOOD, **{"fault": "jump", **change})
    assert Promised().broken(trial, torch=False) == broken
    row = table([trial], Promised(), ()).splitlines()[2]
    assert ("goes on" in row) is trial.goes_on and ("cm" in row) is trial.at_once
