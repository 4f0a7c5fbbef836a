"""One round of learning: published when the gate passes, kept when it does not, refused when it must not start."""

from __future__ import annotations

import dataclasses
import io
import resource
import signal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from f2p.learner.dataset import read_learning
from f2p.learner.errors import DatasetNotWrittenError, NotTeachableError
from f2p.learner.protocol import LearnContext, LearnedData, learners
from f2p.model.batch import pack
from f2p.model.errors import BadDatasetError
from f2p.model.factory import create, weights_bytes
from f2p.model.recipe import FinetuneConfig, StageConfig
from f2p.monitor.compare import compare
from f2p.registry import UnknownNameError
from f2p.scene.goals import parse_goal
from f2p.types import Cause, Execution, Failure, Outcome, Particles
from f2p.weights import cycle
from f2p.weights.cycle import learn
from f2p.weights.cycle_config import CycleConfig
from f2p.weights.errors import ParentMovedError, StoreBusyError
from f2p.weights.files import locked
from f2p.weights.gate import GateConfig
from f2p.weights.lineage import lineage_tree
from f2p.weights.measure import replay_parts
from f2p.weights.modules import expected_tensors, load_module, manifest_for
from f2p.weights.service import load_predictor
from f2p.weights.store import WeightsStore

SHUT = GateConfig(most_lost=0.0, least_gain=1.0)


@learners.register("test_canned")
class Canned:
    """Gives the transitions it was told to."""

    name = "test_canned"
    config = None
    transitions: tuple[Any, ...] = ()
    recipe: FinetuneConfig | None = None

    def respond(self, failure: Failure, context: LearnContext) -> LearnedData:
        context.progress("simulate", 1.0, "canned")
        calls = tuple(one.call for one in self.transitions)
        names = failure.outcome.before.names
        particles = Particles(
            names, np.zeros((len(calls), len(names), 4)), calls, np.zeros(len(calls)), np.zeros(len(calls))
        )
        return LearnedData(self.transitions, particles, {"kept": len(calls)}, {"simulate": 0.5}, self.recipe)


@pytest.fixture
def workshop(simulated: Any, tmp_path: Path) -> tuple[WeightsStore, Failure, CycleConfig]:
    """A store with an untrained champion, a model failure of it, and a recipe of two steps."""
    _, _, transitions = simulated
    model = create(seed=1)
    content = weights_bytes(model)
    store = WeightsStore(tmp_path / "store", expected_tensors)
    store.publish(store.put(content, manifest_for(model, content, "default", made={"seed": 1})), parent=None)
    one = transitions[0]
    prediction = load_predictor(store, store.champion).predict(one.before, (one.call,))[0]
    outcome = Outcome(
        one.before, one.call, one.after, prediction, one.relations_before, one.relations_after, Execution(True),
        store.champion,
    )  # fmt: skip
    found, goal = compare(outcome), parse_goal("above(object_1, table_a) & above(object_2, table_a)")
    failure = Failure(
        "box-1", outcome, goal, None, Cause.MODEL, found.score, 2.0, found.contradictions, "they moved along"
    )
    Canned.transitions = transitions
    pack(transitions, np.random.default_rng(0)).save(tmp_path / "replay.safetensors")
    recipe = FinetuneConfig(stage=StageConfig(steps=2, batch=2, rate=1e-3, warmup=0), replayed=1)
    return store, failure, CycleConfig(finetune=recipe, replay=tmp_path / "replay.safetensors")


Workshop = tuple[WeightsStore, Failure, CycleConfig]


@pytest.fixture
def lenient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A gate that measures and lets everything pass, since two steps teach nothing."""
    real = cycle.judge
    monkeypatch.setattr(cycle, "judge", lambda *facts: dataclasses.replace(real(*facts), passed=True, reasons=()))


@pytest.mark.usefixtures("lenient")
def test_a_round_publishes_with_its_lineage(workshop: Workshop, simulated: Any) -> None:
    store, failure, config = workshop
    parent, stages = store.champion, []
    report = learn(
        failure, Canned(), store, simulated[0], config, seed=3, progress=lambda stage, *_: stages.append(stage)
    )
    assert report.gate is not None and report.weights_id in store.ids
    assert set(report.gate.replay_before) == {"now", "next"} and len(report.losses) == 2
    assert report.published and store.champion == report.weights_id and store.previous == parent
    assert {"simulate", "finetune", "gate", "publish", "total"} <= set(report.seconds)
    assert {"load", "simulate", "finetune", "gate", "publish"} <= set(stages)
    _, manifest = load_module(store, report.weights_id)
    assert manifest.parent == parent and manifest.made["learner"] == "test_canned" and manifest.made["seed"] == 3
    assert manifest.failure["id"] == "box-1" and manifest.data["sha256"] == report.dataset.sha256
    assert manifest.particles["count"] == 4 and manifest.gate["passed"] is True
    console = Console(record=True, width=200, file=io.StringIO())
    console.print(lineage_tree(store, report.weights_id))
    text = console.export_text()
    for part in (
        report.weights_id[:12],
        parent[:12],
        "box-1",
        "they moved along",
        "4 particles",
        report.dataset.sha256[:12],
    ):
        assert part in text


def test_a_learner_that_brings_its_recipe_is_taught_by_it(
    workshop: Workshop, simulated: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, failure, config = workshop
    monkeypatch.setattr(Canned, "recipe", dataclasses.replace(config.finetune, stage=StageConfig(steps=3, batch=2)))
    report = learn(failure, Canned(), store, simulated[0], config, seed=1)
    assert len(report.losses) == 3 != config.finetune.stage.steps
    assert store.manifest(report.weights_id or "").made["recipe"]["stage"]["steps"] == 3


def test_the_same_seed_makes_the_same_weights(workshop: Workshop, simulated: Any) -> None:
    store, failure, config = workshop
    shut = dataclasses.replace(config, gate=SHUT)
    one, two, other = (learn(failure, Canned(), store, simulated[0], shut, seed=seed) for seed in (1, 1, 2))
    assert one.weights_id == two.weights_id != other.weights_id


def test_what_the_gate_refuses_is_kept_but_not_served(workshop: Workshop, simulated: Any) -> None:
    store, failure, config = workshop
    parent = store.champion
    report = learn(failure, Canned(), store, simulated[0], dataclasses.replace(config, gate=SHUT), seed=1)
    assert not report.published and report.gate.reasons and store.champion == parent
    assert report.weights_id in store.ids and (report.dataset.folder / "dataset.json").exists()
    assert report.values()["gate"]["passed"] is False
    assert read_learning(report.dataset.folder)["published"] is False


@pytest.mark.usefixtures("lenient")
def test_who_takes_the_round_back_before_it_is_published_finds_nothing_published(
    workshop: Workshop, simulated: Any
) -> None:
    """Progress was told after publishing: a cancel that came then said that nothing was published."""
    store, failure, config = workshop
    parent = store.champion

    def cancel(stage: str, fraction: float, detail: str) -> None:
        if stage == "publish":
            assert detail.endswith("to be published")
            raise InterruptedError

    with pytest.raises(InterruptedError):
        learn(failure, Canned(), store, simulated[0], config, seed=1, progress=cancel)
    (folder,) = (store.folder / "datasets").iterdir()
    assert store.champion == parent and read_learning(folder)["published"] is None


@pytest.mark.usefixtures("lenient")
def test_what_is_written_of_a_round_says_whether_it_was_published(
    workshop: Workshop, simulated: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, failure, config = workshop
    told: list[Any] = []

    def publish(weights_id: str, parent: str | None) -> None:
        (folder,) = (store.folder / "datasets").iterdir()
        told.append(read_learning(folder)["published"])
        WeightsStore.publish(store, weights_id, parent)

    monkeypatch.setattr(store, "publish", publish)
    report = learn(failure, Canned(), store, simulated[0], config, seed=1)
    written = read_learning(report.dataset.folder)
    assert told == [None] and written["published"] is True and report.published
    assert written["seconds"] == report.values()["seconds"] and "publish" in written["seconds"]


@pytest.mark.usefixtures("lenient")
def test_a_disk_that_fills_after_publishing_makes_no_failed_round(
    workshop: Workshop, simulated: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, failure, config = workshop
    real = cycle.write_learning

    def write(dataset: Any, values: dict[str, Any]) -> Path:
        if values["published"]:
            raise DatasetNotWrittenError(dataset.folder, "No space left on device")
        return real(dataset, values)

    monkeypatch.setattr(cycle, "write_learning", write)
    report = learn(failure, Canned(), store, simulated[0], config, seed=1)
    assert report.published and store.champion == report.weights_id
    assert read_learning(report.dataset.folder)["published"] is None


@pytest.mark.usefixtures("lenient")
def test_weights_that_pass_are_only_kept_where_publishing_is_not_asked_for(workshop: Workshop, simulated: Any) -> None:
    store, failure, config = workshop
    parent = store.champion
    kept = dataclasses.replace(config, publish=False)
    report = learn(failure, Canned(), store, simulated[0], kept, seed=1)
    assert report.gate.passed and not report.published
    assert store.champion == parent and report.weights_id in store.ids


def test_the_original_learns_nothing(workshop: Workshop, simulated: Any) -> None:
    store, failure, config = workshop
    report = learn(failure, learners.make("original"), store, simulated[0], config)
    assert report.weights_id is None and not report.published and len(store.ids) == 1


def test_what_must_not_start_does_not(workshop: Workshop, simulated: Any) -> None:
    store, failure, config = workshop
    for cause in Cause:
        if cause is not Cause.MODEL:
            with pytest.raises(NotTeachableError, match=f"classified as '{cause.value}'; only 'model' failures teach"):
                learn(dataclasses.replace(failure, cause=cause), Canned(), store, simulated[0], config)
    with pytest.raises(UnknownNameError, match=r"fail2progress, gradient, .*original, random, replanning, sampling"):
        learners.make("guessing")
    with locked(store.folder / ".finetune.lock"), pytest.raises(StoreBusyError, match="is held by process"):
        learn(failure, Canned(), store, simulated[0], config)
    assert not (store.folder / "datasets").exists()


@pytest.mark.usefixtures("lenient")
def test_a_champion_that_moved_meanwhile_is_not_replaced(workshop: Workshop, simulated: Any) -> None:
    store, failure, config = workshop
    model = create(seed=2)
    content = weights_bytes(model)
    rival = store.put(content, manifest_for(model, content, "default"))

    def promote_meanwhile(stage: str, fraction: float, detail: str) -> None:
        if stage == "gate" and store.champion != rival:
            store.promote(rival)

    with pytest.raises(ParentMovedError, match=f"the champion is now {rival[:12]}"):
        learn(failure, Canned(), store, simulated[0], config, seed=5, progress=promote_meanwhile)
    assert store.champion == rival and len(store.ids) == 3 and len(list((store.folder / "datasets").iterdir())) == 1


@pytest.mark.parametrize("budget", [10_000, 1_000_000, 4_000_000])
def test_a_full_disk_keeps_the_champion_and_whole_data(workshop: Workshop, simulated: Any, budget: int) -> None:
    from f2p.weights.errors import NoSpaceError

    store, failure, config = workshop
    champion = store.champion
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (budget, hard))
        with pytest.raises((DatasetNotWrittenError, NoSpaceError), match="free space"):
            learn(failure, Canned(), store, simulated[0], config, seed=1)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, ignored)
    assert store.champion == champion and load_module(store, champion) and list(store.folder.rglob("*.part")) == []
    assert len(list(store.folder.glob("datasets/*"))) == (1 if budget > 10_000 else 0)


def test_the_gate_sees_what_was_held_out(simulated: Any, tmp_path: Path) -> None:
    batch = pack(simulated[2], np.random.default_rng(0))
    batch.save(tmp_path / "replay.safetensors", notes={"held_out": 1})
    trained, frozen = replay_parts(tmp_path / "replay.safetensors", 0.5)
    assert (len(trained), len(frozen)) == (3, 1) and frozen.sha256 == batch.take([3]).sha256

    class Other:
        config = SimpleNamespace(skills=("juggle",))

    with pytest.raises(BadDatasetError, match="it holds pick_place; of what the weights know, nothing"):
        replay_parts(tmp_path / "replay.safetensors", 0.5, Other())
    batch.save(tmp_path / "other.safetensors")
    assert [len(part) for part in replay_parts(tmp_path / "other.safetensors", 0.5)] == [2, 2]
