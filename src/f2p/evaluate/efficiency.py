"""How much data a failure needs: success, belief and gate of each learner against its budget of transitions."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from f2p.evaluate.rows import SKELETONS, Row
from f2p.files import write_whole


def draw_efficiency(rows: Sequence[Row], path: Path) -> Path:
    """Draw one comparison as a PNG: above success with 95 % intervals, below mean P(goal) and the share past the gate.

    Args:
        rows: Of one task, each with a budget.
        path: Where to; written whole or not at all.
    """
    skeletons = [one for one in SKELETONS if any(row.setting.skeleton == one for row in rows)]
    figure = Figure(figsize=(1.0 + 5.0 * len(skeletons), 7.5), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(2, len(skeletons), sharex=True, sharey=True, squeeze=False)
    for column, skeleton in enumerate(skeletons):
        shown = [row for row in rows if row.setting.skeleton == skeleton]
        _draw_success(axes[0, column], shown, skeleton)
        _draw_belief(axes[1, column], shown)
    budgets = sorted({row.setting.transitions for row in rows if row.setting.transitions is not None})
    axes[0, 0].set_xscale("log")
    axes[0, 0].set_xticks(budgets, [str(one) for one in budgets])
    axes[0, 0].set_xticks([], minor=True)
    axes[0, 0].set_ylim(-0.03, 1.03)
    first = rows[0].setting
    figure.suptitle(f"{first.task}, {first.objects} objects, {first.architecture}, simulated")
    content = io.BytesIO()
    figure.savefig(content, format="png", dpi=100)
    write_whole(path, content.getvalue())
    return path


def _draw_success(axes: Axes, rows: Sequence[Row], skeleton: str) -> None:
    """Success of each learner, and chance."""
    for place, (learner, own) in enumerate(_by_learner(rows).items()):
        rates, budgets = np.array([row.rate for row in own]), _budgets(own)
        low, high = np.array([row.interval for row in own]).T
        spread = np.maximum(0.0, [rates - low, high - rates])
        aside = budgets * 1.03 ** (place - 1.5)
        axes.errorbar(aside, rates, spread, label=learner, color=f"C{place}", marker="o", capsize=3)
    axes.axhline(rows[0].chance, color="grey", linestyle=":", label="chance")
    axes.set_title(f"skeleton {skeleton}, {rows[0].trials} trials each")
    axes.set_ylabel("success, 95 % interval")
    axes.legend(loc="lower right")
    axes.grid(alpha=0.3)


def _draw_belief(axes: Axes, rows: Sequence[Row]) -> None:
    """Draw what the models believed, and how many were let past the gate."""
    for place, own in enumerate(_by_learner(rows).values()):
        beliefs = [float(str(row.details["mean_belief"])) for row in own]
        passed = [float(str(row.details["passed_gate"])) / float(str(row.details["models"])) for row in own]
        axes.plot(_budgets(own), beliefs, color=f"C{place}", marker="o")
        axes.plot(_budgets(own), passed, color=f"C{place}", linestyle="--")
    axes.set_xlabel("simulated transitions")
    axes.set_ylabel("mean P(goal); dashed: share past the gate")
    axes.grid(alpha=0.3)


def _by_learner(rows: Sequence[Row]) -> dict[str, list[Row]]:
    """Return rows by learner, in order of budget."""
    out: dict[str, list[Row]] = {}
    for row in sorted(rows, key=lambda row: row.setting.transitions or 0):
        out.setdefault(row.setting.learner, []).append(row)
    return out


def _budgets(rows: Sequence[Row]) -> np.ndarray:
    """Their budgets. Shape (rows,)."""
    return np.array([row.setting.transitions or 1 for row in rows], dtype=float)
