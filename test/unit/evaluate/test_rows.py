"""Rows and their figure: what stands beside success, for a table and as a picture against the budget."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from f2p.evaluate.efficiency import draw_efficiency
from f2p.evaluate.rows import Row, Setting, row_of


def result(belief: float, successes: list[bool], passed: bool = True, worth: float | None = None) -> dict[str, Any]:
    trials = [{"belief": belief, "success": success, "carried_error": None} for success in successes]
    reliability = None if worth is None else {"probability": worth}
    return {"learning": {"passed": passed, "reliability": reliability}, "given": trials, "free": trials}


def setting(learner: str = "fail2progress", transitions: int = 5, skeleton: str = "given") -> Setting:
    return Setting("transport", "points2plans", 3, learner, skeleton, transitions)


def test_a_row_says_what_calibration_was_good_for() -> None:
    """Beliefs of .99 with five successes in eight; the probes had said as much."""
    row = row_of(setting(), [result(0.62, [True] * 5 + [False] * 3, worth=0.62 / 0.99)], 0.1)
    assert (row.successes, row.trials, row.details["passed_gate"]) == (5, 8, 1)
    assert row.details["calibration_gap"] == pytest.approx(0.005)
    assert row.details["calibration_gap_before"] == pytest.approx(0.99 - 0.625)


def test_a_refused_model_serves_with_the_beliefs_it_had() -> None:
    row = row_of(setting(), [result(0.5, [True, False], passed=False, worth=0.1)], 0.1)
    assert row.details["belief_worth"] == 1.0 and row.details["calibration_gap_before"] == pytest.approx(0.0)


def test_the_figure_shows_every_learner_at_every_budget(tmp_path: Path) -> None:
    rows: list[Row] = []
    for learner in ("fail2progress", "random"):
        for transitions in (5, 10, 80):
            for skeleton in ("given", "free"):
                results = [result(0.9, [True] * 6 + [False] * 2), result(0.2, [False] * 8, passed=False)]
                rows.append(row_of(setting(learner, transitions, skeleton), results, 0.13))
    path = draw_efficiency(rows, tmp_path / "figure.png")
    with Image.open(path) as picture:
        assert picture.format == "PNG" and min(picture.size) > 500
        colors = {color for _, color in picture.convert("RGB").getcolors(maxcolors=10**6) or ()}
    assert {(31, 119, 180), (255, 127, 14)} <= colors, "a line each"


def test_one_learner_and_one_budget_are_a_figure_too(tmp_path: Path) -> None:
    rows = [row_of(setting(skeleton=skeleton), [result(1.0, [True] * 4)], 0.1) for skeleton in ("given", "free")]
    assert draw_efficiency(rows, tmp_path / "figure.png").stat().st_size > 1000
