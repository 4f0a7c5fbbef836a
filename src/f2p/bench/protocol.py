"""What a benchmark is: a function that measures something and says what the limit is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from f2p.registry import Makers


@dataclass(frozen=True)
class Measurement:
    """One figure beside its limit."""

    name: str
    value: float
    unit: str
    limit: float
    """The most it may be, or the least where `at_least`."""
    at_least: bool = False
    products: float | None = None
    """What the matrix products alone would need on this machine, in the same unit; None where nothing was counted."""

    @property
    def holds(self) -> bool:
        """Whether the limit is kept."""
        return self.value >= self.limit if self.at_least else self.value <= self.limit

    def as_json(self) -> dict[str, object]:
        """Return it as printed."""
        return {
            "name": self.name, "value": self.value, "unit": self.unit, "limit": self.limit,
            "at_least": self.at_least, "holds": self.holds, "products": self.products,
        }  # fmt: skip


Progress = Callable[[str, float, str], None]
Benchmark = Callable[[int, Progress], list[Measurement]]
"""Called with a seed and a progress callback."""

benchmarks: Makers[Benchmark] = Makers("benchmark", "f2p.bench")
"""All benchmarks by name; what a benchmark measures, and its limits, are its config. One with `on_request` set takes
long, and runs only when it is named."""
