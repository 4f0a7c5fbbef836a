"""`f2p run GOAL`: pursue a goal on a running stack."""

from __future__ import annotations

import dataclasses
import json
import signal
import threading
from dataclasses import dataclass
from types import FrameType
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from f2p.cli._shared import MOST_SEED, NAMESPACE_HELP, Assignments, commands, in_one_line, settable
from f2p.settings import Settings, number
from f2p.settings_text import set_by
from f2p.types import LearnFrom, SkillStep

MOST_WAIT_S = 604_800.0
"""Longest wait that may be asked for [s]: a week (ours). Nothing waits for ever."""


@dataclass(frozen=True)
class RunConfig(Settings):
    """What `f2p run` waits for, beside the goal."""

    found_s: float = number(
        10.0, "longest wait for a sign of a running stack", unit="s", low=0.1, high=600.0,
        source="ours: the first heartbeat comes within a second",
    )  # fmt: skip
    ready_s: float = number(
        180.0, "longest wait until that stack can be asked; what it waits for is said within five", unit="s", low=1.0,
        high=3600.0, source="ours: as long as a node with torch may take to start",
    )  # fmt: skip


def steps_of(texts: list[str]) -> tuple[SkillStep, ...]:
    """Return proposed steps, each written "pick_place(box)". Raises typer.BadParameter with the expected form."""
    from f2p.plan.errors import StepSyntaxError
    from f2p.plan.steps import steps_from

    try:
        return steps_from(texts)
    except StepSyntaxError as error:
        raise typer.BadParameter(str(error)) from None


@in_one_line()
def run(
    goal: Annotated[
        str,
        typer.Argument(help='Literals joined by &, e.g. "above(box, table_b) & not inside(a, box) & drawer_open(b)".'),
    ],
    propose: Annotated[
        list[str] | None, typer.Option(help="A step to follow, e.g. pick_place(box); repeatable.")
    ] = None,
    attempts: Annotated[
        int, typer.Option(min=0, max=2**32 - 1, help="Plans that may be tried; 0: the stack's own setting.")
    ] = 0,
    learn_from: Annotated[
        LearnFrom,
        typer.Option(help="Failures of the model to learn from; contradictions: also where the goal was met by luck."),
    ] = LearnFrom.MISSES,
    seed: Annotated[int, typer.Option(min=0, max=MOST_SEED, help="Same seed, same choices.")] = 0,
    namespace: Annotated[str, typer.Option(help=NAMESPACE_HELP)] = "",
    deadline: Annotated[float, typer.Option(min=1.0, max=MOST_WAIT_S, help=r"Longest wait \[s].")] = 1800.0,
    assignments: Assignments = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object last.")] = False,
) -> None:
    """Reach a goal: perceive, plan, execute, check; on a failure find its cause, learn if it teaches, and try again."""
    from f2p.ros.remote.goal import GoalClient, spinning
    from f2p.scene.goals import parse_goal

    console, ended, config = Console(), threading.Event(), set_by(RunConfig(), assignments or [])

    def end(_number: int, _frame: FrameType | None) -> None:
        ended.set()

    wanted, proposal = parse_goal(goal), steps_of(propose or [])
    signal.signal(signal.SIGINT, end)
    with spinning("f2p_run", namespace) as node:
        client = GoalClient(node)
        client.find(config.found_s, ended.is_set)
        client.wait_ready(config.ready_s, ended.is_set, lambda text: console.print(escape(text), soft_wrap=True))
        result = client.achieve(
            wanted, proposal, attempts, learn_from, seed, deadline, ended.is_set,
            lambda stage, elapsed_s, detail: console.print(f"{elapsed_s:7.1f} s  {stage:<9} {escape(detail)}"),
        )  # fmt: skip
    text = "reached" if result.success else f"not reached: error {result.error_code}: {result.error_msg}"
    console.print(f"{escape(goal)}: {escape(text)}", soft_wrap=True)
    if as_json:
        typer.echo(json.dumps(dataclasses.asdict(result)))
    if not result.success:
        raise typer.Exit(1)


settable.register("run")(RunConfig)


@commands.register("run")
def register(app: typer.Typer) -> None:
    """Add `f2p run`."""
    app.command()(run)
