"""Time and memory against the limits the project sets itself; never part of the test suite."""

from __future__ import annotations

from f2p.bench import learning, planning, swapping  # noqa: F401 - importing registers them
from f2p.bench.protocol import Measurement, benchmarks

__all__ = ["Measurement", "benchmarks"]
