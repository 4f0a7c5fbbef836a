"""`f2p demo`: the whole loop on a simulated Stretch over real ROS 2: fail, learn from it, succeed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer
from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.table import Table

from f2p.cli._shared import Assignments, commands, in_one_line, settable
from f2p.clock import SystemClock
from f2p.graph import graph
from f2p.graph.overrides import Chosen, chosen, configs_of
from f2p.graph.supervisor import SupervisorConfig, make_supervisor
from f2p.settings import Settings, group, number
from f2p.tasks.protocol import tasks
from f2p.types import LearnFrom

if TYPE_CHECKING:
    from f2p.ros.remote.goal import GoalResult
    from f2p.ros.session.demo import DemoSession
    from f2p.tasks.protocol import TaskInstance


@dataclass(frozen=True)
class DemoConfig(Settings):
    """How long a demo tries."""

    attempt_s: float = number(900.0, "longest attempt, learning included", unit="s", low=1.0, high=36000.0)
    first_attempts: int = number(
        3, "tries until one misses; the last one teaches whether or not it is", low=1, high=20,
        source="docs/results.md: of the untaught model's guesses one in three is lucky",
    )  # fmt: skip
    ready_s: float = number(120.0, "longest bring-up of all processes", unit="s", low=1.0, high=3600.0,
                            source="ours: ten processes start Python on two cores")  # fmt: skip
    task_settings: Mapping[str, Any] = group(tasks.configs, "of each task")


MOST_SEED = 2**31 - 1
"""Largest seed that the simulated robot's parameter takes."""

STAGES = ("setup", "svi_states", "svi_actions", "simulate", "finetune", "gate", "swap", "failure_to_weights", "total")
"""Names under `seconds` of the JSON object."""


@dataclass
class Board:
    """What is going on, drawn as a table that stays on the screen."""

    console: Console
    clock: SystemClock = field(default_factory=SystemClock)
    rows: list[tuple[str, float, str]] = field(default_factory=list)
    """(stage, seconds since the start, what is being done); one row a stage visited."""
    live: Live | None = None

    def __post_init__(self) -> None:
        self.start_s = self.clock.monotonic_s()

    @property
    def elapsed_s(self) -> float:
        """Seconds since the demo began."""
        return self.clock.monotonic_s() - self.start_s

    def tell(self, stage: str, detail: str) -> None:
        """Show what is being done now."""
        if self.rows and self.rows[-1][0] == stage:
            self.rows[-1] = (stage, self.rows[-1][1], detail)
        else:
            self.rows.append((stage, self.elapsed_s, detail))
            if self.live is None:
                self.console.print(f"{self.elapsed_s:7.1f} s  {stage:<12} {escape(detail)}", soft_wrap=True)
        if self.live is not None:
            self.live.update(self.table(), refresh=True)

    def table(self) -> Table:
        """Return the last stages, the present one at the bottom."""
        out = Table(title="f2p demo: nothing here is a real robot", title_justify="left", expand=True)
        for name, width in (("stage", 14), ("since", 9), ("what", None)):
            out.add_column(name, width=width, no_wrap=name != "what")
        shown = self.rows[-14:]
        for index, (stage, since_s, detail) in enumerate(shown):
            mark = "[bold cyan]▶[/] " if index == len(shown) - 1 else "[green]✓[/] "
            out.add_row(mark + escape(stage), f"{since_s:.1f} s", escape(detail))
        out.caption = f"{self.elapsed_s:.0f} s elapsed"
        return out

    def __rich__(self) -> Table:
        """Drawn anew at every refresh, so that the clock goes on."""
        return self.table()


@dataclass
class Attempt:
    """How one attempt ended: the truth first, then what the stack thinks."""

    success: bool
    """By the simulator's ground truth."""
    contradicted: bool
    result: dict[str, Any]
    """What the stack says of it; its own view of success is `seen`."""

    def as_json(self) -> dict[str, Any]:
        """For JSON; `success` is the truth's, whatever the stack saw."""
        seen = {"seen" if name == "success" else name: value for name, value in self.result.items()}
        return {"success": self.success, "contradicted": self.contradicted, **seen}


@in_one_line()
def demo(
    task: Annotated[
        str, typer.Option(help="A task by name, of the registry's: an unknown name lists all.")
    ] = "transport",
    seed: Annotated[int, typer.Option(min=0, max=MOST_SEED, help="Another seed, another scene.")] = 0,
    objects: Annotated[int, typer.Option(min=1, max=7, help="Objects in the box.")] = 3,
    out: Annotated[Path, typer.Option(help="Folder for reports; each run makes one of its own in it.")] = Path(
        "runs/demo"
    ),
    console: Annotated[
        bool, typer.Option("--console", help="Open the operator's web view beside it; the address is printed.")
    ] = False,
    record: Annotated[
        bool, typer.Option("--record", help="Run the recorder too: recordings lie in the run's folder.")
    ] = False,
    assignments: Assignments = None,
) -> None:
    """Let the robot fail a task, learn from it, and do it; leaves a report, prints one JSON object last.

    `--set demo.first_attempts=1` changes the demo, `--set planner.planner.belief=0.6` a parameter of a node.

    It takes a ROS domain of its own on this machine, whatever ROS_DOMAIN_ID says, so that it never meets a real robot.

    Exit code 0 only if the second attempt truly succeeded, contradicted no prediction, and ended without an error.
    """
    from f2p.sim.protocol import make_simulator

    terminal = Console(stderr=True)
    beside = tuple(name for name, wanted in (("console", console), ("recorder", record)) if wanted)
    settings = {"demo": DemoConfig(), "supervisor": SupervisorConfig()}
    told = chosen(settings, graph.nodes("sim", beside), assignments or [])
    folder = (out / f"{datetime.now().astimezone():%Y%m%d-%H%M%S}-{task}-{seed}").absolute()
    maker = tasks.make(task, told.own["demo"].task_settings.get(task))
    instance = maker.make(np.random.default_rng(seed), objects, make_simulator())
    folder.mkdir(parents=True)
    board = Board(terminal)
    if console:
        terminal.print(f"console: {_console_at(told)}", soft_wrap=True)
    if terminal.is_terminal:
        with Live(board, console=terminal, refresh_per_second=2) as board.live:
            summary = run(instance, seed, objects, folder, board, told, beside)
    else:
        summary = run(instance, seed, objects, folder, board, told, beside)
    terminal.print(f"report: {summary['report'] or 'none: no prediction was contradicted'}", soft_wrap=True)
    typer.echo(json.dumps(summary))
    if not done(summary["after"]):
        raise typer.Exit(1)


def _console_at(told: Chosen) -> str:
    """Return where the console of a demo will be. Raises PortTakenError, before anything is started."""
    from f2p.ros.console.session import ConsoleConfig, announced
    from f2p.settings import overridden

    return announced(overridden(ConsoleConfig(), told.nodes.get("console", {})))


def done(after: dict[str, Any]) -> bool:
    """Tell whether the second attempt keeps a demo's promise: by truth, as predicted, and as far as the stack knows."""
    return bool(after["success"] and not after["contradicted"] and not after["error_code"])


def run(
    instance: TaskInstance, seed: int, objects: int, folder: Path, board: Board, told: Chosen,
    beside: tuple[str, ...] = (),
) -> dict[str, Any]:  # fmt: skip
    """Make attempts on a stack of one's own, with learning between them; return the summary that is printed.

    `beside` are optional nodes that run too.
    """
    from f2p.ros.session.demo import running, write_parameters

    config: DemoConfig = told.own["demo"]
    file = write_parameters(folder, instance.world, instance.task, objects, seed, told.nodes)
    patience = told.own["supervisor"]
    supervisor = make_supervisor("sim", folder / "logs", ("--params-file", str(file)), beside, patience=patience)
    supervisor.on_event = lambda node, text: board.tell("setup" if "started" in text else "restart", f"{node}: {text}")
    with running(supervisor) as session:
        session.wait_ready(lambda text: board.tell("setup", text), config.ready_s)
        setup_s = board.elapsed_s
        before = first_attempts(session, instance, seed, folder / "weights", board, config)
        after = attempt(session, instance, seed + config.first_attempts, LearnFrom.NOTHING, board, config)
        board.tell("end", "stopping all processes")
    return summarise(instance, folder, before, after, setup_s, board)


def first_attempts(
    session: DemoSession, instance: TaskInstance, seed: int, store: Path, board: Board, config: DemoConfig
) -> Attempt:
    """Make attempts with the untaught model until one of them taught it something; return the last one.

    A demo should show a miss, so after luck the guess is made again; from the last one is learned even so, since its
    prediction was contradicted. The robot then goes on from the scene as it is. A person puts the scene back if there
    is nothing to go on with.
    """
    for index in range(config.first_attempts):
        last = index == config.first_attempts - 1
        learn_from = LearnFrom.CONTRADICTIONS if last else LearnFrom.MISSES
        before = attempt(session, instance, seed + index, learn_from, board, config)
        taught = serves_what_it_learned(before, store)
        reason = why_put_back(instance, before, taught, session.truth().lost)
        if reason:
            board.tell("reset", f"a person puts the scene back: {reason}")
            session.reset()
        if taught:
            break
    return before


def why_put_back(instance: TaskInstance, before: Attempt, taught: bool, fell: tuple[str, ...]) -> str:
    """Return why the robot cannot go on from the scene as it is after an attempt; empty when it can."""
    if fell:
        return f"{', '.join(fell)} fell"
    if before.success:
        return "the goal was reached by luck"
    if not taught:
        return "nothing was learned"
    return "" if instance.budget == 1 else "several skills are needed, and some are done"


def serves_what_it_learned(attempt: Attempt, store: Path) -> bool:
    """Tell whether a failure of this attempt was learned from, and the new weights serve."""
    from f2p.report.case import learned_from

    learned = [learned_from(store, failure) for failure in attempt.result["failure_ids"]]
    return any(one is not None and one.weights == attempt.result["weights_id"] for one in learned)


def attempt(
    session: DemoSession, instance: TaskInstance, seed: int, learn_from: LearnFrom, board: Board, config: DemoConfig
) -> Attempt:
    """Pursue the goal once with the task's proposal; success is read from the simulator."""
    first = learn_from is not LearnFrom.NOTHING
    which = "first attempt" if first else "second attempt"

    def progress(stage: str, _elapsed_s: float, detail: str) -> None:
        board.tell(stage, f"{which}: {detail}")

    # Clearing takes several skills, which free search finds once the model knows; the first try is a person's proposal.
    proposal = instance.proposal if first or instance.budget == len(instance.proposal) else ()
    longest_s = config.attempt_s
    result: GoalResult = session.goals.achieve(
        instance.goal, proposal, 1, learn_from, seed, longest_s, progress=progress
    )
    success = session.truth().satisfies(instance.goal)
    board.tell("truth", f"{which}: the goal {'holds' if success else 'does not hold'} by ground truth")
    return Attempt(success, bool(result.failure_ids), result.__dict__ | {"failure_ids": list(result.failure_ids)})


def summarise(
    instance: TaskInstance, folder: Path, before: Attempt, after: Attempt, setup_s: float, board: Board
) -> dict[str, Any]:
    """Write the JSON object, and the report page beside it."""
    from f2p.report.case import learned_from, write_report

    failures = before.result["failure_ids"]
    learned = learned_from(folder / "weights", failures[-1]) if failures else None
    seconds: dict[str, float | None] = dict.fromkeys(STAGES)
    seconds |= {"setup": setup_s, "total": board.elapsed_s}
    if learned is not None:
        seconds |= {name: value for name, value in learned.seconds.items() if name in STAGES and name != "total"}
        seconds["failure_to_weights"] = stage_seconds(board.rows, "learn", "swap")
        seconds["swap"] = stage_seconds(board.rows, "publish", "swap")
    summary: dict[str, Any] = {
        "task": instance.task,
        "goal": str(instance.goal),
        "before": before.as_json(),
        "after": after.as_json(),
        "failure": {"id": failures[-1], "folder": str(folder / "cases" / failures[-1])} if failures else {},
        "seconds": {name: None if value is None else round(value, 3) for name, value in seconds.items()},
        "weights": {
            "before": learned.parent if learned else before.result["weights_id"],
            "after": after.result["weights_id"],
        },
        "report": str(folder / "report.html"),
    }
    if failures:
        write_report(folder / "cases" / failures[-1], folder / "report.html", summary, learned, simulated=True)
    else:
        summary["report"] = None
    return summary


def stage_seconds(rows: list[tuple[str, float, str]], first: str, last: str) -> float | None:
    """Seconds from the last row of stage `first` before a row of stage `last` to that; None without such rows."""
    start = None
    for stage, since, _ in rows:
        if stage == first:
            start = since
        elif stage == last and start is not None:
            return since - start
    return None


@settable.register("demo")
def demonstration() -> dict[str, Any]:
    """Return what `f2p demo` can be asked for: its own numbers, and every parameter of the nodes it starts."""
    return {"demo": DemoConfig(), "supervisor": SupervisorConfig(), **configs_of(graph.of_graph("sim"))}


@commands.register("demo")
def register(app: typer.Typer) -> None:
    """Add `f2p demo`."""
    app.command()(demo)
