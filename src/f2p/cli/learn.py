"""`f2p learn FOLDER`: on any machine, what the robot would have done with a failure: data, fine-tune, gate, publish."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from f2p.cli._shared import MOST_SEED, Assignments, commands, in_one_line, settable
from f2p.cli.train import StageBars
from f2p.settings import SettingError
from f2p.sim.protocol import DEFAULT_SIMULATOR, SIMULATOR_TEXT

if TYPE_CHECKING:
    from f2p.weights.cycle_config import LearningConfig

DEFAULT_LEARNER = "fail2progress"


@in_one_line()
def learn(
    folder: Annotated[Path, typer.Argument(help="A failure folder, as the monitor writes it.")],
    learner: Annotated[
        str | None,
        typer.Option(help="How to respond; an unknown name lists all there are.", show_default=DEFAULT_LEARNER),
    ] = None,
    literal: Annotated[
        bool,
        typer.Option(
            "--literal",
            help="Learn as the paper's appendix says, in place of --learner: one kernel, summed entropies, twenty "
            "particles without counter-examples; then 200 epochs on those alone, no replay, nothing frozen.",
        ),
    ] = False,
    simulator: Annotated[str, typer.Option(help=SIMULATOR_TEXT)] = DEFAULT_SIMULATOR,
    seed: Annotated[int, typer.Option(min=0, max=MOST_SEED, help="Same seed, same data and weights.")] = 0,
    store: Annotated[Path, typer.Option(help="Weights store; an empty one starts with the shipped weights.")] = Path(
        "runs/weights"
    ),
    transitions: Annotated[
        int | None,
        typer.Option(min=2, help="Transitions simulated in all.", show_default="what the learner's settings say"),
    ] = None,
    assignments: Assignments = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object last.")] = False,
) -> None:
    """Learn from a stored failure; exit code 0 if the new weights passed the gate (or there was nothing to teach)."""
    from f2p.learner.protocol import learners
    from f2p.monitor.case import read_case
    from f2p.settings_text import set_by
    from f2p.sim.protocol import make_simulator
    from f2p.weights.cycle import learn as learn_cycle
    from f2p.weights.cycle_config import LearningConfig
    from f2p.weights.lineage import lineage_tree
    from f2p.weights.modules import open_store

    if literal and learner is not None:
        raise SettingError(f"--literal is a learner itself, and --learner {learner} asks for another; give one of them")
    config = set_by(LearningConfig(), assignments or [])
    name = "literal" if literal else learner or DEFAULT_LEARNER
    chosen = learners.make(name, config.learner_settings.get(name))
    console = Console(stderr=as_json)
    failure = read_case(folder)
    made, weights = make_simulator(simulator, config.simulator_settings.get(simulator)), open_store(store)
    cycle = config.cycle if transitions is None else replace(config.cycle, transitions=transitions)
    with StageBars(console) as bars:
        report = learn_cycle(failure, chosen, weights, made, cycle, seed, progress=bars)
    table = Table("stage", "seconds", title=f"failure {report.failure_id}, learner {report.learner}, seed {seed}")
    for stage, seconds in report.seconds.items():
        table.add_row(stage, f"{seconds:.1f}")
    console.print(table)
    if report.weights_id is not None:
        console.print(lineage_tree(weights, report.weights_id))
    if as_json:
        typer.echo(json.dumps(report.values()))
    if report.weights_id is not None and not report.published:
        raise typer.Exit(1)


@settable.register("learn")
def learning() -> LearningConfig:
    """Return what `f2p learn` can be asked for."""
    from f2p.weights.cycle_config import LearningConfig

    return LearningConfig()


@commands.register("learn")
def register(app: typer.Typer) -> None:
    """Add `f2p learn`."""
    app.command()(learn)
