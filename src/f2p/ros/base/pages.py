"""A failure's page, written on a worker of its own beside what the node does; what cannot be written is a warning."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from f2p.errors import F2pError
from f2p.ros.base.node import F2pNode
from f2p.ros.errors import BusyError
from f2p.types import Failure

if TYPE_CHECKING:
    from f2p.weights.cycle import LearnReport
    from f2p.weights.store import WeightsStore

REPORT_S = 180.0
"""Longest writing of a page [s] (ours: it takes ten where versions of the weights are asked; imports included)."""


class PageWriter:
    """Writes pages for one node.

    Args:
        node: Whose worker and log it is.
    """

    def __init__(self, node: F2pNode) -> None:
        self._worker, self._log = node.new_worker("reporter"), node.get_logger()

    def first(self, failure: Failure, folder: Path) -> None:
        """Write the page of a failure that was just found."""

        def write() -> object:
            from f2p.report.first import write_first

            return write_first(failure, folder)

        self._submit(write, failure.id)

    def learned(self, case: Path, store: WeightsStore, report: LearnReport) -> None:
        """Write it anew, with what was learned and what each version of the weights predicts."""

        def write() -> object:
            from f2p.report.case import learned_from, write_report
            from f2p.report.why import versions_of
            from f2p.report.words import PAGE

            learned, versions = learned_from(store.folder, report.failure_id), partial(versions_of, store)
            return write_report(case, case / PAGE, {"seconds": report.seconds}, learned, versions=versions)

        self._submit(write, report.failure_id)

    def _submit(self, write: Callable[[], object], failure_id: str) -> None:
        def job() -> None:
            try:
                write()
            except (F2pError, OSError) as error:
                self._log.warning(f"the page of {failure_id} is not written: {error}")

        try:
            self._worker.submit(job, REPORT_S)
        except BusyError as error:
            self._log.warning(f"the page of {failure_id} is not written: {error}")
