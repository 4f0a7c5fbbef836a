"""Weights in service: they follow the store, are rehearsed before they serve, and those that wait answer silently."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from f2p.events import Noted
from f2p.plan.analytic import AnalyticPredictor
from f2p.scene.goals import parse_goal
from f2p.types import Goal, Scene, SkillStep
from f2p.weights.errors import BadWeightsFileError, NobodyWaitsError, ServesStillError, WithdrawnError
from f2p.weights.golden import golden_scene
from f2p.weights.remarks import shadow_of, withdrawn
from f2p.weights.service import WeightsService
from f2p.weights.shadow import Question, Shadow, ShadowConfig
from f2p.weights.store import WeightsStore

GOAL, STEP = parse_goal("above(box, table_b)"), (SkillStep("pick_place", "box"),)


class Sure(AnalyticPredictor):
    """Believes in one candidate, another for each weights; remembers what it was asked."""

    def __init__(self, weights_id: str) -> None:
        super().__init__(weights_id)
        self.asked: list[int] = []

    def score(self, scene: Scene, skeleton: tuple[SkillStep, ...], parameters: np.ndarray, goal: Goal) -> np.ndarray:
        self.asked.append(len(parameters))
        answer = np.zeros(len(parameters))
        answer[int(self.weights_id[:4], 16) % len(parameters)] = 1.0
        return answer


class Stage:
    """A service over a store of tiny weights, and what it said and loaded."""

    def __init__(self, store: WeightsStore, bad: str = "") -> None:
        self.events: list[Noted] = []
        self.loaded: dict[str, Sure] = {}

        def load(weights_id: str) -> Sure:
            if weights_id == bad:
                raise BadWeightsFileError(weights_id, "it is bad")
            store.load(weights_id)
            return self.loaded.setdefault(weights_id, Sure(weights_id))

        self.service = WeightsService(store, note=self.events.append, load=load)

    def ask(self, count: int = 7) -> None:
        predictor, parameters = self.service.holder.pin(), np.zeros((count, 1, 4))
        answer = predictor.score(golden_scene(), STEP, parameters, GOAL)
        self.service.asked(Question(golden_scene(), STEP, parameters, GOAL, answer, predictor.weights_id))

    def settle(self) -> None:
        """Do all that is due."""
        while job := self.service.due() or self.service.echo():
            job()

    def kinds(self) -> list[str]:
        return [event.kind for event in self.events]


Make = Callable[..., tuple[bytes, object]]


def test_the_service_follows_what_a_person_promotes(filled: WeightsStore, make: Make) -> None:
    old, new, stage = filled.champion, filled.put(*make(2)), Stage(filled)
    stage.settle()
    assert stage.events == []
    filled.promote(new)
    stage.settle()
    assert stage.service.holder.weights_id == new and stage.service.holder.pin(old).weights_id == old
    (event,) = stage.events
    assert (event.kind, event.weights, event.facts["previous"]) == ("swap", new, old)
    assert "the store names it the champion" in str(event) and stage.service.due() is None


def test_what_the_store_names_and_must_not_serve_is_refused_once(filled: WeightsStore, make: Make) -> None:
    old, new = filled.champion, filled.put(*make(2))
    stage = Stage(filled, bad=new)
    filled.promote(new)
    stage.settle()
    assert stage.service.holder.weights_id == old and stage.kinds() == ["refused"]
    (filled.folder / "champion").write_text("???")
    stage.settle()
    stage.settle()
    assert stage.kinds() == ["refused", "refused"] and stage.events[-1].code == 812
    filled.promote(old)
    stage.settle()
    assert len(stage.events) == 2


def test_new_weights_answer_what_was_asked_lately_before_they_serve(filled: WeightsStore, make: Make) -> None:
    old, new = filled.champion, filled.put(*make(2))
    stage = Stage(filled)
    for _ in range(10):
        stage.ask(100)
    report = stage.service.publish(new, old)
    assert report.weights_id == new == filled.champion and stage.loaded[new].asked == [64] * 8, (
        "eight, and part of each"
    )
    shadow, swap = stage.events
    assert (shadow.kind, swap.kind) == ("shadow", "swap") and "before it serves" in shadow.text
    assert shadow_of(filled.folder, new)["questions"] == 8


def test_a_candidate_that_waits_answers_silently_until_a_person_decides(filled: WeightsStore, make: Make) -> None:
    old = filled.champion
    rivals = [filled.put(*make(seed)) for seed in range(2, 40)]
    new = next(one for one in rivals if int(one[:4], 16) % 7 != int(old[:4], 16) % 7)
    stage = Stage(filled)
    with pytest.raises(NobodyWaitsError):
        filled.resolve("waiting")
    stage.ask()
    filled.keep_waiting(new)
    stage.settle()
    assert shadow_of(filled.folder, new)["questions"] == 1, "what was asked lately"
    stage.ask()
    stage.settle()
    assert stage.service.holder.weights_id == old and filled.resolve("waiting") == new
    assert stage.kinds() == ["waiting", "shadow", "shadow"]
    assert "P(goal) 1.00 -> 0.00, and another is chosen" in stage.events[-1].text
    assert shadow_of(filled.folder, new)["other_choices"] == shadow_of(filled.folder, new)["questions"] == 2
    assert filled.promote("waiting") == new and filled.waiting is None
    stage.settle()
    assert stage.service.holder.weights_id == new and stage.kinds()[-1] == "swap"
    stage.ask()
    stage.settle()
    assert stage.kinds()[-1] == "swap", "nobody is asked beside it any more"


def test_what_was_refused_or_rolled_back_comes_again_only_by_hand(filled: WeightsStore, make: Make) -> None:
    old, new = filled.champion, filled.put(*make(2))
    stage = Stage(filled)
    filled.keep_waiting(new)
    with pytest.raises(ServesStillError, match="only those that do not can be refused; f2p weights rollback"):
        filled.refuse("champion", "of those that serve nothing was withdrawn, and it was said to be")
    assert withdrawn(filled.folder, old) == "" and filled.waiting == new
    assert stage.service.refuse(new, "I do not\nlike it") == new and filled.waiting is None
    assert stage.kinds() == ["refused"] and stage.events[-1].weights == new
    with pytest.raises(WithdrawnError, match="were withdrawn: I do not like it; f2p weights promote"):
        filled.publish(new, old)
    filled.promote(new)
    assert withdrawn(filled.folder, new) == ""
    stage.settle()
    stage.service.rollback("success dropped")
    assert stage.service.holder.weights_id == filled.champion == old and stage.kinds() == [
        "refused",
        "swap",
        "rollback",
    ]
    with pytest.raises(WithdrawnError, match="success dropped"):
        filled.publish(new, old)


def test_a_shadow_counts_what_is_different_and_spares_small_gaps() -> None:
    asked = Question(golden_scene(), STEP, np.zeros((200, 1, 4)), GOAL, np.linspace(0, 1, 200), "a")
    brief = asked.brief(10)
    assert len(brief.answer) <= 10 and brief.answer.max() == 1.0

    class Near(AnalyticPredictor):
        def score(self, *_: object) -> np.ndarray:
            return np.linspace(0.05, 0.95, 200)

    shadow = Shadow(Near("b" * 64), ShadowConfig(candidates=1000))
    assert shadow.ask(asked) is None
    report = shadow.report()
    assert (report.questions, report.disagreements, report.largest_gap) == (1, 0, pytest.approx(0.05))
