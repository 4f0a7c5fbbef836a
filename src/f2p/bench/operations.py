"""What the matrix products of a computation alone would need on this machine: their number over the rate of one."""

from __future__ import annotations

from collections import defaultdict
from types import TracebackType
from typing import Any

from f2p.bench.protocol import Progress
from f2p.clock import SystemClock

ROWS, WIDTH, REPEATS, WINDOWS = 128, 256, 4, 300
"""The product that is timed: about as many rows as a dozen scenes have segments, features as wide as a latent; and how
often, in windows of less than a millisecond, so that on a busy machine some are undisturbed."""


def products_per_second() -> float:
    """Floating-point operations a second of one single-precision product, with as many threads as torch uses now."""
    import torch

    left, right, clock = torch.randn(ROWS, WIDTH), torch.randn(WIDTH, WIDTH), SystemClock()
    best = float("inf")
    for _ in range(WINDOWS):
        start = clock.monotonic_s()
        for _ in range(REPEATS):
            torch.mm(left, right)
        best = min(best, clock.monotonic_s() - start)
    return 2.0 * ROWS * WIDTH * WIDTH * REPEATS / best


class Products:
    """Counts the products within a `with` block, by stages where a progress is passed on through it."""

    def __init__(self) -> None:
        from torch.utils.flop_counter import FlopCounterMode

        self._counter: Any = FlopCounterMode(display=False)
        self._stages: defaultdict[str, float] = defaultdict(float)
        self._seen = 0.0

    def __enter__(self) -> Products:
        self._counter.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._counter.__exit__(kind, error, trace)

    def counting(self, progress: Progress) -> Progress:
        """`progress`, and what was computed since it was told last is put down to the stage it is told of."""

        def told(stage: str, done: float, text: str) -> None:
            total = float(self._counter.get_total_flops())
            self._stages[stage] += total - self._seen
            self._seen = total
            progress(stage, done, text)

        return told

    def seconds(self, *stages: str) -> float:
        """Return what the products of `stages` need, of everything where none is named [s]."""
        count = sum(self._stages[stage] for stage in stages) if stages else float(self._counter.get_total_flops())
        return count / products_per_second()
