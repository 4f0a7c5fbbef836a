"""`f2p evaluate`: the experiments, each row with its interval and chance beside it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from f2p.errors import F2pError

if TYPE_CHECKING:
    from f2p.evaluate.rows import Row

COLUMNS = (
    "learner",
    "skeleton",
    "trials",
    "success",
    "95 % interval",
    "chance",
    "belief",
    "gap",
    "carried [cm]",
    "old F1",
)


def evaluate(
    what: Annotated[str, typer.Argument(help="tasks: success on fresh scenes after learning from single failures.")],
    task: Annotated[str, typer.Option(help="A task by name.")] = "transport",
    objects: Annotated[int, typer.Option(min=1, max=8, help="Things per scene.")] = 3,
    trials: Annotated[int, typer.Option(min=1, help="Trials per row, dealt out to the learned models.")] = 50,
    learners: Annotated[str, typer.Option(help="Names, separated by commas.")] = "original,fail2progress",
    failures: Annotated[int, typer.Option(min=1, help="Different failures to learn from.")] = 5,
    seeds: Annotated[int, typer.Option(min=1, help="Seeds of learning per failure.")] = 3,
    first_failure: Annotated[int, typer.Option(min=0, help="Number of the first failure: others, other failures.")] = 0,
    first_trial: Annotated[int, typer.Option(min=0, help="Number of the first trial scene.")] = 0,
    folder: Annotated[
        Path, typer.Option(help="Where finished cells are kept; a stopped run goes on from them.")
    ] = Path("runs/evaluate"),
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object last.")] = False,
) -> None:
    """Success by the simulator's ground truth, with 95 % intervals, beside chance, calibration and forgetting."""
    from f2p.evaluate.experiment import Experiment, ExperimentConfig
    from f2p.learner import fail2progress, original, random_data  # noqa: F401 - file the learners
    from f2p.learner.protocol import learners as known

    console = Console(stderr=True)
    if what != "tasks":
        raise typer.BadParameter(f"{what!r} is no experiment; choose: tasks")
    try:
        names = tuple(name.strip() for name in learners.split(",") if name.strip())
        for name in names:
            known.get(name)
        config = ExperimentConfig(task, objects, trials, names, failures, seeds, first_failure, first_trial)
        with Progress(
            TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[detail]}"), TimeElapsedColumn(),
            console=console,
        ) as bar:  # fmt: skip
            row = bar.add_task("evaluate", total=1.0, detail="")
            place = folder / f"{task}-{objects}"
            rows = Experiment(
                config, place, lambda cell, done, text: bar.update(row, description=cell, completed=done, detail=text)
            ).rows()
    except F2pError as error:
        console.print(f"error: {escape(str(error))}", soft_wrap=True)
        raise typer.Exit(2) from error
    console.print(table(rows, f"{task}, {objects} things, simulated"))
    if as_json:
        typer.echo(json.dumps({"rows": [row.as_json() for row in rows]}))


def table(rows: list[Row], title: str) -> Table:
    """Rows as a person reads them."""
    out = Table(*COLUMNS, title=title)
    for row in rows:
        told = row.as_json()
        carried, old = told.get("carried_error"), told.get("old_f1_next")
        out.add_row(
            row.learner, row.skeleton, str(row.trials), f"{told['success_rate']:.0%}",
            f"{told['low']:.0%} .. {told['high']:.0%}", f"{row.chance:.0%}", f"{told['mean_belief']:.2f}",
            f"{told['calibration_gap']:.2f}", "-" if carried is None else f"{100 * float(carried):.1f}",  # type: ignore[arg-type]
            "-" if old is None else f"{float(old):.3f}",  # type: ignore[arg-type]
        )  # fmt: skip
    return out


def register(app: typer.Typer) -> None:
    """Add `f2p evaluate`."""
    app.command()(evaluate)
