"""Failure in, particles out: about twenty scenes like the failure's (Eq. 2, 3), then an action for each (Eq. 4, 5)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor, nn

from f2p.clock import Clock, SystemClock
from f2p.model.protocol import SkillEffectModel
from f2p.model.threads import limit_threads, no_denormals
from f2p.posterior.action_spaces.bounded import action_space
from f2p.posterior.action_spaces.protocol import Situation
from f2p.posterior.actions import ActionTarget
from f2p.posterior.barrier import Obstacles
from f2p.posterior.bounds import Bounds, bounds_of
from f2p.posterior.config import PosteriorConfig
from f2p.posterior.diagnostics import Diagnostics, effective_number, placements, spreads
from f2p.posterior.errors import NotMovableError
from f2p.posterior.layout import Layout, layout_of
from f2p.posterior.modes import Mode, modes
from f2p.posterior.objective import after_set
from f2p.posterior.search import best_of
from f2p.posterior.states import StateTarget, state_target
from f2p.posterior.svgd import SvgdResult, svgd
from f2p.settings import completed
from f2p.types import Failure, Particles, Relations, SkillCall

Progress = Callable[[str, float, str], None]


DEFAULT = PosteriorConfig()


@contextmanager
def evaluating(model: SkillEffectModel) -> Iterator[None]:
    """Run the model without dropout (A15), put back afterwards."""
    module = model if isinstance(model, nn.Module) and model.training else None
    if module is not None:
        module.eval()
    try:
        yield
    finally:
        if module is not None:
            module.train()


def infer(
    failure: Failure,
    model: SkillEffectModel,
    bounds: Bounds | None = None,
    config: PosteriorConfig = DEFAULT,
    seed: int = 0,
    progress: Progress | None = None,
    clock: Clock | None = None,
) -> tuple[Particles, Diagnostics]:
    """About twenty scenes and actions around one failure.

    Args:
        failure: With scenes, observed relations and contradictions.
        model: The effect model that failed.
        bounds: Surfaces that actions may use; all tables seen if None.
        config: Mode, numbers.
        seed: Everything random follows from it.
        progress: Called with stage, fraction and detail.
        clock: For time limits and durations.

    Returns:
        Particles, not yet settled (see `project`), and what a report shows of the inference.

    Raises:
        PosteriorError: What was wrong with the failure; see posterior/errors.py.
    """
    limit_threads()
    clock = clock or SystemClock()
    started = clock.monotonic_s()
    report = progress or (lambda stage, fraction, detail: None)
    mode = modes.get(config.mode)
    config = _filled(config, mode)
    bounds = bounds or bounds_of(failure.outcome.before)
    with evaluating(model), no_denormals():
        target = _state_target(failure, model, bounds, config, mode, seed)
        prepared = clock.monotonic_s()
        report("svi_states", 0.0, f"{len(target.wanted)} relations, {len(target.layout.free)} bodies")
        states = _infer_states(target, config, mode, seed, report, clock)
        actions_started = clock.monotonic_s()
        action_target, source = _action_target(failure, target, states.variables, bounds, config, mode, seed)
        report("svi_actions", 0.0, f"{len(action_target.wanted)} relations by {source}")
        actions = _infer_actions(action_target, target, states.variables, config, mode, seed, report, clock)
        particles = _particles(failure, target, states, action_target, actions, source)
    ended = clock.monotonic_s()
    seconds = {
        "prepare": prepared - started,
        "states": actions_started - prepared,
        "actions": ended - actions_started,
        "total": ended - started,
    }
    return particles, _diagnostics(config.mode, particles, target, states, action_target, actions, seconds)


def _filled(config: PosteriorConfig, mode: Mode) -> PosteriorConfig:
    """Return the config with what it leaves to the mode."""
    return completed(
        config,
        {
            "states.kinds": mode.kinds,
            "states.agreeing_only": mode.agreeing_only,
            "layout.relative": mode.relative,
            "actions.pooling": mode.pooling,
            "actions.entropy_weight": mode.entropy_weight,
            "state_search.kernel": mode.kernel,
            "action_search.kernel": mode.kernel,
        },
    )


def _state_target(
    failure: Failure, model: SkillEffectModel, bounds: Bounds, config: PosteriorConfig, mode: Mode, seed: int
) -> StateTarget:
    """Return the target of Eq. 2 for this failure."""
    scene, call = failure.outcome.before, failure.outcome.call
    movable = tuple(segment.name for segment in scene.segments if segment.movable)
    if call.object not in movable:
        raise NotMovableError(call.object, movable)
    observed = failure.outcome.observed_before
    relations = Relations(scene.names, np.zeros((len(scene.names), 3)), observed.binary_of(scene.names))
    layout = layout_of(scene, relations, bounds, config.layout)
    return state_target(model, scene, relations, layout, seed, config.states)


def _infer_states(
    target: StateTarget, config: PosteriorConfig, mode: Mode, seed: int, report: Progress, clock: Clock
) -> SvgdResult:
    """Search for states and evaluate them once more with a fresh encoding."""
    generator = torch.Generator().manual_seed(seed)
    search, refresh = config.state_search, target.config.refresh

    def at(iteration: int, variables: Tensor) -> None:
        if iteration % refresh == 0:
            target.encode(variables)
            report("svi_states", iteration / search.iterations, f"iteration {iteration} of {search.iterations}")

    def draw(iteration: int) -> Tensor:
        drawn = target.layout.prior.draw(config.particles, generator)
        at(iteration, drawn)
        return target.pinned(drawn)

    if mode.search == "best_of":
        result = best_of(target, draw, search.iterations, search.limit_s, clock=clock)
    else:
        initial = _started(target.start(config.particles, generator), mode)
        result = svgd(target, initial, search, target.coordinates, seed, at, clock)
    target.encode(result.variables)
    with torch.no_grad():
        return replace(result, log_density=target(result.variables).detach())


def _action_target(
    failure: Failure,
    target: StateTarget,
    variables: Tensor,
    bounds: Bounds,
    config: PosteriorConfig,
    mode: Mode,
    seed: int,
) -> tuple[ActionTarget, str]:
    """Return the target of Eq. 4 in the given states, and where R_post came from."""
    call = failure.outcome.call
    wanted, source = after_set(failure)
    grasped = failure.outcome.before.index(call.object)
    with torch.no_grad():
        poses = target.poses(variables)
        latent = target.latent(poses).detached()
    rng = np.random.default_rng((seed, 1))
    around = _obstacles(target.layout, poses, grasped, config.actions.margin) if config.layout.relative else None
    here, acted_on = poses.double().numpy(), failure.outcome.before.segments[grasped]
    space = action_space(Situation(call, here, grasped, acted_on, bounds, around, config.actions), rng)
    pooling, weight = config.actions.pooling, config.actions.entropy_weight
    assert pooling is not None and weight is not None
    return ActionTarget(target.model, latent, call.skill, grasped, wanted, space, pooling, weight), source


def _obstacles(layout: Layout, poses: Tensor, grasped: int, margin: float) -> Obstacles | None:
    """Return what can be moved and does not lie in or on the grasped body; None when there is nothing."""
    carried = {grasped}
    while (
        more := {index for index, parent in zip(layout.free, layout.parents, strict=True) if parent in carried}
        - carried
    ):
        carried |= more
    others = [index for index in layout.free if index not in carried]
    sizes = layout.extents
    return Obstacles(sizes[grasped], poses[:, others], sizes[others], margin) if others else None


def _infer_actions(
    target: ActionTarget,
    states: StateTarget,
    variables: Tensor,
    config: PosteriorConfig,
    mode: Mode,
    seed: int,
    report: Progress,
    clock: Clock,
) -> SvgdResult:
    """Search for an action in each state."""
    generator = torch.Generator().manual_seed(seed + 1)
    search, space, tries = config.action_search, target.space, int(config.actions.tries)
    count = len(variables)

    def at(iteration: int, _: Tensor) -> None:
        if iteration % 50 == 0:
            report("svi_actions", iteration / search.iterations, f"iteration {iteration} of {search.iterations}")

    if mode.search == "best_of":
        return best_of(
            target,
            lambda _: space.draw(count, 1, generator),
            search.iterations,
            search.limit_s,
            per_row=True,
            clock=clock,
        )
    context = None
    if mode.with_state and config.actions.state_weight > 0.0 and target.grasped in states.layout.free:
        row = states.layout.free.index(target.grasped)
        context = config.actions.state_weight * states.layout.prior.shares(variables)[:, 3 * row : 3 * row + 3]
    start = _started(space.draw(count, tries, generator), mode)
    return svgd(target, start, search, space.coordinates(context), seed + 1, at, clock)


def _started(drawn: Tensor, mode: Mode) -> Tensor:
    """Return starting variables (M, D): as drawn, or the first one's for all."""
    return drawn[:1].expand_as(drawn).clone() if mode.shared_start else drawn


def _particles(
    failure: Failure,
    target: StateTarget,
    states: SvgdResult,
    action_target: ActionTarget,
    actions: SvgdResult,
    source: str,
) -> Particles:
    """Return the result in the shared type, with counts of everything out of the ordinary."""
    call = failure.outcome.call
    with torch.no_grad():
        poses = target.poses(states.variables).double().numpy()
        parameters = action_target.space.parameters(actions.variables).double().numpy()
        entropy = action_target.log_entropies(actions.variables).sum(-1).double().numpy()
    counts = {f"states_{key}": value for key, value in states.trace.counts.items()}
    counts |= {f"actions_{key}": value for key, value in actions.trace.counts.items()}
    counts |= {"states_stop": int(states.trace.stop), "actions_stop": int(actions.trace.stop)}
    counts |= {
        f"after_by_{source}": 1,
        "relations_before": len(target.wanted),
        "relations_after": len(action_target.wanted),
    }
    calls = tuple(SkillCall(call.skill, call.object, parameter) for parameter in parameters)
    return Particles(target.layout.names, poses, calls, states.log_density.double().numpy(), entropy, counts)


def _diagnostics(
    mode: str,
    particles: Particles,
    target: StateTarget,
    states: SvgdResult,
    action_target: ActionTarget,
    actions: SvgdResult,
    seconds: dict[str, float],
) -> Diagnostics:
    """Return what a report shows."""
    layout: Layout = target.layout
    plane, yaw = spreads(particles.poses)
    shares = layout.prior.shares(states.variables).numpy()
    surfaces: dict[str, int] = {}
    for name in action_target.space.surfaces:
        surfaces[name] = surfaces.get(name, 0) + 1
    return Diagnostics(
        mode=mode,
        names=particles.names,
        position_spread=plane,
        yaw_spread=yaw,
        effective_states=effective_number(shares, 0.1 * np.sqrt(shares.shape[1])),
        effective_actions=effective_number(placements(particles), 0.1),
        states=states.trace,
        actions=actions.trace,
        surfaces=surfaces,
        relations_before=len(target.wanted),
        relations_after=len(action_target.wanted),
        seconds=seconds,
    )
