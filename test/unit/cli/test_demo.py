"""What the demo prints is what happened: stages, seconds, truth."""

from __future__ import annotations

import json

import pytest
from rich.console import Console

from f2p.cli.demo import Board, stage_seconds
from f2p.ros.demo_session import truth_from_json
from f2p.ros.errors import MessageError
from f2p.scene.goals import parse_goal


def body(name: str, prior: str, height: float) -> dict:
    return {"name": name, "prior": prior, "pose": [0.7, 0.5, height, 0.0], "size": [0.1, 0.1, 0.1]}


def test_truth_judges_a_goal_and_names_what_fell() -> None:
    bodies = [body("table_a", "table", 0.475), body("box", "open_box", 0.55), body("thing_1", "cuboid", 0.03)]
    truth = truth_from_json(json.dumps({"bodies": bodies, "binary": [["above", "box", "table_a"]]}))
    assert truth.lost == ("thing_1",)
    assert truth.satisfies(parse_goal("above(box, table_a) & not inside(thing_1, box)"))
    assert not truth.satisfies(parse_goal("above(box, table_a) & inside(thing_1, box)"))


@pytest.mark.parametrize("text", ["", "[]", '{"bodies": []}', '{"bodies": [{"prior": "table"}], "binary": []}'])
def test_a_truth_that_cannot_be_read_is_an_error_with_a_reason(text: str) -> None:
    with pytest.raises(MessageError, match="ground truth cannot be read"):
        truth_from_json(text)


def test_stage_seconds_are_between_first_visits() -> None:
    rows = [("plan", 1.0, ""), ("learn", 5.0, ""), ("svi_states", 6.0, ""), ("swap", 30.5, ""), ("plan", 31.0, "")]
    assert stage_seconds(rows, "learn", "swap") == pytest.approx(25.5)
    assert stage_seconds(rows, "learn", "never") is None
    assert stage_seconds(rows, "never", "swap") is None


def test_board_keeps_one_row_a_stage_with_the_newest_detail() -> None:
    console = Console(record=True, width=120)
    board = Board(console)
    board.tell("plan", "planning")
    board.tell("plan", "P(goal) = 0.97")
    board.tell("execute", "step 1 of 1")
    assert [(stage, text) for stage, _, text in board.rows] == [("plan", "P(goal) = 0.97"), ("execute", "step 1 of 1")]
    console.print(board)
    shown = console.export_text()
    assert "P(goal) = 0.97" in shown and "nothing here is a real robot" in shown
