"""The worker: one job after the other, errors come back, deadlines are seen, a full queue refuses."""

from __future__ import annotations

import threading

import pytest

from f2p.ros.base.worker import Worker
from f2p.ros.errors import BusyError


def test_results_and_errors_come_back_in_order() -> None:
    worker = Worker("test")
    futures = [worker.submit(lambda n=n: n * n, 5.0) for n in range(5)]
    assert [future.result(timeout=10) for future in futures] == [0, 1, 4, 9, 16]

    def fails() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        worker.submit(fails, 5.0).result(timeout=10)
    assert worker.close(timeout_s=10)


def test_an_overdue_job_is_seen_and_a_full_queue_refuses() -> None:
    worker, gate, begun = Worker("test", waiting=1), threading.Event(), threading.Event()

    def hangs() -> None:
        begun.set()
        gate.wait(timeout=30)

    running = worker.submit(hangs, deadline_s=0.01)
    assert begun.wait(timeout=10)
    threading.Event().wait(timeout=0.1)
    assert worker.overdue_s() > 0.0
    worker.submit(lambda: None, 1.0)
    with pytest.raises(BusyError, match="1 jobs waiting"):
        worker.submit(lambda: None, 1.0)
    gate.set()
    running.result(timeout=10)
    assert worker.close(timeout_s=10)
    assert worker.overdue_s() == 0.0
