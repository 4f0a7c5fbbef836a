"""Weights in service: one reference to one predictor, replaced in one assignment.

A question is answered by whoever was in service when it was asked; nothing is ever changed in place, so no answer mixes
two versions. The previous predictor stays resident: rolling back is one assignment as well.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from f2p.clock import Clock, SystemClock
from f2p.plan.errors import StaleWeightsError
from f2p.plan.protocol import Predictor
from f2p.weights.errors import NoPreviousError


@dataclass(frozen=True, eq=False)
class Served:
    """What is in service and what was before. Replaced as a whole."""

    current: Predictor
    previous: Predictor | None = None


@dataclass(frozen=True)
class SwapReport:
    """What a swap did."""

    weights_id: str
    previous_id: str | None
    load_s: float
    """Reading, checking, warming up, golden questions; the old weights serve meanwhile [s]."""
    swap_s: float
    """The assignment [s]."""


class WeightsHolder:
    """Serves one version at a time. All methods may be called from any thread."""

    def __init__(self, load: Callable[[str], Predictor], first: str, clock: Clock | None = None) -> None:
        """Load the weights called `first` with `load`, which reads, checks, warms up and asks the golden questions."""
        self._load, self._clock = load, clock or SystemClock()
        self._changing = threading.Lock()
        self._served = Served(load(first))

    @property
    def weights_id(self) -> str:
        """Id of the weights in service."""
        return self._served.current.weights_id

    def pin(self, weights_id: str | None = None) -> Predictor:
        """Return a predictor that stays with one version: the one in service, or the one called `weights_id`.

        Raises:
            StaleWeightsError: `weights_id` is neither in service nor the one before.
        """
        served = self._served
        if weights_id is None or served.current.weights_id == weights_id:
            return served.current
        if served.previous is not None and served.previous.weights_id == weights_id:
            return served.previous
        held = (served.current, served.previous)
        raise StaleWeightsError(weights_id, [one.weights_id for one in held if one is not None])

    def swap(self, weights_id: str, commit: Callable[[], object] = lambda: None) -> SwapReport:
        """Put other weights into service; if they cannot be loaded, those in service stay.

        Args:
            weights_id: What shall serve.
            commit: Called when they are loaded, just before they serve: what it raises leaves those in service too.

        Raises:
            WeightsError: Why they were refused.
        """
        with self._changing:
            start = self._clock.monotonic_s()
            served = self._served
            if served.current.weights_id == weights_id:
                commit()
                return SwapReport(weights_id, self._previous_id(), 0.0, 0.0)
            resident = served.previous is not None and served.previous.weights_id == weights_id
            predictor = served.previous if resident and served.previous is not None else self._load(weights_id)
            commit()
            loaded = self._clock.monotonic_s()
            self._served = Served(predictor, served.current)
            done = self._clock.monotonic_s()
            return SwapReport(weights_id, served.current.weights_id, loaded - start, done - loaded)

    def rollback(self) -> SwapReport:
        """Put the previous weights back into service. Raises NoPreviousError."""
        with self._changing:
            start, served = self._clock.monotonic_s(), self._served
            if served.previous is None:
                raise NoPreviousError("in service")
            self._served = Served(served.previous, served.current)
            took = self._clock.monotonic_s() - start
            return SwapReport(served.previous.weights_id, served.current.weights_id, 0.0, took)

    def _previous_id(self) -> str | None:
        """Return the id of the resident previous weights."""
        previous = self._served.previous
        return None if previous is None else previous.weights_id
