"""An architecture that no file of ours names goes the whole way: trained, kept, served, inferred around, fine-tuned."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from typer.testing import CliRunner

from f2p.action.protocol import actions, width_of
from f2p.cli import build, train_data
from f2p.learner.protocol import learners
from f2p.learner.untargeted import UntargetedConfig
from f2p.model import factory
from f2p.model.architectures.protocol import Architecture, architectures
from f2p.model.batch import TransitionBatch
from f2p.model.errors import ForeignWeightsError
from f2p.model.factory import SHIPPED, create, load_weights, started_from
from f2p.model.heads import GAPS, gaps, picked
from f2p.model.predictor import TorchPredictor
from f2p.model.protocol import RelationLogits
from f2p.model.recipe import FinetuneConfig, StageConfig
from f2p.monitor.compare import compare
from f2p.posterior.config import PosteriorConfig, SvgdConfig
from f2p.posterior.infer import infer
from f2p.scene.goals import parse_goal
from f2p.settings import Settings, number
from f2p.sim.protocol import make_simulator
from f2p.sim.world import reconstruct
from f2p.types import Cause, Execution, Failure, Outcome, SkillCall
from f2p.weights.cycle import learn
from f2p.weights.cycle_config import CycleConfig
from f2p.weights.golden import golden_scene
from f2p.weights.modules import load_module, open_store
from f2p.weights.service import WeightsService

NAME = "test_toy"


@dataclass(frozen=True, eq=False)
class ToyLatent:
    """Boxes, and nothing of what the clouds look like."""

    boxes: Tensor
    mask: Tensor

    def expanded(self, batch: int) -> ToyLatent:
        count = batch if len(self.boxes) == 1 else len(self.boxes)
        return ToyLatent(self.boxes.expand(count, -1, -1), self.mask.expand(count, -1))

    def gathered(self, others: Sequence[ToyLatent], index: Tensor) -> ToyLatent:
        every = (self, *others)
        boxes, mask = torch.cat([one.boxes for one in every]), torch.cat([one.mask for one in every])
        return ToyLatent(boxes[index], mask[index])

    def detached(self) -> ToyLatent:
        return dataclasses.replace(self, boxes=self.boxes.detach())

    def difference(self, other: ToyLatent) -> Tensor:
        return (self.boxes - other.boxes).square().mean(-1)


@dataclass(frozen=True)
class ToyConfig(Settings):
    """Sizes."""

    hidden: int = number(24, "neurons", low=1, high=512)
    skills: tuple[str, ...] = field(default_factory=lambda: actions.names)


class Toy(Architecture[ToyLatent]):
    """Relations from how boxes lie to each other, effects from that and the parameters."""

    config_class = ToyConfig
    profiles: ClassVar = {"default": ToyConfig, "wide": lambda: ToyConfig(hidden=48)}
    groups: ClassVar = {
        "encoder": (), "embedding": (), "decoders": ("unary.", "binary."), "dynamics": ("effects.",)
    }  # fmt: skip

    def __init__(self, config: ToyConfig) -> None:
        super().__init__()
        self.config = config
        self.unary = nn.Linear(6, 3)
        self.binary = nn.Sequential(nn.Linear(GAPS, config.hidden), nn.ReLU(), nn.Linear(config.hidden, 9))
        self.effects = nn.ModuleDict({skill: nn.Linear(GAPS + width_of(skill), 3) for skill in config.skills})

    @property
    def max_segments(self) -> int:
        return 40

    def observe(self, points: Tensor, mask: Tensor, ids: Tensor | None = None) -> ToyLatent:
        centroid = points.mean(-2)
        corners = [side - centroid for side in (points.amin(-2), points.amax(-2))]
        return ToyLatent(torch.cat([centroid, *corners], -1) * mask.unsqueeze(-1), mask)

    def moved(self, latent: ToyLatent, translations: Tensor) -> ToyLatent:
        latent = latent.expanded(len(translations))
        boxes = torch.cat([latent.boxes[..., :3] + translations, latent.boxes[..., 3:]], -1)
        return dataclasses.replace(latent, boxes=boxes)

    def advance(
        self, latent: ToyLatent, skill: str, object_index: Tensor, parameters: Tensor
    ) -> tuple[ToyLatent, Tensor]:
        latent = latent.expanded(len(parameters))
        between = gaps(latent.boxes, picked(latent.boxes, object_index).unsqueeze(1))
        told = parameters.unsqueeze(1).expand(-1, between.shape[1], -1)
        displacements = self.effects[skill](torch.cat([between, told], -1)) * latent.mask.unsqueeze(-1)
        return self.moved(latent, displacements), displacements

    def relations(self, latent: ToyLatent) -> RelationLogits:
        boxes = latent.boxes
        binary = self.binary(gaps(boxes.unsqueeze(2), boxes.unsqueeze(1)))
        return RelationLogits(self.unary(boxes[..., 3:]), binary)


@pytest.fixture(autouse=True)
def toy() -> Iterator[None]:
    """The toy among the architectures, for the time of one test."""
    architectures.register(NAME)(Toy)
    yield
    del architectures._items[NAME]


_TRAINED: dict[str, bytes] = {}
"""What training wrote when it was first asked for: it writes the same again, and every test has files of its own."""


@pytest.fixture
def trained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A weights file of the toy, by `f2p train` on the replay set instead of simulated executions."""
    out = tmp_path / "ship" / f"{NAME}.safetensors"
    if not _TRAINED:
        _train(out, monkeypatch)
        _TRAINED.update({path.name: path.read_bytes() for path in out.parent.iterdir()})
    out.parent.mkdir(exist_ok=True)
    for name, content in _TRAINED.items():
        (out.parent / name).write_bytes(content)
    return out


def _train(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    batch = TransitionBatch.load(SHIPPED / "replay.safetensors").take(slice(0, 60))
    monkeypatch.setattr(train_data, "pretraining_data", lambda *_, **__: (batch, batch.sha256))
    words = ["train", "--architecture", NAME, "--executions", "60", "--effort", "0.01", "--out", str(out), "--json"]
    result = CliRunner().invoke(build("train"), words)
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout.strip().splitlines()[-1])
    assert told["architecture"] == NAME and np.isfinite(told["metrics"]["f1_next"]["mean"])


def test_it_is_named_among_the_choices_and_has_profiles_of_its_own(tmp_path: Path) -> None:
    for words, said in (
        (("--architecture", "guess"), "no architecture is called 'guess'; choose one of: binary_pred, points2plans, s"),
        (
            ("--architecture", NAME, "--profile", "literal"),
            f"no profile of {NAME} is called 'literal'; choose one of: d",
        ),
    ):
        result = CliRunner().invoke(build("train"), ["train", *words, "--out", str(tmp_path / "w.safetensors")])
        assert result.exit_code == 2 and said in " ".join(result.stderr.split())
    assert create("wide", NAME).config.hidden == 48


def test_its_weights_are_kept_served_and_refused_by_others(trained: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model, manifest = load_weights(trained)
    assert isinstance(model, Toy) and manifest["config"] == {"hidden": 24, "skills": list(actions.names)}
    with pytest.raises(ForeignWeightsError, match=f"architecture is '{NAME}', this model's is 'points2plans'"):
        started_from(create(), trained)
    monkeypatch.setattr(factory, "SHIPPED", trained.parent)
    store = open_store(trained.parents[1] / "store", NAME)
    assert store.manifest(store.champion).architecture == NAME
    scene, holder = golden_scene(), WeightsService(store).holder
    parameters = np.zeros((5, 1, 4))
    skeleton, goal = (SkillCall("pick_place", "box", np.zeros(4)).step,), parse_goal("above(box, table_b)")
    scores = holder.pin().score(scene, skeleton, parameters, goal)
    assert scores.shape == (5,) and np.all((scores >= 0) & (scores <= 1))


def test_a_failure_of_it_is_inferred_around_learned_from_and_judged(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(factory, "SHIPPED", trained.parent)
    store, simulator = open_store(tmp_path / "store", NAME), make_simulator()
    model, _ = load_module(store, store.champion)
    world, call = reconstruct(golden_scene()), SkillCall("pick_place", "box", np.array([0.0, -1.25, 0.0, 0.0]))
    (one,) = simulator.simulate(world.bodies, world.poses[None], (call,), seed=0).kept
    prediction = TorchPredictor(model, store.champion).predict(one.before, (call,))[0]
    outcome = Outcome(
        one.before, call, one.after, prediction, one.relations_before, one.relations_after, Execution(True),
        store.champion,
    )  # fmt: skip
    found, goal = compare(outcome), parse_goal("above(box, table_b)")
    failure = Failure("toy-1", outcome, goal, None, Cause.MODEL, found.score, 2.0, found.contradictions)
    few = SvgdConfig(iterations=2)
    particles, _ = infer(failure, model, config=PosteriorConfig(particles=3, state_search=few, action_search=few))
    assert len(particles.calls) == 3
    recipe = FinetuneConfig(stage=StageConfig(steps=3, batch=2, warmup=0), replayed=2)
    learner = learners.make("random", UntargetedConfig(transitions=4))
    report = learn(failure, learner, store, simulator, CycleConfig(finetune=recipe, publish=False), 0)
    assert report.gate is not None and report.weights_id in store.ids and report.weights_id != report.parent
    tuned, manifest = load_module(store, report.weights_id)
    assert manifest.architecture == NAME and manifest.parent == report.parent
    changed = {name.split(".")[0] for name, value in tuned.state_dict().items()
               if not torch.equal(value, model.state_dict()[name])}  # fmt: skip
    assert changed == {"effects"}, "what is frozen stays"
