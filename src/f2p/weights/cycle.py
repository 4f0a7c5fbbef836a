"""One round of learning: failure -> data -> tuned weights -> gate -> champion, under one lock, with its lineage."""

from __future__ import annotations

import contextlib
import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np

from f2p.clock import Clock, SystemClock
from f2p.learner.dataset import Dataset, write_dataset, write_learning
from f2p.learner.errors import DatasetNotWrittenError, NotTeachableError
from f2p.learner.protocol import FAILED_STEP, LearnContext, LearnedData, Learner, Progress, no_progress
from f2p.model.architectures.protocol import Architecture
from f2p.model.batch import TransitionBatch, pack
from f2p.model.factory import weights_bytes
from f2p.model.predictor import TorchPredictor
from f2p.model.remembered import MEMORY
from f2p.model.threads import beside, in_turn, limit_threads
from f2p.model.train import finetune
from f2p.model.transitions import Transitions
from f2p.sim.protocol import Simulator
from f2p.types import Cause, Failure
from f2p.weights.cycle_config import CycleConfig
from f2p.weights.files import locked
from f2p.weights.gate import GateReport, judge
from f2p.weights.lineage import lineage_facts
from f2p.weights.measure import replay_f1, replay_parts
from f2p.weights.modules import load_module, manifest_for
from f2p.weights.reliability import Reliability, measure_reliability
from f2p.weights.store import WeightsStore


@dataclass(frozen=True, eq=False)
class LearnReport:
    """What one round did."""

    failure_id: str
    learner: str
    seed: int
    parent: str
    weights_id: str | None
    """The new weights, published or not; None if the learner had nothing to teach."""
    published: bool
    gate: GateReport | None
    dataset: Dataset | None
    data: LearnedData
    losses: tuple[float, ...]
    seconds: dict[str, float]
    """By stage: svi_states, svi_actions, settle, simulate, finetune, gate, calibrate and publish if it was, total."""
    reliability: Reliability | None = None
    """How often plans of the new weights came true; None where that is not known."""

    def values(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "failure": self.failure_id,
            "learner": self.learner,
            "seed": self.seed,
            "parent": self.parent,
            "weights": self.weights_id,
            "published": self.published,
            "gate": None if self.gate is None else self.gate.values(),
            "dataset": None
            if self.dataset is None
            else {"folder": str(self.dataset.folder), **self.dataset.provenance},
            "counts": self.data.counts,
            "tries": self.data.tries,
            "reliability": None if self.reliability is None else self.reliability.values(),
            "loss_first": self.losses[0] if self.losses else None,
            "loss_last": self.losses[-1] if self.losses else None,
            "seconds": {name: round(value, 3) for name, value in self.seconds.items()},
        }


def learn(
    failure: Failure,
    learner: Learner,
    store: WeightsStore,
    simulator: Simulator,
    config: CycleConfig | None = None,
    seed: int = 0,
    progress: Progress = no_progress,
    clock: Clock | None = None,
) -> LearnReport:
    """Learn from one failure and publish the result if the gate lets it pass.

    One fine-tune per store at a time. The very last rename is the last cancellation point: until then the champion is
    untouched and `progress` may stop the round by raising; after it nothing raises or reports. The data set is kept
    whatever happens later.

    Raises:
        NotTeachableError: The failure's cause is not the model.
        StoreBusyError: Another fine-tune is running on this store.
        ParentMovedError: Somebody published meanwhile; the new weights and the data are kept in the store.
        NoSpaceError, DatasetNotWrittenError: The disk is full.
        F2pError: Whatever posterior, simulation or training report.
    """
    limit_threads()
    config, clock = config or CycleConfig(), clock or SystemClock()
    if failure.cause is not Cause.MODEL:
        raise NotTeachableError(failure.id, failure.cause.value)
    with locked(store.folder / ".finetune.lock", wait_s=config.busy_wait_s, clock=clock):
        return _Round(failure, learner, store, config, seed, progress, clock).run(simulator)


class _Round:
    """The stages of one round and their times."""

    def __init__(
        self,
        failure: Failure,
        learner: Learner,
        store: WeightsStore,
        config: CycleConfig,
        seed: int,
        progress: Progress,
        clock: Clock,
    ) -> None:
        self.failure, self.learner, self.store, self.config = failure, learner, store, config
        self.seed, self.progress, self.clock = seed, in_turn(progress), clock
        self.seconds: dict[str, float] = {}
        self.reliability: Reliability | None = None
        self._start = self._last = clock.monotonic_s()

    def run(self, simulator: Simulator) -> LearnReport:
        """Run all stages."""
        parent = self.store.champion
        model, _ = load_module(self.store, parent)
        self.progress("load", 1.0, f"weights {parent[:12]}")
        config, workers = self.config, self.config.workers
        context = LearnContext(model, simulator, self.seed, self.progress, self.clock, config.transitions, workers)
        self._last = self.clock.monotonic_s()
        with beside(lambda: self._old_tasks(model), workers) as old_tasks:
            data = self.learner.respond(self.failure, context)
        self.seconds.update(data.timings)
        self._lap("respond")
        if not data.transitions:
            return self._report(parent, None, False, None, None, data, ())
        batch = pack(data.transitions, np.random.default_rng((self.seed, 73)))
        name = f"{self.failure.id}-{self.learner.name}-{self.seed}-{batch.sha256[:8]}"
        dataset = write_dataset(
            self.store.folder / "datasets" / name, self.failure, self.learner.name, self.seed, data, batch
        )
        replay, frozen, before = old_tasks()
        self._lap("data")
        recipe = data.recipe or self.config.finetune
        failed = [index for index, one in enumerate(data.transitions) if one.tag == FAILED_STEP]
        tuned, losses = finetune(model, batch, replay, recipe, self.seed, self.progress, always=failed)
        self._lap("finetune")
        gate = self._judge(parent, model, tuned, frozen, before)
        self._lap("gate")
        if gate.passed:
            self._probe(tuned, simulator)
        weights_id = self._keep(parent, tuned, gate, dataset, data, losses)
        wanted = gate.passed and self.config.publish
        kept = self._report(parent, weights_id, False, gate, dataset, data, losses)
        words = {**kept.values(), "losses": losses}
        write_learning(dataset, words | ({"published": None} if wanted else {}))
        fate = "to be published" if wanted else "kept" if gate.passed else "refused"
        self.progress("publish", 1.0, f"weights {weights_id[:12]} {fate}")  # the last word before there is no way back
        if not wanted:
            return kept
        self.store.publish(weights_id, parent)
        self._lap("publish")
        report = self._report(parent, weights_id, True, gate, dataset, data, losses)
        # Served they are, whether or not that can still be written down: a full disk must not make it a failed round.
        with contextlib.suppress(DatasetNotWrittenError):
            write_learning(dataset, {**report.values(), "losses": losses})
        return report

    def _old_tasks(self, model: Architecture) -> tuple[TransitionBatch, TransitionBatch, dict[str, float]]:
        """Return the replay data to train on, those of the gate, and the F1 of the weights in service on the latter.

        Their clouds are encoded here, apart from what is learned: what is remembered of them changes no bit.
        """
        replay, frozen = replay_parts(self.config.replay, self.config.gate_share, model)
        with MEMORY.lasting(self.store.folder / "features.safetensors"):
            model.encoding(Transitions(replay)).freeze()
            return replay, frozen, replay_f1(model, frozen)

    def _judge(
        self,
        parent: str,
        model: Architecture,
        tuned: Architecture,
        frozen: TransitionBatch,
        before: dict[str, float],
    ) -> GateReport:
        """Ask the gate."""
        self.progress("gate", 0.0, f"{len(frozen)} frozen transitions and the failed step")
        old, new = (TorchPredictor(one, name) for one, name in ((model, parent), (tuned, "candidate")))
        report = judge(self.failure, old, new, before, replay_f1(tuned, frozen), self.config.gate)
        self.progress("gate", 1.0, "passed" if report.passed else "; ".join(report.reasons))
        return report

    def _probe(self, tuned: Architecture, simulator: Simulator) -> None:
        """See how often plans of the new weights come true."""
        config, candidate = self.config.reliability, TorchPredictor(tuned, "candidate")
        found = measure_reliability(
            candidate, self.failure, simulator, self.seed, config,
            lambda done: self.progress("calibrate", done, f"plans of the new weights in {config.probes} other scenes"),
            self.config.workers,
        )  # fmt: skip
        told = "too few plans are believed" if found is None else f"{found.right} of {found.tried} plans came true"
        self.progress("calibrate", 1.0, told)
        self.reliability = found
        self._lap("calibrate")

    def _keep(
        self,
        parent: str,
        tuned: Architecture,
        gate: GateReport,
        dataset: Dataset,
        data: LearnedData,
        losses: tuple[float, ...],
    ) -> str:
        """Put the new weights into the store, with their lineage."""
        content = weights_bytes(tuned)
        made = {
            "learner": self.learner.name,
            "seed": self.seed,
            "recipe": dataclasses.asdict(data.recipe or self.config.finetune),
            "steps": len(losses),
            "loss": losses[-1] if losses else None,
        }
        manifest = manifest_for(
            tuned,
            content,
            self.store.manifest(parent).profile,
            parent=parent,
            made=made,
            gate=gate.values(),
            reliability=None if self.reliability is None else self.reliability.values(),
            **lineage_facts(self.failure, dataset, data.particles),
        )
        return self.store.put(content, manifest)

    def _lap(self, stage: str) -> None:
        """Write down the seconds since the last lap."""
        now = self.clock.monotonic_s()
        self.seconds[stage] = now - self._last
        self._last = now

    def _report(
        self,
        parent: str,
        weights_id: str | None,
        published: bool,
        gate: GateReport | None,
        dataset: Dataset | None,
        data: LearnedData,
        losses: tuple[float, ...],
    ) -> LearnReport:
        """Put the report together."""
        self.seconds["total"] = self.clock.monotonic_s() - self._start
        return LearnReport(
            self.failure.id, self.learner.name, self.seed, parent, weights_id, published, gate, dataset, data, losses,
            dict(self.seconds), self.reliability,
        )  # fmt: skip
