"""What was seen of one process that failed during a motion, whether that keeps the promises, and the table of it."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from f2p.errors import UNFORESEEN
from f2p.settings import Settings, number

HEAD = (
    "| process | fault | during | trials | stood after, most | base went, most | begun after 0.3 s | resumed "
    "| back after, most | ends | left | ended by itself | load | kept |\n" + "|---" * 14 + "|"
)
"""Heading of the table."""

PASSES_S = {"jump": 3.0, "cut": 3.0, "lose": 6.0, "delay": 6.0}
"""Faults that are over after a while [s] (ours: before a silent process counts as hung). Others last till a restart."""

BEARABLE = frozenset(("lose", "delay"))
"""Faults that end a motion only where they are too much for it, whenever that is."""


@dataclass(frozen=True)
class FaultTrial:
    """One fault of one process during one motion."""

    process: str
    fault: str
    phase: str
    spared: bool
    """Whether the motion is to go on."""
    stood_s: float
    """When the last movement was seen after the fault [s]."""
    travel_m: float
    """How far the base went after the fault [m]."""
    late: int
    """Commands of motion that the driver took more than 0.3 s after the fault."""
    resumed: int
    """Those of the ten seconds after the robot stood, looks of a goal that goes on apart."""
    back_s: float | None
    """When all processes were active again [s]; None: not while it was watched."""
    end: int | None
    """Error code that the motion, or the goal, ended with; None: it did not end while it was watched."""
    left: int
    """Processes and pieces of shared memory that nobody owned afterwards."""
    early: int
    """Motions that the guard ended before there was a fault: what the machine's load costs."""
    load: float
    """Load average of the last minute."""
    why: str = ""
    """What the motion, or the goal, said of its end; empty where it went well."""

    @property
    def row(self) -> tuple[str, str, str]:
        """Return which row of the table it belongs to."""
        return self.process, self.fault, self.phase

    @property
    def goes_on(self) -> bool:
        """Whether the motion is to go on, or outlasted a fault that passes, as it may."""
        return self.spared or (self.end == 0 and self.fault in PASSES_S)

    @property
    def at_once(self) -> bool:
        """Whether the fault is to end the motion when it comes; one that is bearable may later."""
        return not self.goes_on and self.fault not in BEARABLE


@dataclass(frozen=True)
class Promised(Settings):
    """What is promised of a fault during a motion."""

    stood_s: float = number(1.0, "limit: a moving base stands", unit="s", low=0.1, high=10.0,
                            source="promises.md 4: 0.3 s, and the driver's braking and reports")  # fmt: skip
    travel: float = number(0.05, "limit: way of the base", unit="m", low=0.001, high=1.0, source="promises.md 6")
    back_s: float = number(8.0, "limit: all are active again", unit="s", low=0.5, high=600.0)
    back_torch_s: float = number(15.0, "limit of processes that load weights", unit="s", low=0.5, high=600.0)

    def broken(self, trial: FaultTrial, torch: bool) -> list[str]:
        """Return what `trial` broke. `torch` tells whether its process loads weights."""
        out = []
        if trial.spared and trial.end != 0:
            out.append("the motion ended")
        if trial.at_once:
            out += ["stood late"] * (trial.stood_s > self.stood_s) + ["too far"] * (trial.travel_m > self.travel)
            out += ["begun late"] * (trial.late > 0)
        if not trial.goes_on:
            out += ["resumed"] * (trial.resumed > 0)
            out += ["no honest end"] * (trial.end in (None, 0, UNFORESEEN))
        if trial.back_s is None:
            out.append("not back")
        elif trial.back_s > (self.back_torch_s if torch else self.back_s):
            out.append("back late")
        return out + ["left something"] * (trial.left > 0)


def kept_in(path: Path) -> list[FaultTrial]:
    """Return the trials of a file that an earlier run wrote; a line that was cut is none."""
    out = []
    for line in path.read_text().splitlines() if path.exists() else ():
        try:
            out.append(FaultTrial(**json.loads(line)))
        except (ValueError, TypeError):
            continue
    return out


def append(path: Path, trial: FaultTrial) -> None:
    """Add one trial to a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        file.write(json.dumps(dataclasses.asdict(trial)) + "\n")


def table(trials: Iterable[FaultTrial], promised: Promised, torch: Sequence[str]) -> str:
    """Return Markdown: one row for each process, fault and phase, the worst of its trials in it."""
    rows = [HEAD]
    for (process, fault, phase), group in groupby(sorted(trials, key=lambda one: one.row), key=lambda one: one.row):
        some = list(group)
        problems = sorted({what for one in some for what in promised.broken(one, process in torch)})
        back = max(math.inf if one.back_s is None else one.back_s for one in some)
        ends = ", ".join(sorted({"none" if one.end is None else str(one.end) for one in some}))
        ended, soon = [one for one in some if not one.goes_on], [one for one in some if one.at_once]
        cells = (
            process, fault, phase, len(some),
            f"{max(one.stood_s for one in soon):.2f} s" if soon else "ended" if ended else "goes on",
            f"{100 * max(one.travel_m for one in soon):.1f} cm" if soon else "",
            sum(one.late for one in soon) if soon else "", sum(one.resumed for one in ended) if ended else "",
            f"{back:.1f} s" if math.isfinite(back) else "not", ends, sum(one.left for one in some),
            sum(one.early for one in some), f"{max(one.load for one in some):.1f}", "; ".join(problems) or "yes",
        )  # fmt: skip
        rows.append("| " + " | ".join(map(str, cells)) + " |")
    return "\n".join(rows)
