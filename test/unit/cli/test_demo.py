"""What the demo prints is what happened: stages, seconds, truth."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import yaml
from rich.console import Console
from typer.testing import CliRunner

from f2p.cli import build, demo
from f2p.cli.demo import Board, stage_seconds
from f2p.ros.errors import BadSceneError, MessageError
from f2p.ros.messages.ground_truth import truth_to_msg
from f2p.ros.remote.goal import GoalResult
from f2p.ros.session.demo import ReportedTruth, reported, write_parameters
from f2p.scene.goals import parse_goal
from f2p.sim.protocol import make_simulator
from f2p.tasks.protocol import tasks
from f2p.twin.twin import Truth
from f2p.types import BINARY_RELATIONS, UNARY_RELATIONS, LearnFrom, Relations
from f2p_msgs.msg import GroundTruth

BODIES = (("table_a", "table", 0.475), ("box", "open_box", 0.55), ("object_1", "cuboid", 0.03))


def told(bodies: tuple[tuple[str, str, float], ...]) -> GroundTruth:
    """A ground truth in which the second of the bodies is above the first."""
    names, priors = tuple(name for name, *_ in bodies), tuple(prior for _, prior, _ in bodies)
    poses = np.array([[0.7, 0.5, height, 0.0] for *_, height in bodies]).reshape(-1, 4)
    binary = np.zeros((len(names), len(names), len(BINARY_RELATIONS)))
    if len(names) > 1:
        binary[1, 0, BINARY_RELATIONS.index("above")] = 1.0
    relations = Relations(names, np.zeros((len(names), len(UNARY_RELATIONS))), binary)
    return truth_to_msg(
        Truth(names, priors, poses, np.full((len(names), 3), 0.1), np.zeros(len(names)), relations), 0, 1.0
    )


def test_truth_judges_a_goal_and_names_what_fell() -> None:
    truth = reported(told(BODIES))
    assert truth.lost == ("object_1",)
    assert truth.satisfies(parse_goal("above(box, table_a) & not inside(object_1, box)"))
    assert not truth.satisfies(parse_goal("above(box, table_a) & inside(object_1, box)"))


def test_a_shelf_that_is_lower_than_a_table_has_not_fallen() -> None:
    """Every scene with one had been put back, and what was done in it was lost."""
    assert reported(told((*BODIES, ("shelf", "shelf", 0.22)))).lost == ("object_1",)


def test_a_truth_that_cannot_be_read_is_an_error_with_a_reason() -> None:
    with pytest.raises(MessageError, match="nothing that supports"):
        reported(told(BODIES[1:]))
    with pytest.raises(BadSceneError, match="without segments"):
        reported(told(()))


def test_stage_seconds_are_between_first_visits() -> None:
    rows = [("plan", 1.0, ""), ("learn", 5.0, ""), ("svi_states", 6.0, ""), ("swap", 30.5, ""), ("plan", 31.0, "")]
    assert stage_seconds(rows, "learn", "swap") == pytest.approx(25.5)
    assert stage_seconds([("learn", 2.0, ""), ("gate", 3.0, ""), ("reset", 4.0, ""), *rows], "learn", "swap") == 25.5
    assert stage_seconds(rows, "learn", "never") is None
    assert stage_seconds(rows, "never", "swap") is None


class FakeSession:
    """A stack whose attempts succeed by truth or do not, as told."""

    def __init__(self, *endings: bool) -> None:
        self.endings, self.seeds, self.resets, self.goals = list(endings), [], 0, self
        self.learned_from: list[LearnFrom] = []

    def achieve(self, _literals, _proposal, _attempts, learn_from, seed, *_: float, progress: object) -> GoalResult:
        self.seeds.append(seed)
        self.learned_from.append(learn_from)
        return GoalResult(False, "plan", ("failure",), 1, "weights", 0, "")

    def truth(self) -> ReportedTruth:
        return SimpleNamespace(lost=(), satisfies=lambda _goal: self.endings[len(self.seeds) - 1])

    def reset(self) -> None:
        self.resets += 1


@pytest.mark.parametrize(
    ("endings", "taught", "tries", "resets"),
    [
        ([False], [True], 1, 0),
        ([False, True, False], [False, False, True], 3, 2),
        ([True] * 3, [False, False, True], 3, 3),
        ([False] * 3, [False] * 3, 3, 3),
    ],
    ids=["learned", "lost, lucky, learned", "lucky, learned from the last", "never"],
)
def test_the_first_attempt_is_repeated_until_it_teaches_something(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, endings: list[bool], taught: list[bool], tries: int, resets: int
) -> None:
    session, answers = FakeSession(*endings), iter(taught)
    monkeypatch.setattr(demo, "serves_what_it_learned", lambda *_: next(answers))
    instance = tasks.make("transport").make(np.random.default_rng(0), 2, make_simulator())
    last = demo.first_attempts(session, instance, 7, tmp_path, Board(Console(quiet=True)), demo.DemoConfig())
    assert session.seeds == [7, 8, 9][:tries], "another seed, another guess"
    assert session.learned_from == [LearnFrom.MISSES, LearnFrom.MISSES, LearnFrom.CONTRADICTIONS][:tries]
    assert session.resets == resets, "what was learned is tried from where objects are"
    assert last.success == endings[tries - 1]


@pytest.mark.parametrize(
    ("task", "success", "taught", "fell", "reason"),
    [
        ("transport", False, True, (), ""),
        ("transport", False, True, ("box",), "box fell"),
        ("transport", True, False, (), "the goal was reached by luck"),
        ("transport", False, False, (), "nothing was learned"),
        ("clear", False, True, (), "several skills are needed, and some are done"),
        ("drawer", False, True, (), "several skills are needed, and some are done"),
    ],
)
def test_a_person_puts_the_scene_back_only_where_the_robot_cannot_go_on(
    task: str, success: bool, taught: bool, fell: tuple[str, ...], reason: str
) -> None:
    instance = tasks.make(task).make(np.random.default_rng(0), 2, make_simulator())
    assert demo.why_put_back(instance, demo.Attempt(success, True, {}), taught, fell) == reason


def test_only_weights_that_serve_count_as_learned(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    known = {"failure-1": SimpleNamespace(weights="new"), "failure-2": None}
    monkeypatch.setattr("f2p.report.case.learned_from", lambda _store, failure: known[failure])

    def served(failures: list[str], weights: str) -> bool:
        return demo.serves_what_it_learned(
            demo.Attempt(False, True, {"failure_ids": failures, "weights_id": weights}), tmp_path
        )

    assert served(["failure-2", "failure-1"], "new")
    assert not served(["failure-1"], "old") and not served(["failure-2"], "new") and not served([], "new")


@pytest.mark.parametrize("truth", [True, False])
@pytest.mark.parametrize("seen", [True, False])
def test_success_is_the_truth_whatever_the_stack_saw(truth: bool, seen: bool) -> None:
    told = demo.Attempt(truth, False, {"success": seen, "error_code": 0 if seen else 472}).as_json()
    assert (told["success"], told["seen"]) == (truth, seen)
    assert demo.done(told) == (truth and seen)
    assert not demo.done({**told, "contradicted": True})


@pytest.mark.parametrize(
    ("asked", "beside"), [([], ()), (["--record"], ("recorder",)), (["--console", "--record"], ("console", "recorder"))]
)
def test_what_an_operator_wants_beside_the_demo_runs_beside_it(
    asked: list[str], beside: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ran: list[object] = []

    def run(*arguments: object) -> dict[str, object]:
        ran.extend(arguments)
        return {"report": None, "after": {"success": True, "contradicted": False, "error_code": 0}}

    monkeypatch.setattr(demo, "run", run)
    monkeypatch.setattr(demo, "_console_at", lambda _: "http://127.0.0.1:8080")
    assert CliRunner().invoke(build("demo"), ["demo", "--out", str(tmp_path), *asked]).exit_code == 0
    assert ran[-1] == beside


def test_a_demo_s_recordings_lie_in_its_own_folder(tmp_path: Path) -> None:
    """Those of all runs would lie in one place, and a case would name recordings that another demo may take away."""
    instance = tasks.make("transport").make(np.random.default_rng(0), 1, make_simulator())
    file = write_parameters(tmp_path, instance.world, "transport", 1, 0)
    assert yaml.safe_load(file.read_text())["/**/recorder"]["ros__parameters"]["folder"] == str(tmp_path / "recordings")


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
