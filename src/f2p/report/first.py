"""The page of a failure that nobody has learned from yet: written beside it at once, without torch."""

from __future__ import annotations

from pathlib import Path

from f2p.report.page import Story, write_page
from f2p.report.words import PAGE, call_text
from f2p.types import Failure


def title_of(failure: Failure) -> str:
    """Return what a failure's page is called."""
    return f"{failure.id}: {call_text(failure.outcome.call)} did not do what was predicted"


def write_first(failure: Failure, folder: Path) -> Path:
    """Write the page of a failure that was just found into its folder. Raises OSError where it cannot be."""
    return write_page(Story(title_of(failure), failure, folder), folder / PAGE)
