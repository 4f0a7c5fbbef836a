"""The picture of a task: a failure, what was imagined around it, and a success."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from matplotlib.image import imread

from f2p.evaluate.errors import NoSuccessError
from f2p.learner.protocol import LearnedData
from f2p.report import pictures as module
from f2p.sim.protocol import make_simulator
from f2p.sim.world import reconstruct
from f2p.tasks.protocol import tasks
from f2p.types import Failure, Particles


def learned_nothing(failure: Failure, *_: object, **__: object) -> SimpleNamespace:
    """A round of learning that imagined the failed scene twice, and taught nothing."""
    world, call = reconstruct(failure.outcome.before), failure.outcome.call
    poses = np.stack([world.poses, world.poses + 0.05])
    return SimpleNamespace(data=LearnedData((), Particles(world.names, poses, (call, call), np.zeros(2), np.zeros(2))))


def test_without_a_success_there_is_no_picture_and_with_one_it_shows_all_three_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    task, simulator, path = tasks.make("transport"), make_simulator(), tmp_path / "transport.png"
    monkeypatch.setattr(module, "learn", learned_nothing)
    monkeypatch.setattr(module, "TRIES", 1)
    monkeypatch.setattr(module, "run_plan", lambda *_: ())
    with pytest.raises(NoSuccessError, match="1 scenes of task 'transport' and no success after learning"):
        module.draw_task(task, simulator, 3, 3, path)
    assert not path.exists()
    instance = task.make(np.random.default_rng(1), 3, simulator)
    scene = simulator.observe(instance.world, 1)
    monkeypatch.setattr(module, "_success", lambda *_: (scene, scene))
    image = imread(module.draw_task(task, simulator, 3, 3, path))
    ink = (image[..., :3] < 0.9).any(axis=-1)
    thirds = np.array_split(ink, 3)
    assert all(third.mean() > 0.003 for third in thirds), "before and after, from above, and the success"
