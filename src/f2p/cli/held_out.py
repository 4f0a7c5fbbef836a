"""`f2p evaluate architectures`: the executions that training leaves out, and who predicts them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.markup import escape
from rich.table import Table

from f2p.cli.train_data import Progress, pretraining_data

if TYPE_CHECKING:
    from f2p.evaluate.architectures import HeldOut

EXECUTIONS = 800
"""On how many they are compared."""

FIGURES: tuple[tuple[str, Callable[[HeldOut], float | None], str], ...] = (
    ("F1 of relations now", lambda row: row.f1_now, ".3f"),
    ("F1 of relations next", lambda row: row.f1_next, ".3f"),
    ("accuracy of changed, geometric", lambda row: row.changed, ".3f"),
    ("accuracy of changed, latent", lambda row: row.changed_latent, ".3f"),
    *(
        (f"position error, {name} [cm]", lambda row, name=name: _centimetres(row, name), ".2f")
        for name in ("grasped", "grasped_median", "grasped_placed", "grasped_fallen", "carried", "static")
    ),
    ("CPU time of 1,000 predictions [s]", lambda row: row.cpu_s, ".2f"),
    ("parameters", lambda row: row.parameters, ",d"),
)
"""What a row of the table says, where it is from, and how it is written."""


def _centimetres(row: HeldOut, name: str) -> float | None:
    """Return an error of positions; None where no segment did that."""
    error = row.position_error_m.get(name)
    return None if error is None else 100 * error


def architectures(folder: Path, progress: Progress, workers: int = 2) -> tuple[Table, dict[str, Any]]:
    """Try every architecture whose weights ship on executions of another seed than theirs, to look at and as JSON.

    The executions are of the skills that all of them know.

    Raises:
        F2pError: Whatever simulation reports.
    """
    from f2p.evaluate.architectures import compare_architectures
    from f2p.model.architectures.protocol import architectures as known
    from f2p.model.factory import shipped, shipped_path
    from f2p.sim.data.draws.protocol import draws
    from f2p.sim.data.pretraining import PretrainingConfig

    names = [name for name in known if shipped_path(name).exists()]
    made = [shipped(name) for name in names]
    skills = tuple(skill for skill in draws.names if all(skill in model.config.skills for model, _ in made))
    seed = 1 + max(int(str(told["seed"])) for _, told in made)
    config = PretrainingConfig(skills=skills)
    batch, _ = pretraining_data(folder, EXECUTIONS, seed, workers, progress, config=config)
    rows = compare_architectures(names, batch, progress)
    title = f"{len(batch)} executions of {', '.join(skills)} that none was trained on, simulated"
    return table(rows, title), {"skills": skills, "seed": seed, "rows": [row.as_json() for row in rows]}


def table(rows: list[HeldOut], title: str) -> Table:
    """Return rows as a person reads them, one column each."""
    out = Table("", title=title)
    for row in rows:
        out.add_column(row.architecture, justify="right")
    for name, figure, form in FIGURES:
        values = [figure(row) for row in rows]
        out.add_row(escape(name), *("" if value is None else format(value, form) for value in values))
    return out
