"""Free search: what to do to which objects, in which order and where to, by beam search over skills x objects.

All the search knows comes from the model's predictions. At a node (a prefix of calls with parameters) each action is
tried with what it proposes. A call *achieves* an unmet literal when it raises that literal's probability clearly, and
about as much as any action can. The *promise* of a node is the highest P(goal) after a call that achieves something: a
call that buys one literal with others promises little. Children without promise above their parent's are pruned: that
call changes nothing that matters, neither now nor for the step after. So objects are taken out of a box before the box
is moved only if the model expects them to travel with it, and a bystander is left alone. Where a step starts from is
the model's to say as well: what travelled in a box is brought back from where it is expected, not where it was seen.
What an action can do for a literal is asked whether or not it can be carried out yet, P(goal) only of what can be
(`precondition.py`), unless every action is taken to be possible, and what makes it so is sought afterwards
(`enabling.py`).
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from f2p.action.protocol import NeedsRoom, actions, filled_up
from f2p.action.workspace import Workspace
from f2p.plan.after import After
from f2p.plan.landing import WORTH, landings, overhangs, refusals, repeats
from f2p.plan.proposals import drawn, parameters_of, possible_steps
from f2p.plan.protocol import Predictor
from f2p.plan.shooting import Candidate
from f2p.plan.ties import TieRule, choose, preferred, scores_of
from f2p.scene.goals import literal_values
from f2p.settings import Settings, group, number
from f2p.types import Goal, GoalRelation, Scene, SkillCall, SkillStep

ROOM = 64
"""Most proposals of an action that are asked for room; those that have it are taken again and again (ours)."""


@dataclass(frozen=True)
class SearchConfig(Settings):
    """Size of the beam and what counts as a gain."""

    width: int = number(2, "nodes kept per depth", low=1, high=64)
    variants: int = number(3, "proposals pursued per harmless action", low=1, high=64)
    candidates: int = number(200, "proposals tried per action for the first step", low=4, high=10_000)
    lookahead: int = number(48, "proposals tried per action further on", low=4, high=10_000)
    footprint_share: float = number(
        0.5,
        "share of tries at an unmet literal over footprints",
        low=0.0,
        high=1.0,
        source="ours: a box is 2 % of it all",
    )
    literal_gain: float = number(0.02, "smallest rise of a literal's probability that counts", low=0.0, high=1.0)
    promise_gain: float = number(0.7, "smallest rise of ln promise that counts", unit="nat", low=0.0, high=10.0)
    ties: TieRule = group(lambda: TieRule(neighbours=4))


@dataclass(eq=False)
class _Node:
    """A prefix of calls and what it is worth."""

    calls: tuple[SkillCall, ...]
    probability: float
    promise: float = -np.inf
    children: list[_Node] = field(default_factory=list)
    unwise: dict[str, int] = field(default_factory=dict)
    """How much speaks against where each object was put last, by its name."""
    after: After | None = None
    drawn: dict[tuple[SkillStep, int, float], np.ndarray] = field(default_factory=dict)
    """What was proposed for the next step: the same for every question, as what the model said of it is kept."""

    @property
    def key(self) -> tuple[str, ...]:
        """Which actions, in whatever order: prefixes that moved the same objects in the same way are rivals."""
        return tuple(sorted(f"{call.skill} {call.object}" for call in self.calls))


class Search:
    """One search for one goal in one scene."""

    def __init__(
        self,
        predictor: Predictor,
        scene: Scene,
        goal: Goal,
        rng: np.random.Generator,
        workspace: Workspace | None = None,
        config: SearchConfig | None = None,
        skills: Sequence[str] | None = None,
        refused: tuple[SkillCall, ...] = (),
        *,
        possible: bool = False,
    ) -> None:
        self.predictor, self.scene, self.goal, self.rng = predictor, scene, goal, rng
        self.workspace, self.config = workspace or Workspace(), config or SearchConfig()
        self.actions = possible_steps(scene, actions.names if skills is None else skills)
        self._refused, self._possible = refused, possible
        self._over_objects = replace(self.workspace, over_objects=self.config.footprint_share)
        self._evaluated = 0
        self._first: list[tuple[SkillStep, np.ndarray, np.ndarray]] = []
        self._best_of_literal: dict[GoalRelation, np.ndarray] = {}

    def run(self, horizon: int, belief: float) -> Candidate:
        """Search until some plan is believed or the horizon is reached.

        Args:
            horizon: Most steps of a plan, >= 1.
            belief: P(goal) from which on a plan is believed.

        Returns:
            The likeliest plan of all that were tried; of equals the shortest, and one of those drawn by lot. Where the
            hand has no room for anything, a call that is worth nothing.
        """
        root = _Node((), 0.0)
        root.promise = max(map(_log, self._expand(root, int(self.config.candidates))), default=-np.inf)
        guesses, level = list(root.children), [root]
        if not guesses:
            only = self.actions[:1]
            proposal = drawn(self.scene, only, 1, self.rng, self.workspace)
            return Candidate(only, parameters_of(self.scene, only, proposal)[0], 0.0, self._evaluated)
        for depth in range(1, horizon):
            if max(guess.probability for guess in guesses) >= belief:
                break
            level, ahead = self._promising(level)
            guesses += ahead
            if depth + 1 < horizon and all(guess.probability < belief for guess in ahead):
                for node in level:
                    self._expand(node, int(self.config.lookahead))
                    guesses += node.children
        return self._chosen(guesses)

    def _promising(self, level: list[_Node]) -> tuple[list[_Node], list[_Node]]:
        """Return the most promising children of `level`, and every plan met while asking how promising they are."""
        kept: dict[tuple[str, ...], _Node] = {}
        met: list[_Node] = []
        for parent in level:
            for child in parent.children:
                ahead = self._achieve(child, int(self.config.lookahead))
                met += ahead
                child.promise = max(map(_log, ahead), default=-np.inf)
                if child.promise > parent.promise + self.config.promise_gain:
                    rival = kept.get(child.key)
                    kept[child.key] = child if rival is None or rival.promise < child.promise else rival
        chosen = sorted(kept.values(), key=lambda node: -node.promise)
        return chosen[: int(self.config.width)], met

    def _expand(self, node: _Node, count: int) -> list[_Node]:
        """Give `node` its children and return those that achieve something.

        The others are a few calls of every action that harm P(goal) least, drawn from the whole workspace: among
        near-equals it may matter later where an object was put, which nobody knows yet.
        """
        achieving = self._achieve(node, count)
        node.children = list(achieving)
        for action in self.actions:
            proposals = self._drawn(node, action, count, self.workspace)
            if not len(proposals):
                continue
            scores = self._scores(node, action, proposals, self.goal)
            if not node.calls:
                self._first.append((action, proposals, scores))
            node.children += self._children(node, action, proposals, scores, int(self.config.variants))
        return achieving

    def _achieve(self, node: _Node, count: int) -> list[_Node]:
        """For every action that achieves an unmet literal, the achieving call with the highest P(goal)."""
        children = list[_Node]()
        for action, literals in self._achievers(node).items():
            proposals = self._drawn(node, action, count, self._over_objects)
            if not len(proposals):
                continue
            achieved = np.zeros(len(proposals), dtype=bool)
            for literal in literals:
                least = 0.5 * self._best_of_literal[literal].max()
                achieved |= self._scores(node, action, proposals, Goal((literal,))) >= least
            if achieved.any():
                scores = self._scores(node, action, proposals[achieved], self.goal)
                children += self._children(node, action, proposals[achieved], scores, 1)
        return children

    def _children(
        self, node: _Node, action: SkillStep, proposals: np.ndarray, scores: np.ndarray, count: int
    ) -> list[_Node]:
        """`node` and then `action`, placed in `count` likely ways of the well placed ones, whatever else is likelier.

        Nodes are not ranked by placements where the model is overconfident: at a table's edge a box was half expected
        to leave its contents behind, so that taking one out seemed to gain nothing.
        """
        after, any_worth = self._after(node), replace(self.config.ties, worth=0.0)
        badly = self._put_badly(after, action, proposals)
        wise = badly == badly.min()
        proposals, scores, unwise = proposals[wise], scores[wise], {**node.unwise, action.object: int(badly.min())}
        good = preferred(after, after.scene, (action,), proposals, scores, any_worth, self.rng)
        likely = good[scores[good] >= self.config.ties.worth * scores[good].max()]
        parameters = parameters_of(after.scene, (action,), proposals)[:, 0]
        return [
            _Node(
                (*node.calls, SkillCall(action.skill, action.object, parameters[best])),
                float(scores[best]),
                unwise=unwise,
            )
            for best in self.rng.choice(likely, count)
        ]

    def _after(self, node: _Node) -> After:
        """Return what the model expects after `node`; asked once."""
        if node.after is None:
            node.after = After(self.predictor, self.scene, node.calls)
        return node.after

    def _drawn(self, node: _Node, action: SkillStep, count: int, workspace: Workspace) -> np.ndarray:
        """Return `count` proposals for the next step for which the hand has room, or none. Shape (count or 0, 1, P)."""
        key, after = (action, count, workspace.over_objects), self._after(node)
        if key not in node.drawn:
            proposals = drawn(after.scene, (action,), count, self.rng, workspace)
            if isinstance(actions.get(action.skill), NeedsRoom):  # whether the hand has room takes a while
                proposals = proposals[:ROOM]
            rows = np.flatnonzero(refusals(after.scene, (action,), proposals) == 0)
            node.drawn[key] = proposals[np.resize(rows, count)] if len(rows) else proposals[:0]
        return node.drawn[key]

    def _scores(self, node: _Node, action: SkillStep, proposals: np.ndarray, goal: Goal) -> np.ndarray:
        """Return P(`goal`) when `action` is next. Shape (candidates,).

        Of the whole goal, if it can be or is taken to be carried out, and less for all that speaks against the plan.
        """
        self._evaluated, after = self._evaluated + len(proposals), self._after(node)
        if goal is not self.goal:
            return scores_of(after, after.scene, (action,), proposals, goal)
        asked = after if self._possible else after.prepared()
        likely = scores_of(asked, after.scene, (action,), proposals, goal)
        return likely * WORTH ** self._unwise(node, action, proposals)

    def _unwise(self, node: _Node, action: SkillStep, proposals: np.ndarray) -> np.ndarray:
        """Count what speaks against candidates for where they and the calls before them put things (`landing.py`)."""
        after = self._after(node)
        rolled = after.rolled((action,), parameters_of(after.scene, (action,), proposals))
        before = sum(count for name, count in node.unwise.items() if name != action.object)
        return before + repeats(*rolled, self._refused) + self._put_badly(after, action, proposals)

    def _put_badly(self, after: After, action: SkillStep, proposals: np.ndarray) -> np.ndarray:
        """Count what speaks against where `action` puts its object. Shape (candidates,)."""
        placed = (after.scene, (action,), proposals, self.goal)
        return landings(*placed) + overhangs(*placed)

    def _achievers(self, node: _Node) -> dict[SkillStep, list[GoalRelation]]:
        """Return actions that can achieve literals which are unmet so far, with those literals.

        What each action can do for a literal is found out once, at the first node where that literal is unmet.
        """
        achieving, after = dict[SkillStep, list[GoalRelation]](), self._after(node)
        for literal, value in zip(
            self.goal.literals, literal_values(self.goal, after.detect(after.scene)), strict=True
        ):
            if value >= 0.5:
                continue
            if literal not in self._best_of_literal:
                self._best_of_literal[literal] = self._reach(node, literal)
            best = self._best_of_literal[literal]
            enough = (best >= value + self.config.literal_gain) & (best >= 0.5 * best.max())
            for action in (one for one, good in zip(self.actions, enough, strict=True) if good):
                achieving.setdefault(action, []).append(literal)
        return achieving

    def _reach(self, node: _Node, literal: GoalRelation) -> np.ndarray:
        """Return the highest probability of `literal` that each action reaches when it is next. Shape (actions,).

        All actions are tried with the same draws, so that none of them is lucky.
        """
        count, alone, best, start = int(self.config.candidates), Goal((literal,)), [], self.rng
        for action in self.actions:
            self.rng = copy.deepcopy(start)
            tried = self._drawn(node, action, count, self._over_objects)
            best.append(self._scores(node, action, tried, alone).max() if len(tried) else 0.0)
        return np.array(best)

    def _chosen(self, guesses: list[_Node]) -> Candidate:
        """Return the likeliest guess by the tie rule; single steps are drawn from all candidates of the first step."""
        limit = max(guess.probability for guess in guesses) - self.config.ties.tolerance
        ties = [guess for guess in guesses if guess.probability >= limit]
        shortest = [guess for guess in ties if len(guess.calls) == min(len(one.calls) for one in ties)]
        node, count = shortest[int(self.rng.integers(len(shortest)))], len(shortest)
        calls, probability = node.calls, node.probability
        scores = np.concatenate([scores for _, _, scores in self._first])
        if len(calls) == 1 and scores.max() >= limit:
            row = int(self.rng.choice(np.flatnonzero(scores >= scores.max() - self.config.ties.tolerance)))
            action, tried, own = self._first[row // len(self._first[0][2])]
            best, count = choose(self.predictor, self.scene, (action,), tried, own, self.config.ties, self.rng)
            parameter = parameters_of(self.scene, (action,), tried[best][None])[0, 0]
            calls, probability = (SkillCall(action.skill, action.object, parameter),), float(own[best])
        parameters = filled_up([call.parameter for call in calls])
        return Candidate(tuple(call.step for call in calls), parameters, probability, self._evaluated, count)


def _log(node: _Node) -> float:
    """Return ln P(goal), finite."""
    return float(np.log(max(node.probability, 1e-300)))
