"""The workspace of the demo: two tables side by side."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from f2p.settings import Settings, number
from f2p.shape.table import TABLE
from f2p.sim.world import Body, World


@dataclass(frozen=True)
class WorkspaceConfig(Settings):
    """Two tables on the robot's arm side, task frame."""

    table_height: float = number(
        0.50, "top of both tables", unit="m", low=0.1, high=1.2, source="ours: Stretch's reach"
    )
    table_depth: float = number(0.50, "extent along x", unit="m", low=0.2, high=1.0)
    table_width: float = number(0.90, "extent along y", unit="m", low=0.2, high=2.0)
    table_thickness: float = number(0.05, "board thickness", unit="m", low=0.01, high=0.3)
    table_x: float = number(0.70, "centre along x", unit="m", low=0.2, high=1.5)
    table_y: float = number(0.55, "table_a is centred at +this, table_b at -this", unit="m", low=0.2, high=1.5)


def tables(config: WorkspaceConfig | None = None) -> World:
    """Return the tables of the demo: `table_a` on the left (+y), `table_b` on the right."""
    config = config or WorkspaceConfig()
    size = np.array([config.table_depth, config.table_width, config.table_thickness])
    z = config.table_height - 0.5 * config.table_thickness
    bodies = (Body("table_a", TABLE, size), Body("table_b", TABLE, size))
    return World(
        bodies, np.array([[config.table_x, config.table_y, z, 0.0], [config.table_x, -config.table_y, z, 0.0]])
    )
