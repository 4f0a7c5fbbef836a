"""One worker thread beside the executor's: callbacks submit, the worker thinks, and every job has a deadline."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from f2p.clock import Clock, SystemClock
from f2p.ros.errors import BusyError


class Worker:
    """A thread that runs jobs one after the other.

    Args:
        name: Name of the thread, for debuggers.
        waiting: How many jobs may wait before `submit` refuses.
        clock: Where the deadlines are read.
    """

    def __init__(self, name: str, waiting: int = 8, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._jobs: queue.Queue[tuple[Callable[[], Any], Future, float]] = queue.Queue(maxsize=waiting)
        self._closed = threading.Event()
        self._until: float | None = None
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    def submit(self, job: Callable[[], Any], deadline_s: float) -> Future:
        """Queue `job`; its result or error comes in the returned future. Raises BusyError when too many wait."""
        future: Future = Future()
        try:
            self._jobs.put_nowait((job, future, deadline_s))
        except queue.Full:
            raise BusyError(f"{self._thread.name} has {self._jobs.maxsize} jobs waiting; try again later") from None
        return future

    def overdue_s(self) -> float:
        """Return how long the running job is past its deadline [s]; 0 when all is well."""
        until = self._until
        return 0.0 if until is None else max(0.0, self._clock.monotonic_s() - until)

    def close(self, timeout_s: float) -> bool:
        """Stop after the running job; True when the thread has ended within `timeout_s`."""
        self._closed.set()
        self._thread.join(timeout=timeout_s)
        return not self._thread.is_alive()

    def _work(self) -> None:
        while not self._closed.is_set():
            try:
                job, future, deadline_s = self._jobs.get(timeout=0.2)
            except queue.Empty:
                continue
            if not future.set_running_or_notify_cancel():
                continue
            self._until = self._clock.monotonic_s() + deadline_s
            try:
                future.set_result(job())
            except BaseException as error:
                future.set_exception(error)
            finally:
                self._until = None
