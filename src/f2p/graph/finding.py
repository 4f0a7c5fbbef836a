"""One checked fact of an installation, a stack or a robot, with what to do where it is not as it should be."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One checked fact."""

    name: str
    ok: bool
    text: str
    remedy: str = ""
