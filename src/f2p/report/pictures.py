"""One picture of how a task is learned: before the failed step, after it, what was imagined around it, and the success.

Drawn from ground truth as the head camera sees it; the success is a scene that nothing was learned from.
"""

from __future__ import annotations

import io
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.image import imread
from matplotlib.patches import Polygon

from f2p.action.protocol import moves
from f2p.evaluate.errors import NoSuccessError
from f2p.evaluate.failures import make_failure
from f2p.evaluate.trial import run_plan
from f2p.files import write_whole
from f2p.geometry import box_corners
from f2p.learner.protocol import learners
from f2p.model.shipping import DEFAULT_ARCHITECTURE
from f2p.plan.planner import Planner
from f2p.report.figures import colours_of
from f2p.report.views import picture
from f2p.report.words import call_text
from f2p.sim.protocol import Simulator
from f2p.tasks.protocol import Task
from f2p.types import Particles, Scene
from f2p.weights.cycle import learn
from f2p.weights.modules import open_store
from f2p.weights.service import load_predictor

SUCCESS_STREAM = 606
"""Keeps these scenes apart from those of failures and of trials."""

TRIES = 20
PANEL = (6.4, 2.7)
"""Width and height of each of the four [in]."""


def draw_task(task: Task, simulator: Simulator, objects: int, number: int, path: Path) -> Path:
    """Fail, learn, succeed in another scene, and draw it.

    Args:
        task: What is tried.
        simulator: Executes, and judges.
        objects: Objects per scene.
        number: Of the failure, and of the scenes afterwards.
        path: The PNG.

    Raises:
        NoFailureError: The shipped weights need not learn it.
        NoSuccessError: No scene was solved afterwards.
    """
    with TemporaryDirectory() as folder:
        store = open_store(folder, DEFAULT_ARCHITECTURE)
        untaught = load_predictor(store, store.champion)
        failure = make_failure(task, Planner(lambda: untaught), simulator, objects, number)
        report = learn(failure, learners.make("fail2progress"), store, simulator, seed=number)
        start, end = _success(task, Planner(lambda: load_predictor(store, store.champion)), simulator, objects, number)
    outcome = failure.outcome
    panels = [
        (f"before {call_text(outcome.call)}", picture(outcome.before, outcome.after)),
        (
            f"after it: {len(failure.contradictions)} relations other than predicted",
            picture(outcome.after, outcome.before),
        ),
        ("another scene, after learning: it begins", picture(start, end)),
        ("and ends as was asked", picture(end, start)),
    ]
    figure = Figure(figsize=(2 * PANEL[0], 3 * PANEL[1]), facecolor="white", layout="constrained")
    FigureCanvasAgg(figure)
    grid = figure.add_gridspec(3, 2)
    places = [grid[0, 0], grid[0, 1], grid[2, 0], grid[2, 1]]
    for place, (title, png) in zip(places, panels, strict=True):
        axes = figure.add_subplot(place)
        axes.imshow(imread(io.BytesIO(png), format="png"))
        axes.set_title(title, fontsize=10)
        axes.set_axis_off()
    axes = figure.add_subplot(grid[1, :])
    if report.data.particles is not None:
        _from_above(axes, outcome.before, report.data.particles)
    axes.set_title(f"imagined around the failure, from above: {len(report.data.transitions)} simulated", fontsize=10)
    out = io.BytesIO()
    figure.savefig(out, format="png", dpi=80)
    write_whole(path, out.getvalue())
    return path


def _success(task: Task, planner: Planner, simulator: Simulator, objects: int, number: int) -> tuple[Scene, Scene]:
    """Return the first of fresh scenes that is solved, and what it became."""
    for attempt in range(TRIES):
        instance = task.make(np.random.default_rng((SUCCESS_STREAM, number, attempt)), objects, simulator)
        scene = simulator.observe(instance.world, number)
        plan = planner.plan(scene, instance.goal, number, instance.proposal, instance.budget)
        done = run_plan(simulator, instance.world, plan, number)
        if done and instance.success(done[-1].relations_after):
            return scene, done[-1].after
    raise NoSuccessError(task.name, TRIES)


def _from_above(axes: Axes, scene: Scene, particles: Particles) -> None:
    """Draw footprints of all particles over those of the scene, and where its action goes; x up, y to the left."""
    colours = colours_of(scene)
    for segment in scene.segments:
        corners = box_corners(segment.box.center, segment.box.size, segment.box.yaw)
        _footprint(axes, corners, colours[segment.name], 0.9 if segment.movable else 0.3, filled=not segment.movable)
        if segment.movable and segment.name in particles.names:
            for pose in particles.poses[:, particles.names.index(segment.name)]:
                _footprint(axes, box_corners(pose[:3], segment.box.size, pose[3]), colours[segment.name], 0.35)
    for pose, call in zip(particles.poses, particles.calls, strict=True):
        start = pose[particles.names.index(call.object), :3]
        end = start + call.parameter @ moves(call.skill)
        axes.plot([start[1], end[1]], [start[0], end[0]], color="#222222", alpha=0.4, linewidth=0.8, linestyle=":")
    axes.set_aspect("equal")
    axes.invert_xaxis()
    axes.autoscale_view()
    axes.set_axis_off()


def _footprint(axes: Axes, corners: np.ndarray, colour: str, alpha: float, *, filled: bool = False) -> None:
    """Draw the outline of a box's corners, in the order of `box_corners`, seen from above."""
    outline = corners[[0, 1, 3, 2]][:, [1, 0]]
    axes.add_patch(Polygon(outline, closed=True, fill=filled, facecolor=colour, edgecolor=colour, alpha=alpha))
