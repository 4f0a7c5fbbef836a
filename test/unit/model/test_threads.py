"""Numerics take one thread when f2p is used as a library, not by the command line alone."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from f2p.model.batch import TransitionBatch
from f2p.model.factory import create
from f2p.model.metrics import evaluate
from f2p.model.predictor import TorchPredictor
from f2p.model.threads import at_once, beside, in_turn
from f2p.model.train import finetune, pretrain
from f2p.posterior.infer import infer
from f2p.weights.cycle import learn

NOTHING: Any = None


@pytest.fixture
def two_threads() -> Iterator[None]:
    """As torch starts on a machine with two cores."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


ENTRIES: dict[str, Callable[[], object]] = {
    "predictor": lambda: TorchPredictor(create(), "w"),
    "pretrain": lambda: pretrain(create(), NOTHING, NOTHING, 0),
    "finetune": lambda: finetune(create(), NOTHING, NOTHING, NOTHING, 0),
    "infer": lambda: infer(NOTHING, NOTHING),
    "learn": lambda: learn(NOTHING, "fail2progress", NOTHING, NOTHING),
}


@pytest.mark.usefixtures("two_threads")
@pytest.mark.parametrize("name", ENTRIES)
def test_whatever_computes_sets_the_threads_first(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Beside other jobs inference took 205 s instead of 12 where only the command line had set them."""
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    with contextlib.suppress(AttributeError, TypeError):  # there is nothing to work on
        ENTRIES[name]()
    assert torch.get_num_threads() == 1


@pytest.mark.usefixtures("two_threads")
@pytest.mark.parametrize(("said", "threads"), [("2", 2), ("3", 3), ("0", 1), ("many", 1)])
def test_the_environment_may_say_otherwise(
    monkeypatch: pytest.MonkeyPatch, batch: TransitionBatch, said: str, threads: int
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", said)
    evaluate(create(), batch.take(slice(0, 2)))
    assert torch.get_num_threads() == threads


def test_what_is_worked_on_at_once_comes_back_in_order_and_tells_in_turn() -> None:
    """Feedback of two threads at once would reach a client torn."""
    meet, telling, seen = threading.Barrier(2, timeout=10.0), threading.Semaphore(1), list[int]()

    def told(number: int) -> None:
        assert telling.acquire(blocking=False)
        seen.append(number)
        telling.release()

    tell = in_turn(told)

    def task(number: int) -> int:
        meet.wait()  # both are here at once
        for _ in range(100):
            tell(number)
        return number

    assert at_once([lambda: task(1), lambda: task(2)], 2) == [1, 2]
    assert sorted(seen) == [1] * 100 + [2] * 100
    with beside(meet.wait, 2) as other:
        meet.wait()
    assert other() in (0, 1)


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_beside_is_an_error(workers: int) -> None:
    with pytest.raises(ZeroDivisionError):
        at_once([lambda: 1, lambda: 1 // 0], workers)
    with beside(lambda: 1 // 0, workers) as other:
        pass
    with pytest.raises(ZeroDivisionError):
        other()


def test_an_example_run_as_a_library_takes_one_thread() -> None:
    """As a person starts it: no command line, no variable set. Beside two busy processes the others would wait."""
    text = (
        "import runpy, torch; torch.set_num_threads(2); "
        "runpy.run_path('examples/01_relations_of_a_scene.py', run_name='__main__'); print(torch.get_num_threads())"
    )
    environment = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    root = Path(__file__).resolve().parents[3]
    done = subprocess.run(
        (sys.executable, "-c", text), cwd=root, env=environment, capture_output=True, text=True, timeout=120, check=True
    )
    assert done.stdout.splitlines()[-1] == "1" and "P = " in done.stdout
