"""Learning from one failure, measured: several failures, several seeds, fresh scenes, success by ground truth.

Every cell (one learned model) is a folder of its own under the experiment's folder, written when it is done, so that a
long run can be stopped and gone on with.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from f2p.evaluate.failures import make_failure
from f2p.evaluate.kept import foundations, read_kept
from f2p.evaluate.rows import Row
from f2p.evaluate.statistics import calibration
from f2p.evaluate.trial import Trial, run_trial
from f2p.files import write_whole
from f2p.learner.errors import NothingToMoveError, TooFewTransitionsError
from f2p.learner.protocol import learners
from f2p.model.errors import DivergedError
from f2p.plan.planner import Planner
from f2p.plan.protocol import Predictor
from f2p.posterior.errors import PosteriorError
from f2p.settings import Settings, choice
from f2p.sim.errors import SimulationError
from f2p.sim.protocol import DEFAULT_SIMULATOR, make_simulator, simulators
from f2p.tasks.chance import chance
from f2p.tasks.protocol import tasks
from f2p.weights.checks import sha256_of
from f2p.weights.cycle import CycleConfig, learn
from f2p.weights.modules import load_predictor, open_store

TRIAL_STREAM = 202
"""Keeps scenes of trials apart from scenes of failures; nothing was tuned on either."""

NOT_TAUGHT = (TooFewTransitionsError, NothingToMoveError, PosteriorError, SimulationError, DivergedError)
"""How learning itself may fail: that counts against the learner. A full disk or a damaged file does not."""

Progress = Callable[[str, float, str], None]


@dataclass(frozen=True)
class ExperimentConfig(Settings):
    """What is compared on what."""

    task: str = "transport"
    objects: int = 3
    trials: int = 50
    """Trials per row, dealt out evenly to the learned models."""
    learners: tuple[str, ...] = ("original", "fail2progress")
    failures: int = 5
    seeds: int = 3
    first_failure: int = 0
    """Number of the first failure: others are other scenes."""
    first_trial: int = 0
    """Number of the first trial scene."""
    chance_trials: int = 200
    simulator: str = choice(DEFAULT_SIMULATOR, "what everything is executed and judged in", lambda: simulators.names)
    cycle: CycleConfig = field(default_factory=CycleConfig)


@dataclass(frozen=True)
class Cell:
    """One learned model: which failure, which seed."""

    learner: str
    failure: int
    seed: int

    @property
    def name(self) -> str:
        """Folder of the cell."""
        return f"{self.learner}-f{self.failure}-s{self.seed}"


class Experiment:
    """One comparison.

    Args:
        config: What is compared.
        folder: Where cells are kept; finished ones are not done again while code, weights and recipe are the same.
        progress: Told of every trial.
    """

    def __init__(self, config: ExperimentConfig, folder: Path, progress: Progress) -> None:
        self.config, self.folder, self._progress = config, folder, progress
        self._task, self._simulator = tasks.make(config.task), make_simulator(config.simulator)

    def rows(self) -> list[Row]:
        """All rows: each learner with the skeleton given and with free search, where the task allows both."""
        by_chance = chance(self._task, self._simulator, self.config.objects, self.config.chance_trials, 303).rate
        out = []
        for learner in self.config.learners:
            results = [self._cell(cell) for cell in self._cells(learner)]
            for skeleton in ("given", "free"):
                out.append(self._row(learner, skeleton, results, by_chance))
        return out

    def _cells(self, learner: str) -> list[Cell]:
        """The models of one row; an unchanged model is the same whatever failed."""
        if learner == "original":
            return [Cell(learner, self.config.first_failure, 0)]
        numbers = range(self.config.first_failure, self.config.first_failure + self.config.failures)
        return [Cell(learner, failure, seed) for failure in numbers for seed in range(self.config.seeds)]

    def _scenes(self, cell: Cell) -> list[int]:
        """Numbers of the trial scenes dealt to a cell: all cells together get `trials`."""
        cells = self._cells(cell.learner)
        place = cells.index(cell)
        return [self.config.first_trial + number for number in range(place, self.config.trials, len(cells))]

    def _cell(self, cell: Cell) -> dict[str, Any]:
        """Learn and try, or read what was found before."""
        folder = self.folder / cell.name
        wanted, basis = self._scenes(cell), self._basis(cell.learner)
        known = read_kept(folder / "result.json")
        if known.get("scenes") == wanted and known.get("basis") == basis:
            return known
        shutil.rmtree(folder / "weights", ignore_errors=True)  # a stopped cell may have published already
        self._progress(cell.name, 0.0, "learning")
        predictor, facts = self._learned(cell, folder / "weights")
        result = {"cell": asdict(cell), "scenes": wanted, "basis": basis, "learning": facts}
        for skeleton in ("given", "free"):
            result[skeleton] = [asdict(trial) for trial in self._try(cell, predictor, wanted, skeleton == "free")]
        write_whole(folder / "result.json", json.dumps(result, indent=1).encode())
        return result

    def _basis(self, learner: str) -> dict[str, str]:
        """What a result rests on: code, the weights that a cell begins with, the learner, a digest of both recipes."""
        recipe = {"cycle": asdict(self.config.cycle), "learner": _config_of(learner)}
        recipe["cycle"]["replay"] = sha256_of(self.config.cycle.replay.read_bytes())
        digest = hashlib.sha256(json.dumps(recipe, sort_keys=True, default=str).encode()).hexdigest()
        return {**foundations(), "learner": learner, "simulator": self.config.simulator, "recipe": digest}

    def _learned(self, cell: Cell, folder: Path) -> tuple[Predictor, dict[str, Any]]:
        """The predictor after learning from the cell's failure; the old one where the gate (or the learner) refuses.

        Raises:
            F2pError: Whatever says nothing about the learner, such as a full disk.
        """
        store = open_store(folder)
        original = load_predictor(store, store.champion)
        if cell.learner == "original":
            return original, {"passed": True}
        failure = make_failure(
            self._task, Planner(lambda: original), self._simulator, self.config.objects, cell.failure
        )
        try:
            report = learn(failure, cell.learner, store, self._simulator, self.config.cycle, cell.seed)
        except NOT_TAUGHT as error:
            return original, {"passed": False, "error": str(error)}
        return load_predictor(store, store.champion), report.values() | {"passed": report.published}

    def _try(self, cell: Cell, predictor: Predictor, scenes: Sequence[int], free: bool) -> list[Trial]:
        """One trial in each of the scenes."""
        planner, out = Planner(lambda: predictor), []
        for number in scenes:
            instance = self._task.make(
                np.random.default_rng((TRIAL_STREAM, number)), self.config.objects, self._simulator
            )
            out.append(run_trial(instance, predictor, planner, self._simulator, free=free, seed=number))
            found = sum(trial.success for trial in out)
            which = "free" if free else "given"
            self._progress(cell.name, len(out) / len(scenes), f"{which}: {found} of {len(out)} trials succeeded")
        return out

    def _row(self, learner: str, skeleton: str, results: list[dict[str, Any]], by_chance: float) -> Row:
        """Put the trials of all cells together."""
        trials = [trial for result in results for trial in result[skeleton]]
        beliefs = np.array([trial["belief"] for trial in trials])
        successes = np.array([trial["success"] for trial in trials], bool)
        carried = [trial["carried_error"] for trial in trials if trial["carried_error"] is not None]
        gates = [result["learning"].get("gate") for result in results if result["learning"].get("gate")]
        reliability = calibration(beliefs, successes)
        details: dict[str, object] = {
            "models": len(results),
            "passed_gate": sum(bool(result["learning"]["passed"]) for result in results),
            "mean_belief": reliability.mean_belief,
            "calibration_gap": reliability.gap,
            "calibration_error": reliability.expected_error,
            "reliability": reliability.bins,
            "carried_error": float(np.mean(carried)) if carried else None,
            "carried_error_median": float(np.median(carried)) if carried else None,
            "old_f1_next": float(np.mean([gate["replay_after"]["next"] for gate in gates])) if gates else None,
            "old_f1_next_before": float(np.mean([gate["replay_before"]["next"] for gate in gates])) if gates else None,
        }
        return Row(
            self.config.task, "points2plans", self.config.objects, learner, skeleton, len(trials),
            int(successes.sum()), by_chance, details,
        )  # fmt: skip


def _config_of(learner: str) -> dict[str, Any]:
    """The settings of a learner as it is made; empty for one without any."""
    config = getattr(learners.make(learner), "config", None)
    return {} if config is None else asdict(config)
