"""How many threads numerics take: one, unless the environment says otherwise."""

from __future__ import annotations

import os

import torch

VARIABLE = "OMP_NUM_THREADS"


def limit_threads() -> None:
    """Give numerics of this process one thread, or as many as OMP_NUM_THREADS says; what computes calls it first.

    The networks are small: beside other busy processes, threads that wait for each other on two cores made inference
    take 205 s instead of 12. A program that wants another number sets OMP_NUM_THREADS before it imports torch.
    """
    wanted = os.environ.get(VARIABLE, "")
    count = int(wanted) if wanted.isdecimal() and int(wanted) > 0 else 1
    if torch.get_num_threads() != count:
        torch.set_num_threads(count)
