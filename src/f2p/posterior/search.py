"""The Sampling rival: draw from the prior, keep the best, with as many evaluations as the Stein search gets (C20)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from f2p.clock import Clock, SystemClock
from f2p.posterior.errors import NotFiniteError
from f2p.posterior.svgd import LogDensity, Stop, SvgdResult, Trace


def best_of(
    log_density: LogDensity,
    draw: Callable[[int], Tensor],
    rounds: int,
    limit_s: float,
    per_row: bool = False,
    clock: Clock | None = None,
) -> SvgdResult:
    """Keep the best M of `rounds` batches of M draws.

    Args:
        log_density: Of every particle; evaluated without gradient.
        draw: Round number to variables (M, D).
        rounds: Batches; M x rounds evaluations in all.
        limit_s: Time limit [s].
        per_row: Keep the best of each row rather than of all, where rows belong to fixed states.
        clock: Where durations come from.

    Raises:
        NotFiniteError: No draw had a finite density.
    """
    clock = clock or SystemClock()
    started = clock.monotonic_s()
    best = draw(0)
    values: Tensor | None = None
    history: list[float] = []
    stop = Stop.ITERATIONS
    counts = {"evaluations": 0, "not_finite": 0}
    for iteration in range(rounds):
        variables = best if iteration == 0 else draw(iteration)
        with torch.no_grad():
            density = log_density(variables).detach()
        finite = torch.isfinite(density)
        counts["evaluations"] += len(density)
        counts["not_finite"] += int((~finite).sum())
        density = torch.where(finite, density, torch.full_like(density, -torch.inf))
        if values is None:
            values = density
        elif per_row:
            better = density > values
            best, values = torch.where(better[:, None], variables, best), torch.where(better, density, values)
        else:
            pool, scores = torch.cat([best, variables]), torch.cat([values, density])
            order = scores.argsort(descending=True, stable=True)[: len(values)]
            best, values = pool[order], scores[order]
        history.append(float(values[torch.isfinite(values)].mean()) if bool(torch.isfinite(values).any()) else -np.inf)
        if clock.monotonic_s() - started > limit_s:
            stop = Stop.TIME
            break
    if values is None or not bool(torch.isfinite(values).any()):
        raise NotFiniteError("the log density of every draw")
    empty = np.zeros(len(history))
    trace = Trace(empty, np.array(history), empty, stop, clock.monotonic_s() - started, counts)
    return SvgdResult(best, values, trace)
