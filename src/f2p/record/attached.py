"""A failure's folder gets the recording that shows it, so that whoever carries the one away has the other."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from f2p.files import whole_folder
from f2p.monitor.case import is_case

NAME = "recording"
"""Folder within the failure's."""


def attach(recording: Path, case: Path) -> Path | None:
    """Put a finished recording into a failure's folder: links where both lie on one disk, else copies.

    Returns:
        Where it is now; None where there is no such failure on this machine.

    Raises:
        OSError: It cannot be written; nothing is left behind.
    """
    if not is_case(case):
        return None
    place = case / NAME
    if place.exists():  # a recording that was gone on with, for the next event
        shutil.rmtree(place)
    with whole_folder(place) as partial:
        for path in sorted(recording.iterdir()):
            try:
                os.link(path, partial / path.name)
            except OSError:
                shutil.copy2(path, partial / path.name)
    return place
