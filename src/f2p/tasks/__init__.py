"""Tasks: a scene maker, a goal, the proposal of common sense, and success by the simulator's truth."""

from __future__ import annotations

from f2p.tasks import bring, clear, transport  # noqa: F401 - importing registers them
from f2p.tasks.protocol import Task, TaskInstance, tasks

__all__ = ["Task", "TaskInstance", "tasks"]
