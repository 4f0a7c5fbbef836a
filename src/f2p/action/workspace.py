"""The region that proposals are drawn from, whatever the skill."""

from __future__ import annotations

from dataclasses import dataclass

from f2p.settings import Settings, number


@dataclass(frozen=True)
class Workspace(Settings):
    """The region that Stretch reaches by driving along y and extending its arm along x, in the task frame."""

    x_low: float = number(
        0.40, "nearest placement", unit="m", low=-3.0, high=3.0, source="stretch.md 1.2: 0.39 m with the arm in"
    )
    x_high: float = number(
        0.87, "farthest placement", unit="m", low=-3.0, high=3.0, source="stretch.md 1.2: 0.91 m with the arm out"
    )
    y_low: float = number(
        -1.05, "rightmost placement", unit="m", low=-3.0, high=3.0, source="ours: both tables and 5 cm beyond"
    )
    y_high: float = number(
        1.05, "leftmost placement", unit="m", low=-3.0, high=3.0, source="ours: both tables and 5 cm beyond"
    )
    over_objects: float = number(
        0.0, "share of proposals over the footprints of what is in the scene", low=0.0, high=1.0,
        source="0 is the paper's \"from the robot's workspace\"",
    )  # fmt: skip
