"""Ten thousand bad weights files: how many a model server would load (promises.md 5.14), beside good ones it must."""

from __future__ import annotations

import dataclasses
import json
import shutil
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from f2p.bench.protocol import Measurement, Progress, benchmarks
from f2p.errors import F2pError
from f2p.model.factory import weights_bytes
from f2p.settings import Settings, number, setting
from f2p.weights import damage
from f2p.weights.checks import sha256_of
from f2p.weights.golden import MeasureConfig
from f2p.weights.measure import replay_f1, replay_parts
from f2p.weights.modules import manifest_for, open_store
from f2p.weights.service import load_proven

HARM = 0.02
"""F1 lost on replay data that nothing measured, from which on weights that load are harmful (as the gate)."""


MAY_BE_HARMLESS = ("nonsense", "refitted")
"""Kinds of which some do nothing: the last bit of one weight, or of a comment in the header."""


@dataclass(frozen=True)
class Tried:
    """What became of one file."""

    index: int
    kind: str
    loaded: bool
    code: int
    """Of the error that refused it; 0 where it was loaded."""
    crash: str = ""
    """An exception that is no refusal."""
    lost: float = 0.0
    """Of weights that loaded: F1 lost on data they were not measured on."""

    @property
    def bad(self) -> bool:
        """Whether it was loaded and must not have been."""
        return self.loaded and (self.lost > HARM or not self.kind.startswith(MAY_BE_HARMLESS))


@dataclass(frozen=True)
class BadFilesConfig(Settings):
    """How many, and where what became of them is written."""

    files: int = number(10_000, "bad files", low=1, high=10_000_000, source="promises.md 5.14")
    rows: Path = setting(Path("runs/bench/bad_files.jsonl"), "what became of each; what is there is not done again")


def kind_of(index: int) -> str:
    """Return what is done to the file with this number: one in ten is nonsense, which takes a second to find out."""
    slow = [f"nonsense {one}" for one in damage.NONSENSE] + ["refitted bit", "refitted block"]
    if index % 10 == 0:
        return slow[index // 10 % len(slow)]
    others = [f"altered {one}" for one in damage.ALTERED]
    others += [f"refitted {one}" for one in damage.ALTERED if f"refitted {one}" not in slow]
    others += [f"fitting {one}" for one in damage.FITTING] + [f"odd {one}" for one in damage.ODD_FILES]
    return others[(index - index // 10 - 1) % len(others)]


class Planted:
    """A store with good weights in service, into which bad ones are planted."""

    def __init__(self, folder: Path) -> None:
        self.store, self.folder = open_store(folder), folder
        self.good, self.trap = damage.good(), folder / "trap"
        self._before: dict[str, float] = {}
        self._other, _ = replay_parts(MeasureConfig().replay, MeasureConfig().gate_share)

    def run(self, index: int, seed: int) -> Tried:
        """Plant one file, try to load it, take it away."""
        kind, keep = kind_of(index), set(self.folder.iterdir())
        name = self._plant(kind, np.random.default_rng((seed, index)))
        try:
            predictor = load_proven(self.store, name)
            lost = self._lost(name) if kind.startswith(MAY_BE_HARMLESS) else 0.0
            out = Tried(index, kind, predictor.weights_id == name, 0, lost=lost)
        except F2pError as error:
            out = Tried(index, kind, False, type(error).code or 0)
        except Exception as error:  # whatever it is, it is no refusal
            out = Tried(index, kind, False, 0, crash=repr(error)[:300])
        for path in set(self.folder.iterdir()) - keep:
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() and path != self.trap else path.unlink()
        return out

    def _plant(self, kind: str, rng: np.random.Generator) -> str:
        group, _, how = kind.partition(" ")
        base = self.good
        if group == "altered":
            name = sha256_of(base.data + how.encode())  # a digest of other bytes
            return damage.plant(self.folder, damage.ALTERED[how](base.data, rng), base.manifest, name)
        if group == "refitted":
            return damage.plant(self.folder, damage.ALTERED[how](base.data, rng), base.manifest)
        if group == "fitting":
            return damage.plant(self.folder, *damage.fitting(base, how, rng))
        if group == "odd":
            return damage.odd_file(self.folder, base, how, rng, self.trap)
        model = damage.nonsense(how, rng)
        data = weights_bytes(model)
        try:
            manifest = manifest_for(model, data, "default")
            manifest.to_bytes()
        except F2pError:  # answers that are no numbers: whoever wrote the manifest wrote the good ones
            manifest = base.manifest
        return damage.plant(self.folder, data, manifest)

    def _lost(self, name: str) -> float:
        """Return how much F1 loaded weights lose on the part of the replay set that nothing measured them on."""
        from f2p.weights.modules import load_module

        if not self._before:
            self._before = replay_f1(load_module(self.store, self.store.champion)[0], self._other)
        after = replay_f1(load_module(self.store, name)[0], self._other)
        return max(value - after[key] for key, value in self._before.items())


def tried_in(path: Path) -> dict[int, Tried]:
    """Return the rows of a file that an earlier run wrote; a line that was cut is none."""
    out = {}
    for line in path.read_text().splitlines() if path.exists() else ():
        try:
            row = Tried(**json.loads(line))
        except (ValueError, TypeError):
            continue
        out[row.index] = row
    return out


@benchmarks.register("badfiles")
class BadFiles:
    """Bad weights files of every kind, one after the other; goes on where an earlier run was ended."""

    on_request = True

    def __init__(self, config: BadFilesConfig | None = None) -> None:
        self.config = config or BadFilesConfig()

    def __call__(self, seed: int, progress: Progress) -> list[Measurement]:
        """Measure."""
        config = self.config
        rows = tried_in(config.rows)
        config.rows.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as folder, config.rows.open("a") as file:
            trial = Planted(Path(folder))
            for index in range(config.files):
                if index not in rows:
                    rows[index] = trial.run(index, seed)
                    file.write(json.dumps(dataclasses.asdict(rows[index])) + "\n")
                    file.flush()
                progress("bad files", (index + 1) / config.files, rows[index].kind)
            whole = load_proven(trial.store, trial.store.champion).weights_id == trial.store.champion
            ran = trial.trap.exists()
        return measured([rows[index] for index in range(config.files)], whole, ran)


def measured(rows: list[Tried], whole: bool, ran: bool) -> list[Measurement]:
    """Return what came of all files."""
    harmless = Counter(row.kind for row in rows if row.loaded and not row.bad)
    return [
        Measurement(f"of {len(rows)} bad files, loaded", sum(row.bad for row in rows), "files", 0),
        Measurement("exceptions that are no refusal", sum(bool(row.crash) for row in rows), "files", 0),
        Measurement("code run from a file", int(ran), "times", 0),
        Measurement("good weights loaded beside them", int(whole), "files", 1, at_least=True),
        Measurement(
            f"altered so that nothing was lost, and loaded ({', '.join(harmless) or 'none'})", sum(harmless.values()),
            "files", len(rows),
        ),
    ]  # fmt: skip
