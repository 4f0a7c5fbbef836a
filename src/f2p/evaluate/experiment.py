"""Learning from one failure, measured: several failures, several seeds, fresh scenes, success by ground truth.

Every cell (one learned model) is a folder of its own under the experiment's folder, written when it is done, so that a
long run can be stopped and gone on with.
"""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import shutil
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from f2p.evaluate.failures import make_failure
from f2p.evaluate.kept import foundations, keep, read_kept
from f2p.evaluate.rows import SKELETONS, Row, Setting, row_of
from f2p.evaluate.trial import Trial, run_trial
from f2p.learner.errors import NothingToMoveError, TooFewTransitionsError
from f2p.learner.protocol import Learner, learners
from f2p.model.architectures.protocol import architectures
from f2p.model.errors import DivergedError
from f2p.model.shipping import DEFAULT_ARCHITECTURE
from f2p.plan.planner import Planner
from f2p.plan.protocol import Predictor
from f2p.posterior.errors import PosteriorError
from f2p.settings import Settings, choice, choices, group, number, setting
from f2p.sim.errors import SimulationError
from f2p.sim.protocol import DEFAULT_SIMULATOR, make_simulator, simulators
from f2p.tasks.chance import chance
from f2p.tasks.protocol import tasks
from f2p.types import Failure
from f2p.weights.checks import sha256_of
from f2p.weights.cycle import learn
from f2p.weights.cycle_config import CycleConfig
from f2p.weights.modules import open_store
from f2p.weights.service import load_predictor

TRIAL_STREAM = 202
"""Keeps scenes of trials apart from scenes of failures; nothing was tuned on either."""

CHANCE_SEED = 303

NOT_TAUGHT = (TooFewTransitionsError, NothingToMoveError, PosteriorError, SimulationError, DivergedError)
"""How learning itself may fail: that counts against the learner. A full disk or a damaged file does not."""

Progress = Callable[[str, float, str], None]


@dataclass(frozen=True)
class ExperimentConfig(Settings):
    """What is compared on what."""

    task: str = setting("transport", "task that is tried, by name")
    objects: int = number(3, "objects of a scene", low=1, high=8)
    trials: int = number(50, "trials per row, dealt out evenly to the learned models", low=1, high=1_000_000)
    learners: tuple[str, ...] = setting(("original", "fail2progress"), "learners that are compared, by name")
    failures: int = number(5, "different failures to learn from", low=1, high=100_000)
    seeds: int = number(3, "seeds of learning per failure", low=1, high=100_000)
    first_failure: int = number(0, "number of the first failure: others are other scenes", low=0, high=2**31)
    first_trial: int = number(0, "number of the first trial scene", low=0, high=2**31)
    transitions: tuple[int | None, ...] = setting(
        (None,), "budgets of simulated transitions to learn with, one row each; none: as the learner's own settings say"
    )
    architecture: str = choice(DEFAULT_ARCHITECTURE, "whose shipped weights learn", lambda: architectures.names)
    skeletons: tuple[str, ...] = choices("whether the steps of a plan are given or searched for", lambda: SKELETONS)
    chance_trials: int = number(200, "trials that tell what chance reaches", low=1, high=1_000_000)
    simulator: str = choice(DEFAULT_SIMULATOR, "what everything is executed and judged in", lambda: simulators.names)
    cycle: CycleConfig = group(CycleConfig, "a round of learning; its budget is replaced")
    task_settings: Mapping[str, Any] = group(tasks.configs, "of each task")
    learner_settings: Mapping[str, Any] = group(lambda: learners.configs(), "of each learner")  # noqa: PLW0108 - a field has its name
    simulator_settings: Mapping[str, Any] = group(simulators.configs, "of each simulator")


@dataclass(frozen=True)
class Cell:
    """One learned model: which failure, which seed, how much data."""

    learner: str
    failure: int
    seed: int
    transitions: int | None = None

    @property
    def name(self) -> str:
        """Folder of the cell."""
        size = "" if self.transitions is None else f"-n{self.transitions}"
        return f"{self.learner}-f{self.failure}-s{self.seed}{size}"


class Experiment:
    """One comparison.

    Args:
        config: What is compared.
        folder: Where cells are kept; finished ones are not done again while code, weights and recipe are the same.
        progress: Called for every trial; with several workers for every cell.
        workers: Processes that learn and try, each with cells of its own.
    """

    def __init__(self, config: ExperimentConfig, folder: Path, progress: Progress, workers: int = 1) -> None:
        self.config, self.folder, self._progress, self._workers = config, folder, progress, workers
        self._simulator_config = config.simulator_settings.get(config.simulator)
        self._task_config = config.task_settings.get(config.task)
        self._task = tasks.make(config.task, self._task_config)
        self._simulator = make_simulator(config.simulator, self._simulator_config)
        self._failures: dict[int, Failure] = {}

    def rows(self) -> list[Row]:
        """Return all rows: each learner and budget with the skeleton given and with free search."""
        config, by_chance, out = self.config, self._chance(), []
        models = [(learner, transitions) for learner in config.learners for transitions in config.transitions]
        if self._workers > 1:
            self._side_by_side([cell for model in models for cell in self._cells(*model)])
        for learner, transitions in models:
            results = [self._cell(cell) for cell in self._cells(learner, transitions)]
            for skeleton in config.skeletons:
                facts = (config.task, config.architecture, config.objects, learner, skeleton)
                out.append(row_of(Setting(*facts, transitions), results, by_chance))
        return out

    def _side_by_side(self, cells: Sequence[Cell]) -> None:
        """Do all cells in processes of their own.

        Raises:
            F2pError: What a cell raised; the others that wait are not begun.
        """
        with ProcessPoolExecutor(self._workers, mp_context=multiprocessing.get_context("spawn")) as pool:
            jobs = {pool.submit(_do, self.config, self.folder, cell): cell for cell in cells}
            try:
                for done, job in enumerate(as_completed(jobs), 1):
                    job.result()
                    self._progress(jobs[job].name, done / len(cells), f"{done} of {len(cells)} models")
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    def _chance(self) -> float:
        """Return how often random parameters succeed, or what was found before."""
        path, config = self.folder / "chance.json", self.config
        wanted = {
            **foundations(self.config.architecture),
            "trials": config.chance_trials,
            "simulator": config.simulator,
            "task": _digest(self._task_config and asdict(self._task_config)),
        }
        known = read_kept(path)
        if known.get("basis") != wanted:
            self._progress("chance", 0.0, f"{config.chance_trials} random placements")
            rate = chance(self._task, self._simulator, config.objects, config.chance_trials, CHANCE_SEED).rate
            known = {"basis": wanted, "rate": rate}
            keep(path, known)
        return float(known["rate"])

    def _cells(self, learner: str, transitions: int | None) -> list[Cell]:
        """Return the models of one row."""
        numbers = range(self.config.first_failure, self.config.first_failure + self.config.failures)
        return [Cell(learner, failure, seed, transitions) for failure in numbers for seed in range(self.config.seeds)]

    def _scenes(self, cell: Cell) -> list[int]:
        """Return numbers of the trial scenes dealt to a cell: all cells of a row together get `trials`."""
        cells = self._cells(cell.learner, cell.transitions)
        place = cells.index(cell)
        return [self.config.first_trial + number for number in range(place, self.config.trials, len(cells))]

    def _cell(self, cell: Cell) -> dict[str, Any]:
        """Learn and try, or read what was found before."""
        folder = self.folder / cell.name
        wanted, basis = self._scenes(cell), self._basis(cell)
        known = read_kept(folder / "result.json")
        if (known.get("scenes"), known.get("basis")) == (wanted, basis) and {*self.config.skeletons} <= {*known}:
            return known
        shutil.rmtree(folder / "weights", ignore_errors=True)  # a stopped cell may have published already
        self._progress(cell.name, 0.0, "learning")
        predictor, facts = self._learned(cell, folder / "weights")
        result = {"cell": asdict(cell), "scenes": wanted, "basis": basis, "learning": facts}
        for skeleton in self.config.skeletons:
            trials = self._try(cell, predictor, wanted, skeleton == "free", int(facts.get("tries", 1)))
            result[skeleton] = [asdict(trial) for trial in trials]
        keep(folder / "result.json", result)
        return result

    def _basis(self, cell: Cell) -> dict[str, str]:
        """Return what a result rests on: code, weights a cell begins with, the learner, a digest of both recipes."""
        recipe: dict[str, Any] = {
            "cycle": asdict(self._cycle(cell)),
            "learner": asdict(self._learner(cell).config),
            "task": self._task_config and asdict(self._task_config),
            "simulator": self._simulator_config and asdict(self._simulator_config),
        }
        recipe["cycle"]["replay"] = sha256_of(self.config.cycle.replay.read_bytes())
        basis = foundations(self.config.architecture) | {"learner": cell.learner, "recipe": _digest(recipe)}
        return basis | {"simulator": self.config.simulator}

    def _learner(self, cell: Cell) -> Learner:
        """Return what responds to the failure of one cell."""
        return learners.make(cell.learner, self.config.learner_settings.get(cell.learner))

    def _cycle(self, cell: Cell) -> CycleConfig:
        """Return the round of learning of one cell."""
        return replace(self.config.cycle, transitions=cell.transitions)

    def _learned(self, cell: Cell, folder: Path) -> tuple[Predictor, dict[str, Any]]:
        """Return the predictor after learning from the cell's failure; the old one where gate or learner leave it.

        Raises:
            F2pError: Whatever says nothing about the learner, such as a full disk.
        """
        store = open_store(folder, self.config.architecture)
        original = load_predictor(store, store.champion)
        failure = self._failure(cell.failure, original)
        try:
            report = learn(failure, self._learner(cell), store, self._simulator, self._cycle(cell), cell.seed)
        except NOT_TAUGHT as error:
            return original, {"passed": False, "error": str(error)}
        passed = report.published or report.gate is None
        return load_predictor(store, store.champion), report.values() | {"passed": passed}

    def _failure(self, number: int, original: Predictor) -> Failure:
        """Return the failure of that number of the weights that ship; the same for all learners."""
        if number not in self._failures:
            planner = Planner(lambda: original)
            self._failures[number] = make_failure(self._task, planner, self._simulator, self.config.objects, number)
        return self._failures[number]

    def _try(self, cell: Cell, predictor: Predictor, scenes: Sequence[int], free: bool, tries: int) -> list[Trial]:
        """Run one trial in each of the scenes."""
        planner, out = Planner(lambda: predictor), []
        for scene in scenes:
            rng = np.random.default_rng((TRIAL_STREAM, scene))
            instance = self._task.make(rng, self.config.objects, self._simulator)
            out.append(run_trial(instance, planner, self._simulator, free=free, seed=scene, tries=tries))
            found = sum(trial.success for trial in out)
            which = "free" if free else "given"
            self._progress(cell.name, len(out) / len(scenes), f"{which}: {found} of {len(out)} trials succeeded")
        return out


def _do(config: ExperimentConfig, folder: Path, cell: Cell) -> None:
    """Do one cell, in a process of its own, and keep it."""
    Experiment(config, folder, lambda *_: None)._cell(cell)


def _digest(values: Any) -> str:
    """Return what tells settings from others."""
    return hashlib.sha256(json.dumps(values, sort_keys=True, default=str).encode()).hexdigest()
