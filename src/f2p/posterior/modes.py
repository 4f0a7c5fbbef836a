"""The ways to infer, by name: ours, the paper's own, and the paper's two rivals."""

from __future__ import annotations

from dataclasses import dataclass

from f2p.registry import Registry
from f2p.relation.table import binary_specs
from f2p.types import BINARY_RELATIONS

PLACED = tuple(spec.name for spec in binary_specs() if spec.placed)
"""Relations of Eq. 2 by default: directional ones pin the particles (method.md 8: 5 cm instead of 21 cm of spread)."""


@dataclass(frozen=True)
class Mode:
    """What distinguishes one way to infer from another; a config that says otherwise is followed."""

    search: str
    """"stein" or "best_of"."""
    kernel: str = "per_object"
    """Name in `kernels`; of no meaning for "best_of"."""
    relative: bool = True
    """Contents relative to their container."""
    with_state: bool = True
    """Compare (s, a) as the config weighs them rather than a alone (literal, Eq. 5)."""
    pooling: str = "mean"
    """Name in `poolings`."""
    entropy_weight: float = 0.2
    """Weight of the pooled entropy against the prior: 1 is beta = 1 of A.13.2 (ours: at 1 all placements lie in the
    middle of a table, and what is carried to its ends is not learned)."""
    kinds: tuple[str, ...] = PLACED
    """Relations of R_pre."""
    agreeing_only: bool = True
    """R_pre without what the model detects wrongly."""
    shared_start: bool = False
    """All particles begin where the first one does; of meaning for "stein" alone."""


modes: Registry[Mode] = Registry("inference mode")
"""All modes by name."""

modes.register("svi")(Mode("stein"))
modes.register("gradient")(Mode("stein", kernel="independent"))
modes.register("gradient_single")(Mode("stein", kernel="independent", shared_start=True))
modes.register("sampling")(Mode("best_of"))
modes.register("literal")(
    Mode(
        "stein",
        kernel="single",
        relative=False,
        with_state=False,
        pooling="sum",
        entropy_weight=1.0,
        kinds=BINARY_RELATIONS,
        agreeing_only=False,
    )
)
