"""The planner: a goal and a scene in, a plan out that says how likely it is and whether it is believed.

With a proposal (a skeleton from the task or the operator) only parameters are sought, as in the paper. Without one the
skeleton is searched. Below the belief threshold the answer is the best guess, marked `believed=False`: it is reported
with its probability, and executed only when somebody asked for that very skeleton.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from f2p.action.protocol import actions, calls_of
from f2p.action.workspace import Workspace
from f2p.model.shipping import shipped_skills
from f2p.plan.enabling import as_possible, enabled
from f2p.plan.errors import StaleWeightsError
from f2p.plan.proposals import possible_steps
from f2p.plan.protocol import Predictor
from f2p.plan.search import Search, SearchConfig
from f2p.plan.shooting import Candidate, ShootingConfig, shoot
from f2p.scene.goals import check_goal, literal_values
from f2p.settings import Settings, choices, group, number
from f2p.types import Goal, Plan, Scene, SkillCall, SkillStep


@dataclass(frozen=True)
class PlannerConfig(Settings):
    """When a plan is believed, how long it may be, and how it is sought."""

    belief: float = number(0.5, "P(goal) from which on a plan is believed", low=0.0, high=1.0)
    horizon: int = number(4, "most steps of a searched plan", unit="steps", low=1, high=8)
    restarts: int = number(2, "new starts when the weights are retired meanwhile", low=0, high=10)
    shooting: ShootingConfig = group(ShootingConfig)
    search: SearchConfig = group(SearchConfig)
    workspace: Workspace = group(Workspace)
    skills: tuple[str, ...] = choices(
        "what a search may use; a proposal may name any", lambda: actions.names, default=shipped_skills,
        source="what the shipped weights know",
    )  # fmt: skip


class Planner:
    """Plans with whatever weights are served at the moment; every plan pins one version of them."""

    def __init__(self, pin: Callable[[], Predictor], config: PlannerConfig | None = None) -> None:
        """Keep `pin`, which returns a predictor that stays with one version of the weights."""
        self._pin = pin
        self.config = config or PlannerConfig()

    def plan(
        self,
        scene: Scene,
        goal: Goal,
        seed: int,
        proposal: tuple[SkillStep, ...] | None = None,
        horizon: int | None = None,
        refused: tuple[SkillCall, ...] = (),
    ) -> Plan:
        """Find calls that make `goal` likely.

        Args:
            scene: What is seen now.
            goal: What shall be true; all its names must be in the scene.
            seed: Of all draws and ties; the same question with the same seed and weights has the same answer.
            proposal: A skeleton to find parameters for, instead of searching one.
            horizon: Most steps of a searched plan, when fewer than the config's are left to spend.
            refused: Calls that the robot refused in this scene; candidates that go the same way are worth less.

        Returns:
            A plan with predictions after every step. It has no calls when the goal is believed to be true already
            and nothing was proposed.

        Raises:
            SceneError: Names or relations of the goal that do not exist (see `f2p.scene.goals.check_goal`).
            PlanError: Nothing to move, a proposal that does not fit, or a predictor without usable answers.
            StaleWeightsError: The weights were retired again and again while planning.
        """
        check_goal(goal, scene.names)
        possible_steps(scene, actions.names)
        for attempt in range(int(self.config.restarts) + 1):
            try:
                return self._with(self._pin(), scene, goal, seed, proposal, horizon, refused)
            except StaleWeightsError:
                if attempt == int(self.config.restarts):
                    raise
        raise AssertionError("restarts is at least 0, so the loop returns or raises")

    def _with(
        self,
        predictor: Predictor,
        scene: Scene,
        goal: Goal,
        seed: int,
        proposal: tuple[SkillStep, ...] | None,
        horizon: int | None,
        refused: tuple[SkillCall, ...],
    ) -> Plan:
        """Make one attempt with one version of the weights."""
        rng, config = np.random.default_rng(seed), self.config

        def shot(steps: tuple[SkillStep, ...]) -> Candidate:
            believed = float(config.belief)
            return shoot(predictor, scene, steps, goal, rng, config.workspace, config.shooting, believed, refused)

        if proposal is not None:
            return self._plan(predictor, scene, goal, shot(proposal))
        now = float(np.prod(literal_values(goal, predictor.detect(scene))))
        if now >= config.belief:
            return self._plan(predictor, scene, goal, Candidate((), np.zeros((0, 0)), now))

        def sought(*, possible: bool) -> Candidate:
            own = (config.workspace, config.search, config.skills, refused)
            return Search(predictor, scene, goal, rng, *own, possible=possible).run(steps, config.belief)

        steps = max(1, min(config.horizon, config.horizon if horizon is None else horizon))
        wished = sought(possible=True)
        found, gain = as_possible(predictor, scene, wished), config.search.literal_gain
        if found.probability < wished.probability - gain:
            choices = possible_steps(scene, config.skills)
            found = enabled(predictor, scene, found, choices, shot, steps, rng, config.workspace, gain)
            if found.probability < config.belief:
                found = max(sought(possible=False), found, key=lambda one: one.probability)
        return self._plan(predictor, scene, goal, found)

    def _plan(self, predictor: Predictor, scene: Scene, goal: Goal, found: Candidate) -> Plan:
        """Put calls, predictions and evidence together."""
        calls = calls_of(found.skeleton, found.parameters)
        return Plan(
            id=_plan_id(goal, calls, predictor.weights_id, scene.stamp_ns),
            goal=goal,
            calls=calls,
            probability=found.probability,
            predictions=predictor.predict(scene, calls) if calls else (),
            weights_id=predictor.weights_id,
            believed=found.probability >= self.config.belief,
        )


def _plan_id(goal: Goal, calls: tuple[SkillCall, ...], weights_id: str, stamp_ns: int) -> str:
    """Return a name that follows from the content."""
    steps = [[call.skill, call.object, call.parameter.tolist()] for call in calls]
    text = json.dumps([str(goal), steps, weights_id, stamp_ns])
    return "plan-" + hashlib.sha256(text.encode()).hexdigest()[:12]
