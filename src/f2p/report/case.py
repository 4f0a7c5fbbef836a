"""The report of a stored failure: the case, the data set and the weights it led to are gathered into one page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from f2p.learner.dataset import read_learning, read_particles
from f2p.monitor.case import read_case
from f2p.report.first import title_of
from f2p.report.page import Story, Version, write_page
from f2p.report.seen import Glimpse
from f2p.report.words import REFUSED, SERVES, WAITS, WITHDRAWN, Lesson
from f2p.types import Failure
from f2p.weights.lineage import lineage_tree
from f2p.weights.modules import open_store
from f2p.weights.remarks import withdrawn
from f2p.weights.store import WeightsStore

RECORDING = "recording"
"""Folder within it where a recorder puts what it saw."""

Versions = Callable[[Failure], tuple[Version, ...]]
"""Gives what versions of the weights predict of a failed step."""


Look = Callable[[Path, Sequence[int]], tuple[Glimpse, ...]]
"""Gives what a recording shows of some moments."""


@dataclass(frozen=True, eq=False)
class Learned:
    """What was learned from one failure."""

    parent: str
    weights: str
    dataset: Path
    losses: tuple[float, ...]
    seconds: dict[str, float]
    lineage: str
    """As text, weights first."""
    lesson: Lesson


def learned_from(store_folder: Path, failure_id: str) -> Learned | None:
    """Return the newest learning from a failure in a weights store; None when there is none.

    Raises:
        NotADatasetError: What was learned in this store cannot be read.
        WeightsError: The weights it led to cannot be.
    """
    found = []
    for path in sorted((store_folder / "datasets").glob("*/learn.json"), key=lambda one: one.stat().st_mtime):
        told = read_learning(path.parent)
        if told["failure"] == failure_id and told["weights"]:
            found.append((path.parent, told))
    if not found:
        return None
    folder, told = found[-1]
    store = open_store(store_folder)
    return Learned(
        told["parent"], told["weights"], folder, tuple(told["losses"]), told["seconds"],
        lineage_text(store, told["weights"]), _lesson(store, told["weights"]),
    )  # fmt: skip


def _lesson(store: WeightsStore, weights_id: str) -> Lesson:
    """Return what became of weights, and how they proved themselves."""
    manifest, reason = store.manifest(weights_id), withdrawn(store.folder, weights_id)
    gate, data = manifest.gate, manifest.data or {}
    if reason:
        fate = WITHDRAWN
    elif store.waiting == weights_id:
        fate = WAITS
    else:
        fate = REFUSED if gate is not None and not gate["passed"] else SERVES
    return Lesson(weights_id, fate, int(data.get("transitions", 0)), data.get("tags", {}), gate, manifest.reliability,
                  reason)  # fmt: skip


def lineage_text(store: WeightsStore, weights_id: str) -> str:
    """Return the lineage of weights as plain text."""
    console = Console(width=140, no_color=True, highlight=False)
    with console.capture() as capture:
        console.print(lineage_tree(store, weights_id))
    return capture.get()


def write_report(
    case_folder: Path, path: Path, summary: Mapping[str, Any], learned: Learned | None, simulated: bool = False,
    versions: Versions = lambda _failure: (), look: Look = lambda _recording, _stamps_ns: (),
) -> Path:  # fmt: skip
    """Write the page of one failure.

    Args:
        case_folder: The failure, see `f2p.monitor.case`.
        path: The page to write.
        summary: What the run printed; success and seconds are shown on top.
        learned: What was learned from it, if anything was.
        simulated: Whether it is known that the robot was a simulated one.
        versions: What versions of the weights predict of it.
        look: Reads pictures and joints out of its recording, at the stamps of both scenes [ns].

    Raises:
        NotACaseError: The folder is no failure, or not whole.
    """
    failure = read_case(case_folder)
    outcome = failure.outcome
    particles = read_particles(learned.dataset, outcome.before.names, outcome.call.step) if learned else None
    losses = {"total": learned.losses} if learned else {}
    recording = case_folder / RECORDING
    there = recording.is_dir()
    return write_page(Story(
        title_of(failure), failure, case_folder,
        learned.lesson if learned else None, summary, particles, losses, learned.lineage if learned else "",
        versions(failure), str(recording) if there else "",
        look(recording, (outcome.before.stamp_ns, outcome.after.stamp_ns)) if there else (), simulated,
    ), path)  # fmt: skip
