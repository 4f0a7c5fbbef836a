"""What to do now about a failure, by its cause: one sentence for whoever stands beside the robot."""

from __future__ import annotations

from pathlib import Path

from f2p.types import Cause

_ACTIONS = {
    Cause.MODEL: "let it learn from this (f2p learn {folder}), then try again",
    Cause.SIMULATION_GAP: "learn nothing from this; hold sizes, masses and friction in the simulator against the real "
                          "ones, then try again",
    Cause.EXECUTION: "look at gripper, path and what is held{error}; put right what is wrong, then try again",
    Cause.PERCEPTION: "look at what the camera sees: light, reflections, what stands before what; then try again",
    Cause.UNKNOWN: "have a person look: f2p report {folder}; f2p teleop takes over where something stands badly",
}  # fmt: skip
"""By cause; every cause has one, see its test."""


def next_action(cause: Cause, folder: Path | str = "", error_code: int = 0) -> str:
    """Return what to do now.

    Args:
        cause: Why the step did not do what was predicted.
        folder: The failure's folder, or its id where that is all one has.
        error_code: What the executor reported; 0 for nothing.
    """
    error = f" (error {error_code}, see docs/errors.md)" if error_code else ""
    return _ACTIONS[cause].format(folder=folder or "FOLDER", error=error)
