"""Failure folders: what is written is read back, whole or not at all, and anything else is refused by name."""

from __future__ import annotations

import hashlib
import json
import resource
import shutil
import signal
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import load, save

from f2p.monitor.case import SCHEMA, read_case, write_case
from f2p.monitor.compare import compare
from f2p.monitor.errors import CaseExistsError, CaseNotWrittenError, NotACaseError
from f2p.monitor.values import Arrays, words_of
from f2p.plan.analytic import AnalyticPredictor
from f2p.plan.planner import Planner
from f2p.scene.goals import parse_goal
from f2p.types import (
    Box,
    Cause,
    Failure,
    Goal,
    GoalRelation,
    Outcome,
    Prediction,
    Relations,
    Scene,
    Segment,
    SkillCall,
    SkillStep,
)

GOAL = "above(object_1, table_b) & not inside(object_2, box)"


@pytest.fixture
def failure(outcome_of: Callable[..., Outcome]) -> Failure:
    """A model failure with a plan."""
    outcome = outcome_of(("box", "object_1", "object_2"))
    goal, found = parse_goal(GOAL), compare(outcome)
    plan = Planner(AnalyticPredictor).plan(outcome.before, goal, seed=0, proposal=(SkillStep("pick_place", "box"),))
    return Failure(
        "failure-1", outcome, goal, plan, Cause.MODEL, found.score, 2.0, found.contradictions, "the contents moved"
    )


def flat(failure: Failure) -> tuple[str, dict[str, np.ndarray]]:
    """Everything in a failure, comparable."""
    arrays = Arrays()
    return json.dumps(words_of(failure, arrays)), arrays.stored


def same(one: Failure, other: Failure) -> bool:
    """Bit equality of two failures."""
    (words, arrays), (others, more) = flat(one), flat(other)
    return words == others and all(np.array_equal(arrays[name], more[name]) for name in arrays)


def test_round_trip(failure: Failure, tmp_path: Path) -> None:
    folder = write_case(failure, tmp_path / "failure-1")
    back = read_case(folder)
    assert same(failure, back) and back.goal == failure.goal and back.contradictions == failure.contradictions
    assert back.outcome.before.segments[2].points.dtype == np.float32
    assert sorted(path.name for path in tmp_path.iterdir()) == ["failure-1"]


names = st.lists(st.text(min_size=1, max_size=8), min_size=2, max_size=4, unique=True)
finite = st.floats(-1e3, 1e3)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=names, clouds=st.lists(st.integers(0, 30), min_size=4, max_size=4), number=finite, explanation=st.text())
def test_round_trip_of_any_scene(
    failure: Failure, names: list[str], clouds: list[int], number: float, explanation: str
) -> None:
    rng = np.random.default_rng(len(names))
    segments = tuple(
        Segment(name, "drawer", Box(rng.normal(size=3) * number, np.ones(3), number), rng.normal(size=(count, 3)), 0.1)
        for name, count in zip(names, clouds, strict=False)
    )
    scene, count = Scene(segments, stamp_ns=2**62), len(names)
    relations = Relations(scene.names, rng.uniform(size=(count, 3)), rng.uniform(size=(count, count, 9)))
    outcome = replace(
        failure.outcome, before=scene, after=scene, call=SkillCall("pick_place", names[0], np.ones(4)),
        prediction=Prediction(relations, rng.normal(size=(count, 3))), observed_before=relations,
        observed_after=relations,
    )  # fmt: skip
    goal = Goal((GoalRelation("above", names[0], names[-1]),))
    odd = replace(failure, outcome=outcome, goal=goal, plan=None, score=number, explanation=explanation)
    with tempfile.TemporaryDirectory() as folder:
        assert same(odd, read_case(write_case(odd, Path(folder) / "case")))


def test_nothing_is_ever_written_over(failure: Failure, tmp_path: Path) -> None:
    write_case(failure, tmp_path / "one")
    with pytest.raises(CaseExistsError, match="failures are never overwritten"):
        write_case(failure, tmp_path / "one")


@pytest.mark.parametrize("name", ["case.json", "arrays.safetensors"])
def test_every_truncation_is_noticed(failure: Failure, tmp_path: Path, name: str) -> None:
    folder = write_case(failure, tmp_path / "one")
    whole = (folder / name).read_bytes()
    for cut in np.linspace(0, len(whole) - 1, 40).astype(int):
        (folder / name).write_bytes(whole[:cut])
        with pytest.raises(NotACaseError):
            read_case(folder)
    (folder / name).unlink()
    with pytest.raises(NotACaseError, match=f"{name} is missing"):
        read_case(folder)


def test_foreign_folders_are_refused_with_the_cause(failure: Failure, tmp_path: Path) -> None:
    with pytest.raises(NotACaseError, match="there is no such folder"):
        read_case(tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(NotACaseError, match=r"case.json is missing"):
        read_case(tmp_path / "empty")
    folder = write_case(failure, tmp_path / "one")
    words = json.loads((folder / "case.json").read_text())
    for change, reason in (
        ({"schema": "f2p-failure-99"}, f"'f2p-failure-99'; this f2p reads '{SCHEMA}'"),
        ({"failure": {}}, "do not fit together"),
        ({"arrays_sha256": "0" * 64}, "truncated or altered"),
    ):
        (folder / "case.json").write_text(json.dumps({**words, **change}))
        with pytest.raises(NotACaseError, match=reason):
            read_case(folder)
    (folder / "case.json").write_text('{"schema": NaN}')
    with pytest.raises(NotACaseError, match="NaN is no number"):
        read_case(folder)
    (folder / "case.json").write_text("[" * 100_000)
    with pytest.raises(NotACaseError, match="is not JSON"):
        read_case(folder)


def renamed(relations: Relations) -> Relations:
    """The same numbers, said of other objects."""
    return Relations(tuple(f"other_{name}" for name in relations.names), relations.unary, relations.binary)


def with_outcome(**changes: Callable[[Outcome], object]) -> Callable[[Failure], Failure]:
    """A change of the outcome's fields, each made from the outcome."""
    return lambda failure: replace(
        failure, outcome=replace(failure.outcome, **{name: make(failure.outcome) for name, make in changes.items()})
    )


def predicted(relations: Callable[[Relations], Relations], displacements: Callable[[np.ndarray], np.ndarray]) -> object:
    """A change of the prediction."""
    return with_outcome(
        prediction=lambda one: Prediction(
            relations(one.prediction.relations), displacements(np.asarray(one.prediction.displacements))
        )
    )


def as_it_is(value: Any) -> Any:
    return value


@pytest.mark.parametrize(
    ("harm", "reason"),
    [
        (with_outcome(call=lambda _: SkillCall("pick_place", "ghost", np.zeros(4))), "no object 'ghost' in the scene"),
        (with_outcome(unseen=lambda _: ("ghost",)), "no object 'ghost' in the scene"),
        (with_outcome(after=lambda one: Scene(one.after.segments[:-1])), "the scene after is about"),
        (with_outcome(before=lambda _: Scene(()), after=lambda _: Scene(())), "has no segments"),
        (
            with_outcome(observed_before=lambda one: renamed(one.observed_before)),
            "observed before .* other_",
        ),
        (with_outcome(observed_after=lambda one: renamed(one.observed_after)), "observed after .* other_"),
        (predicted(renamed, as_it_is), "the prediction .* other_"),
        (predicted(as_it_is, lambda moves: moves[:3]), r"displacements of \d objects have shape \(3, 3\)"),
        (predicted(as_it_is, np.ravel), "displacements of"),
        (predicted(lambda one: Relations(one.names, one.unary, one.binary * 5), as_it_is), "values outside 0..1"),
        (lambda one: replace(one, goal=Goal((GoalRelation("above", "ghost", "box"),))), "unknown object 'ghost'"),
        (
            lambda one: replace(one, goal=Goal((GoalRelation("beside", "object_1", "box"),))),
            "unknown relation 'beside'",
        ),
        (lambda one: replace(one, goal=Goal(())), "its goal cannot be asked"),
    ],
)
def test_parts_about_different_objects_are_refused(
    failure: Failure, tmp_path: Path, harm: Callable[[Failure], Failure], reason: str
) -> None:
    """Some gave a trace after minutes of learning; others were learned from, and what they taught was wrong."""
    with pytest.raises(NotACaseError, match=reason) as caught:
        read_case(write_case(harm(failure), tmp_path / "one"))
    assert caught.value.code == 504 and "\n" not in str(caught.value)


@pytest.mark.parametrize("shape", [(-1,), (-1, 1), (-1, 2)])
def test_clouds_that_are_none_are_refused(failure: Failure, tmp_path: Path, shape: tuple[int, ...]) -> None:
    folder = write_case(failure, tmp_path / "one")
    arrays = load((folder / "arrays.safetensors").read_bytes())
    name = "outcome.before.segments.0.points"
    count = len(arrays[name])
    arrays[name] = np.ascontiguousarray(arrays[name].reshape(-1)[: 2 * count].reshape(shape)[:count])
    (folder / "arrays.safetensors").write_bytes(save(arrays))
    words = json.loads((folder / "case.json").read_text())
    words["arrays_sha256"] = hashlib.sha256((folder / "arrays.safetensors").read_bytes()).hexdigest()
    (folder / "case.json").write_text(json.dumps(words))
    with pytest.raises(NotACaseError, match="points of shape"):
        read_case(folder)


@pytest.mark.parametrize("name", ["../../evil", "/tmp/evil", "..", ".hidden", "", "a\nb", "a/b", "x" * 101, "naïve"])
def test_an_id_that_is_no_plain_name_is_refused(failure: Failure, tmp_path: Path, name: str) -> None:
    """Data sets are named after it: one that climbs out of the store would be written there."""
    folder = write_case(failure, tmp_path / "one")
    words = json.loads((folder / "case.json").read_text())
    words["failure"]["id"] = name
    (folder / "case.json").write_text(json.dumps(words))
    with pytest.raises(NotACaseError, match="is no plain name") as caught:
        read_case(folder)
    assert caught.value.code == 504


@pytest.mark.parametrize("number", ["1e999", "-1e999", "NaN", "1" + "0" * 400, '"soon"', "null"])
@pytest.mark.parametrize("entry", ["stamp_ns", "score"])
def test_numbers_beyond_all_bounds_are_refused(failure: Failure, tmp_path: Path, entry: str, number: str) -> None:
    folder = write_case(failure, tmp_path / "one")
    lines = (folder / "case.json").read_text().split("\n")
    first = next(index for index, line in enumerate(lines) if f'"{entry}":' in line)
    lines[first] = f'"{entry}": {number},'
    (folder / "case.json").write_text("\n".join(lines))
    with pytest.raises(NotACaseError):
        read_case(folder)


def test_a_full_disk_leaves_nothing_behind(failure: Failure, tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        for budget in (0, 512, 4096, 20_000):
            resource.setrlimit(resource.RLIMIT_FSIZE, (budget, hard))
            with pytest.raises(CaseNotWrittenError, match="File too large; free space"):
                write_case(failure, tmp_path / "one")
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
            assert list(tmp_path.iterdir()) == []
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)
    shutil.rmtree(write_case(failure, tmp_path / "one"))


def test_a_failure_of_the_version_before_still_opens(tmp_path: Path) -> None:
    """`former` was written by the code that wrote that version."""
    folder = tmp_path / "former"
    shutil.copytree(Path(__file__).parent / "data" / "former", folder)
    old = read_case(folder)
    assert str(old.goal) == "above(cube, table) & not left(cube, table)" and old.cause is Cause.MODEL
    assert [len(one.points) for one in (*old.outcome.before.segments, *old.outcome.after.segments)] == [5, 3, 5, 4]
    assert old.outcome.call.parameter.tolist() == [0.0, -0.3, 0.0, 0.5] and old.outcome.execution.duration_s == 12.5
    assert old.plan is not None and old.plan.probability == 0.75 and old.contradictions[0].relation == "left"
    assert same(old, read_case(write_case(old, tmp_path / "now")))
    words = json.loads((folder / "case.json").read_text())
    words["failure"]["outcome"]["before"]["counts"] = [5, 4]
    (folder / "case.json").write_text(json.dumps(words))
    with pytest.raises(NotACaseError, match="are not those of 2 segments"):
        read_case(folder)
