"""What `f2p bench flood` says: which input answered what, who ended, who grew, and what was written."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("rclpy", reason="no rclpy: run the set-up (make test) first")

from f2p.errors import UNFORESEEN
from f2p.ros.errors import BoundError
from f2p.ros.session.flood import Flood, FloodConfig, Flooded, table, written

FOUND = [
    Flooded("/f2p/plan_goal", "PlanGoal_Goal", 900, {"0": 2, str(BoundError.code): 700}),
    Flooded("/f2p/lease", "Lease", 900, {}),
]
BEFORE = {"planner": (7, 100_000_000), "guard": (8, 50_000_000)}


def broken(
    after: dict[str, tuple[int, int]] = BEFORE, disk: dict[str, int] | None = None, found: list[Flooded] = FOUND
) -> list[str]:
    """Return what is not kept, apart from how many endpoints a graph has."""
    measured = Flood(FloodConfig(seconds=1.0))._measured(found, BEFORE, after, disk or {"failures": 0, "besides": 0})
    return [one.name for one in measured if not one.holds and one.name != "endpoints that were flooded"]


def test_each_input_is_told_with_the_codes_of_its_answers() -> None:
    rows = table(FOUND).splitlines()[2:]
    assert rows == [
        "| /f2p/lease | Lease | 900 | none |",
        f"| /f2p/plan_goal | PlanGoal_Goal | 900 | 0: 2, {BoundError.code}: 700 |",
    ]


def test_a_flood_breaks_what_it_ends_what_grows_and_what_fills_the_disk() -> None:
    assert broken() == []
    assert broken({**BEFORE, "guard": (9, 50_000_000)}) == ["processes that ended"]
    assert broken({**BEFORE, "planner": (7, 160_000_000)}) == ["growth of planner"]
    assert broken(disk={"failures": 6_000_000, "besides": 0}) == ["failures written"]
    assert broken(disk={"failures": 0, "besides": 11_000_000}) == ["written besides"]
    unforeseen = [Flooded("/f2p/plan_goal", "PlanGoal_Goal", 900, {str(UNFORESEEN): 1})]
    assert broken(found=unforeseen) == ["answers that nobody foresaw (999)"]


def test_what_is_written_counts_apart_from_failures(tmp_path: Path) -> None:
    for name, size in (("logs/guard.log", 30), ("cases/one/cloud.npz", 500), ("events.sqlite", 12)):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x" * size)
    assert written(tmp_path, apart_from="cases") == 42 and written(tmp_path / "cases") == 500
