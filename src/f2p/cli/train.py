"""`f2p train`: make the pre-training data, train a skill effect model on it, measure it, write it with its manifest."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from f2p.cli._shared import MOST_SEED, MOST_WORKERS, Assignments, commands, in_one_line, make_writable, settable
from f2p.clock import SystemClock
from f2p.model.shipping import DEFAULT_ARCHITECTURE
from f2p.settings import SettingError
from f2p.settings_text import set_by
from f2p.types import BINARY_RELATIONS, UNARY_RELATIONS

if TYPE_CHECKING:
    from f2p.cli._training import TrainConfig
    from f2p.model.architectures.protocol import Architecture
    from f2p.model.batch import TransitionBatch
    from f2p.model.metrics import Metrics
    from f2p.model.recipe import PretrainConfig
    from f2p.sim.data.pretraining import PretrainingConfig

HELD_OUT = 0.08
"""Share of the executions that training does not see."""

REPLAY = "replay.safetensors"
CHECKPOINT = ".checkpoint.safetensors"
"""What the files are called that lie beside the weights."""

NOT_OF_PARENTS = ("tensors", "config", "metrics", "metrics_by_skill")
"""What a manifest does not repeat of the one before it."""

MOST_EXECUTIONS = 1_000_000
"""More than one machine holds in memory; without an end a slip of the keys hangs or ends in a trace."""

REPLAYED = 180
"""Executions kept beside the weights for replay while fine-tuning; half as many held-out ones follow, for the gate."""


class StageBars:
    """A progress bar per stage, fed by progress callbacks."""

    def __init__(self, console: Console) -> None:
        columns = (
            TextColumn("{task.description:<9}"),
            BarColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[detail]}"),
        )
        self._bars = Progress(*columns, console=console)
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> StageBars:
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def __call__(self, stage: str, fraction: float, detail: str) -> None:
        """Show that `stage` is at `fraction`."""
        if stage not in self._tasks:
            self._tasks[stage] = self._bars.add_task(stage, total=1.0, detail="")
        self._bars.update(self._tasks[stage], completed=fraction, detail=detail)


@in_one_line()
def train(
    architecture: Annotated[str, typer.Option(help="by name; an unknown one lists all")] = DEFAULT_ARCHITECTURE,
    profile: Annotated[str, typer.Option(help="default or literal (what the paper's appendix says)")] = "default",
    executions: Annotated[
        int, typer.Option(min=20, max=MOST_EXECUTIONS, help="simulated executions, held-out ones included")
    ] = 40_000,
    seed: Annotated[int, typer.Option(min=0, max=MOST_SEED, help="of data, initial weights and order")] = 0,
    out: Annotated[
        Path | None,
        typer.Option(help="weights file to write, its manifest beside it (runs/train/ARCHITECTURE.safetensors)"),
    ] = None,
    data: Annotated[
        Path, typer.Option(help="folder of the simulated executions; what the same code made is used")
    ] = Path("runs/train/data"),
    start: Annotated[
        Path | None, typer.Option(help="weights to go on from; their encoder stays as it is (second stage only)")
    ] = None,
    resume: Annotated[bool, typer.Option(help="go on from the checkpoint beside --out")] = False,
    workers: Annotated[int, typer.Option(min=1, max=MOST_WORKERS, help="processes that simulate")] = 2,
    effort: Annotated[float, typer.Option(min=0.001, max=100.0, help="factor on the number of training steps")] = 1.0,
    assignments: Assignments = None,
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON object last")] = False,
) -> None:
    """Pre-train a skill effect model on simulated single-object executions."""
    from f2p.cli.train_data import pretraining_data
    from f2p.model.factory import create, save_weights, started_from

    out = out or Path("runs/train") / f"{architecture}.safetensors"
    check_place(out)
    console, clock = Console(stderr=as_json), SystemClock()
    began = clock.monotonic_s()
    model, told = create(profile, architecture, seed), set_by(asked_for(profile, effort), assignments or [])
    config = told.training
    parent = None
    if start is not None:
        parent = started_from(model, start)
        config = replace(config, joint=replace(config.joint, steps=0))
    checkpoint = out.with_suffix(CHECKPOINT)
    if not resume:
        checkpoint.unlink(missing_ok=True)
    with StageBars(console) as bars:
        batch, digest = pretraining_data(data, executions, seed, workers, bars, config=told.generation)
        simulated = clock.monotonic_s()
        metrics, each = fit(model, batch, config, seed, checkpoint, bars)
    took = {"simulation": round(simulated - began, 1), "training": round(clock.monotonic_s() - simulated, 1)}
    made = {"data_sha256": digest, "duration_s": took, "metrics": metrics.as_dict()}
    made["metrics_by_skill"] = {skill: own.as_dict() for skill, own in each.items()}
    notes = {**recipe(profile, seed, executions, replace(told, training=config), parent), **made}
    manifest = save_weights(model, out, notes)
    keep_replay(out, batch, seed)
    checkpoint.unlink(missing_ok=True)
    console.print(metrics_table(metrics))
    for skill, own in each.items() if len(each) > 1 else ():
        console.print(metrics_table(own, skill))
    console.print(f"wrote {out} ({out.stat().st_size / 1e6:.1f} MB), weights {manifest['weights_id']}")
    if as_json:
        typer.echo(json.dumps({"out": str(out), **{k: v for k, v in manifest.items() if k != "tensors"}}))


def check_place(out: Path) -> None:
    """Refuse a place for weights that cannot be written, or that another file of this training would overwrite.

    Raises:
        SettingError: It is called as another file is, or something else is there.
        OSError: Its folder cannot be made or written.
    """
    if out.suffix != ".safetensors" or out.name == REPLAY or out.name.endswith(CHECKPOINT):
        raise SettingError(
            f"--out {str(out)!r}: expected a file that ends in .safetensors, other than {REPLAY} and *{CHECKPOINT}, "
            f"which lie beside it"
        )
    replay = out.with_name(REPLAY)
    for path in (out, out.with_suffix(".json"), out.with_suffix(CHECKPOINT), replay, replay.with_suffix(".json")):
        if path.is_dir():
            raise SettingError(f"--out {str(out)!r}: {path} is to be written and is a folder; choose another place")
    make_writable(out.parent)


def held_out(executions: int) -> int:
    """Return how many executions (the last ones) training does not see."""
    return max(1, round(executions * HELD_OUT))


def recipe(
    profile: str, seed: int, executions: int, config: TrainConfig, parent: dict[str, object] | None
) -> dict[str, object]:
    """Return what a manifest says of how its weights were to be made."""
    return {
        "profile": profile,
        "parent": parent and {k: v for k, v in parent.items() if k not in NOT_OF_PARENTS},
        "seed": seed,
        "executions": executions,
        "held_out": held_out(executions),
        "code": {"version": metadata_version(), **code_digests(config.generation)},
        "generation": asdict(config.generation),
        "training": asdict(config.training),
    }


def scaled(profile: str, effort: float) -> PretrainConfig:
    """Return the recipe of a profile, with `effort` times its steps."""
    from f2p.model.recipe import PretrainConfig, literal_pretraining

    config = literal_pretraining() if profile == "literal" else PretrainConfig()
    joint = replace(config.joint, steps=max(1, round(config.joint.steps * effort)))
    return replace(config, joint=joint, frozen=replace(config.frozen, steps=round(config.frozen.steps * effort)))


def asked_for(profile: str, effort: float) -> TrainConfig:
    """Return data and recipe of a profile, with `effort` times its steps."""
    from f2p.cli._training import TrainConfig

    return TrainConfig(training=scaled(profile, effort))


def fit(
    model: Architecture, batch: TransitionBatch, config: PretrainConfig, seed: int, checkpoint: Path, bars: StageBars
) -> tuple[Metrics, dict[str, Metrics]]:
    """Train on all but the held-out executions and measure on those, of all skills together and of each."""
    from f2p.model.metrics import evaluate, evaluate_each
    from f2p.model.train import pretrain

    last = held_out(len(batch))
    pretrain(model, batch.take(slice(0, len(batch) - last)), config, seed, bars, checkpoint)
    unseen = batch.take(slice(len(batch) - last, len(batch)))
    return evaluate(model, unseen), evaluate_each(model, unseen)


def keep_replay(out: Path, batch: TransitionBatch, seed: int) -> None:
    """Write executions beside the weights: first those to replay (seen), last those for the gate (held out)."""
    first_held = len(batch) - held_out(len(batch))
    seen = np.random.default_rng((seed, 11)).choice(first_held, min(REPLAYED, first_held), replace=False)
    unseen = np.arange(first_held, min(first_held + REPLAYED // 2, len(batch)))
    notes: dict[str, object] = {"use": "replay and gate", "seed": seed, "seen": len(seen), "held_out": len(unseen)}
    batch.take(np.concatenate([seen, unseen])).in_half_precision().save(out.with_name(REPLAY), notes)


def code_digests(generation: PretrainingConfig) -> dict[str, str]:
    """Digest the code that made the weights: the model's files, and what generates and labels data."""
    from f2p.cli.train_data import generator_digest
    from f2p.sources import PACKAGE, digest_of

    model = digest_of((PACKAGE / "model").rglob("*.py"))
    return {"model_sha256": model, "generator_sha256": generator_digest(generation)}


def metadata_version() -> str:
    """Return the installed version of f2p, or "source" when it is run from its tree."""
    try:
        return metadata.version("f2p")
    except metadata.PackageNotFoundError:
        return "source"


def metrics_table(metrics: Metrics, skill: str = "") -> Table:
    """Return the held-out figures beside persistence, of one skill or of all."""
    table = Table(title=f"{metrics.transitions} held-out executions{skill and f' of {skill}'}")
    for column in ("", "now", "next", "next, if nothing changed"):
        table.add_column(column, justify="left" if not column else "right")
    base = metrics.persistence
    before = base.f1_next
    for name in (*BINARY_RELATIONS, "mean", *UNARY_RELATIONS):
        persistent = f"{before[name]:.3f}" if name in before else ""
        table.add_row(f"F1 {name}", f"{metrics.f1_now[name]:.3f}", f"{metrics.f1_next[name]:.3f}", persistent)
    table.add_row(
        "accuracy", f"{metrics.accuracy_now:.4f}", f"{metrics.accuracy_next:.4f}", f"{base.accuracy_next:.4f}"
    )
    table.add_row("accuracy of changed", "", f"{metrics.changed_accuracy:.3f}", f"{base.changed_accuracy:.3f}")
    table.add_row("accuracy of changed, nothing fell", "", f"{metrics.changed_accuracy_placed:.3f}", "0.000")
    for name, error in metrics.position_error_m.items():
        table.add_row(
            f"position error, {name}", "", f"{100 * error:.1f} cm", f"{100 * base.position_error_m[name]:.1f} cm"
        )
    return table


@settable.register("train")
def training() -> TrainConfig:
    """Return what `f2p train` can be asked for; other profiles have other defaults."""
    return asked_for("default", 1.0)


@commands.register("train")
def register(app: typer.Typer) -> None:
    """Add `f2p train`."""
    app.command()(train)
