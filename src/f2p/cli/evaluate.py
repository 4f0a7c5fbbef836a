"""`f2p evaluate`: the experiments, each row with its interval and chance beside it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from f2p.cli._shared import MOST_WORKERS, Assignments, commands, in_one_line, make_writable, settable
from f2p.cli.held_out import architectures
from f2p.model.shipping import DEFAULT_ARCHITECTURE
from f2p.settings import SettingError
from f2p.sim.protocol import DEFAULT_SIMULATOR, SIMULATOR_TEXT

if TYPE_CHECKING:
    from f2p.evaluate.experiment import ExperimentConfig
    from f2p.evaluate.rows import Row

Reporter = Callable[[str, float, str], None]
"""Called with what is being done, how far it is, and in words."""

COLUMNS_OF_BAR = (
    TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[detail]}"), TimeElapsedColumn(),
)  # fmt: skip

LEAST_BUDGET = 2
"""The failed step and one more."""
EXPERIMENTS = ("tasks", "efficiency", "monitor", "architectures", "pictures")
TRIALS = {"tasks": 50, "efficiency": 64, "monitor": 150}
"""Sizes where none is asked for; a threshold for one false alarm in a hundred needs 99 steps of a kind."""
FAILURES = {"tasks": 5, "efficiency": 8, "monitor": 5}
SEEDS = {"tasks": 3, "efficiency": 1}
LEARNERS = {"tasks": "original,fail2progress", "efficiency": "fail2progress,gradient_multistart,sampling,random"}
BUDGETS = {"tasks": "", "efficiency": "5,10,20,40,80"}

COLUMNS = (
    "learner",
    "transitions",
    "skeleton",
    "trials",
    "success",
    "95 % interval",
    "chance",
    "belief",
    "gap",
    "gate",
    escape("carried [cm]"),
    "old F1",
)

Failures = Annotated[
    int | None, typer.Option(min=0, help="Different failures to learn from (5, 8); monitor: 0 for nothing learned.")
]
Transitions = Annotated[
    str | None,
    typer.Option(
        help="Budgets of simulated transitions, separated by commas.",
        show_default="tasks: each learner's own; efficiency: 5,10,20,40,80",
    ),
]
Workers = Annotated[
    int, typer.Option(min=1, max=MOST_WORKERS, help="Processes that learn and try (tasks, efficiency).")
]


@in_one_line()
def evaluate(
    what: Annotated[
        str,
        typer.Argument(
            help="tasks: success on fresh scenes after learning from single failures; efficiency: the same against the "
            "number of simulated transitions; monitor: false alarms and detections on what the robot sees; "
            "architectures: shipped weights of all of them on executions that none was trained on; "
            "pictures: a failure, what was imagined around it and a success afterwards, as one PNG."
        ),
    ],
    task: Annotated[str, typer.Option(help="A task by name; an unknown name lists all.")] = "transport",
    objects: Annotated[int, typer.Option(min=1, max=8, help="Objects per scene.")] = 3,
    trials: Annotated[
        int | None,
        typer.Option(min=1, help="Trials per row, dealt out to the learned models (50, 64); steps of a kind (150)."),
    ] = None,
    learners: Annotated[
        str | None, typer.Option(help="Names, separated by commas.", show_default="a few; an unknown name lists all")
    ] = None,
    transitions: Transitions = None,
    failures: Failures = None,
    seeds: Annotated[int | None, typer.Option(min=1, help="Seeds of learning per failure (3, 1).")] = None,
    first_failure: Annotated[int, typer.Option(min=0, help="Number of the first failure: others, other failures.")] = 0,
    first_trial: Annotated[int, typer.Option(min=0, help="Number of the first trial scene.")] = 0,
    architecture: Annotated[str, typer.Option(help="Whose shipped weights learn.")] = DEFAULT_ARCHITECTURE,
    simulator: Annotated[str, typer.Option(help=SIMULATOR_TEXT)] = DEFAULT_SIMULATOR,
    folder: Annotated[
        Path, typer.Option(help="Where finished cells are kept; a stopped run goes on from them.")
    ] = Path("runs/evaluate"),
    workers: Workers = 1,
    assignments: Assignments = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object last.")] = False,
) -> None:
    """Experiments judged by the simulator's ground truth, with 95 % intervals beside every rate."""
    console = Console(stderr=True)
    _known(what, assignments, failures)
    make_writable(folder)
    trials, failures = trials or TRIALS.get(what, 1), FAILURES.get(what, 1) if failures is None else failures
    with Progress(*COLUMNS_OF_BAR, console=console) as bar:
        shown = bar.add_task(what, total=1.0, detail="")

        def progress(name: str, done: float, text: str) -> None:
            bar.update(shown, description=name, completed=done, detail=text)

        drawn: Table | str
        if what == "architectures":
            drawn, values = architectures(folder / "held-out", progress)
        elif what == "pictures":
            drawn, values = _picture(task, objects, first_failure, folder, simulator)
        elif what == "monitor":
            drawn, values = _monitor(task, objects, trials, failures, first_failure, folder, progress, simulator)
        else:
            names, budgets = _names(learners, what), _budgets(transitions, what)
            config = (task, objects, trials, names, failures, seeds or SEEDS[what], first_failure, first_trial, budgets)
            chosen = (architecture, simulator, assignments or [])
            drawn, values = _tasks(config, chosen, folder, progress, workers, what == "efficiency")
    console.print(drawn)
    if as_json:
        typer.echo(json.dumps(values))


def _known(what: str, assignments: list[str] | None, failures: int | None) -> None:
    """Raise BadParameter for what is no experiment or is not asked so, SettingError for settings that it has not."""
    if what not in EXPERIMENTS:
        raise typer.BadParameter(f"{what!r} is no experiment; choose: {', '.join(EXPERIMENTS)}")
    if failures == 0 and what != "monitor":
        raise typer.BadParameter(f"{what} is about what is learned: give a failure at least")
    if assignments and what not in LEARNERS:
        raise SettingError(f"--set is for {' and '.join(LEARNERS)}; {what} has no settings")


def _names(given: str | None, what: str) -> tuple[str, ...]:
    """Return names between commas, or those of the experiment; one empty name where there are none."""
    text = LEARNERS[what] if given is None else given
    return tuple(name.strip() for name in text.split(",") if name.strip()) or ("",)


def _budgets(given: str | None, what: str) -> tuple[int | None, ...]:
    """Return numbers between commas; where there are none, the budget is left to the learners. Raises SettingError."""
    text = BUDGETS[what] if given is None else given
    words = [word.strip() for word in text.split(",") if word.strip()]
    wrong = [word for word in words if not word.isdecimal() or int(word) < LEAST_BUDGET]
    if wrong:
        raise SettingError(f"{wrong[0]!r} is no number of transitions; give whole numbers from {LEAST_BUDGET} on")
    return tuple(int(word) for word in words) or (None,)


def _tasks(
    config: tuple[Any, ...],
    chosen: tuple[str, str, list[str]],
    folder: Path,
    progress: Reporter,
    workers: int,
    figure: bool,
) -> tuple[Table, dict[str, Any]]:
    """Show the rows of one comparison, to look at and as JSON; with a figure beside the cells if asked for."""
    from f2p.evaluate.efficiency import draw_efficiency
    from f2p.evaluate.experiment import Experiment, ExperimentConfig
    from f2p.learner.protocol import learners
    from f2p.settings_text import set_by

    architecture, simulator, assignments = chosen
    made = replace(ExperimentConfig(*config), architecture=architecture, simulator=simulator)
    made = set_by(made, assignments)
    for name in made.learners:
        learners.make(name)
    cells = folder / f"{made.task}-{made.objects}-{made.architecture}"
    rows = Experiment(made, cells, progress, workers).rows()
    title = f"{made.task}, {made.objects} objects, {made.architecture}, simulated"
    out, values = table(rows, title), [row.as_json() for row in rows]
    if not figure:
        return out, {"rows": values}
    drawn = draw_efficiency(rows, cells / "efficiency.png")
    out.caption = f"drawn in {drawn}"
    return out, {"rows": values, "figure": str(drawn)}


def _picture(task: str, objects: int, first: int, folder: Path, simulator: str) -> tuple[str, dict[str, Any]]:
    """Draw a failure, what was learned and a success; where the picture is, to look at and as JSON."""
    from f2p.report.pictures import draw_task
    from f2p.sim.protocol import make_simulator
    from f2p.tasks.protocol import tasks

    path = draw_task(
        tasks.make(task), make_simulator(simulator), objects, first, folder / f"{task}-{objects}-{first}.png"
    )
    return f"drawn in {path}", {"picture": str(path)}


def _monitor(
    task: str, objects: int, steps: int, models: int, first: int, folder: Path, progress: Reporter, simulator: str
) -> tuple[Table, dict[str, Any]]:
    """Show false alarms and detections of the monitor, to look at and as JSON."""
    from f2p.evaluate.monitor import MonitorExperiment
    from f2p.sim.protocol import make_simulator
    from f2p.tasks.protocol import tasks

    made, told = make_simulator(simulator), partial(progress, "monitor")
    kept = folder / f"monitor-{task}-{objects}-{simulator}"
    experiment = MonitorExperiment(tasks.make(task), made, objects, first, kept, told)
    values = experiment.report(steps, models).values()
    return monitor_table(values), values


def monitor_table(values: dict[str, Any]) -> Table:
    """Return alarms as a person reads them."""
    out = Table("steps", "number", "alarms", "95 % interval", title=f"alarm above {values['threshold']:.2f}, simulated")
    kinds = (("familiar", "familiar"), ("learned", "learned"), ("both", "false_alarms"), ("never taught", "detected"))
    for kind, name in kinds:
        row = values[name]
        out.add_row(kind, str(row["steps"]), f"{row['rate']:.1%}", f"{row['low']:.1%} .. {row['high']:.1%}")
    calibrated, area = values["calibrated_threshold"], values["roc_auc"]
    allowed = f"{values['allowed_false_alarms']:.0%}"
    out.caption = "; ".join((
        f"too few steps of a kind to keep false alarms to {allowed}" if calibrated is None
        else f"a threshold of {calibrated:.2f} keeps false alarms to {allowed}",
        "no area under a ROC curve" if area is None else f"area under the ROC curve {area:.3f}",
    ))  # fmt: skip
    return out


def table(rows: list[Row], title: str) -> Table:
    """Return rows as a person reads them."""
    out = Table(*COLUMNS, title=title)
    for row in rows:
        told, (low, high), setting = row.as_json(), row.interval, row.setting
        carried, old = told.get("carried_error"), told.get("old_f1_next")
        out.add_row(
            setting.learner, str(setting.transitions or "-"), setting.skeleton, str(row.trials), f"{row.rate:.0%}",
            f"{low:.0%} .. {high:.0%}", f"{row.chance:.0%}", f"{told['mean_belief']:.2f}",
            f"{told['calibration_gap']:.2f}", f"{told['passed_gate']}/{told['models']}",
            "-" if carried is None else f"{100 * float(carried):.1f}",  # type: ignore[arg-type]
            "-" if old is None else f"{float(old):.3f}",  # type: ignore[arg-type]
        )  # fmt: skip
    return out


@settable.register("evaluate")
def experiments() -> ExperimentConfig:
    """Return what `f2p evaluate tasks` and `efficiency` can be asked for."""
    from f2p.evaluate.experiment import ExperimentConfig

    return ExperimentConfig()


@commands.register("evaluate")
def register(app: typer.Typer) -> None:
    """Add `f2p evaluate`."""
    app.command()(evaluate)
