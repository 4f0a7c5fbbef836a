"""How many threads numerics take: one, unless the environment says otherwise."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import ParamSpec, TypeVar

VARIABLE = "OMP_NUM_THREADS"


def limit_threads() -> None:
    """Give numerics of this process one thread, or as many as OMP_NUM_THREADS says; what computes calls it first.

    The networks are small: beside other busy processes, threads that wait for each other on two cores made inference
    take 205 s instead of 12. A program that wants another number sets OMP_NUM_THREADS before it imports torch.
    """
    import torch

    wanted = os.environ.get(VARIABLE, "")
    count = int(wanted) if wanted.isdecimal() and int(wanted) > 0 else 1
    if torch.get_num_threads() != count:
        torch.set_num_threads(count)


@contextmanager
def no_denormals() -> Iterator[None]:
    """Let the numbers of this thread that are too small for full precision (below 1e-38) be zero.

    Attention that is sure leaves such gradients, and a product of matrices in which one in a hundred numbers is one
    takes up to four times as long (ours, measured): a fifth of a step of fine-tuning went there.
    """
    import torch

    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(False)


P = ParamSpec("P")
T = TypeVar("T")


def in_turn(function: Callable[P, T]) -> Callable[P, T]:
    """Return `function` for several threads to call: it is called by one at a time."""
    lock = threading.Lock()

    def called(*given: P.args, **named: P.kwargs) -> T:
        with lock:
            return function(*given, **named)

    return called


def at_once(tasks: Iterable[Callable[[], T]], workers: int) -> list[T]:
    """Return what independent tasks return, in their order, however many are worked on at once.

    Products and other long operations of numerics leave the interpreter to the others while they run. Where a task
    raises, the first such error is raised when all that were begun have ended.
    """
    waiting = list(tasks)
    if workers < 2 or len(waiting) < 2:
        return [task() for task in waiting]
    with ThreadPoolExecutor(min(workers, len(waiting))) as pool:
        return list(pool.map(lambda task: task(), waiting))


@contextmanager
def beside(task: Callable[[], T], workers: int) -> Iterator[Callable[[], T]]:
    """Work on `task` beside a `with` block, where there are workers for both; what it gives is asked for afterwards.

    The block ends when both have. With one worker the task is done when it is asked for.
    """
    if workers < 2:
        yield task
        return
    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(task).result
