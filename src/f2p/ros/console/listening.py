"""What the console hears of the graph, as one view; nothing is read before somebody looks."""

from __future__ import annotations

import math
import os
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from action_msgs.msg import GoalStatus, GoalStatusArray
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from geometry_msgs.msg import PoseArray
from rclpy.node import Node
from std_msgs.msg import String

from f2p.clock import Clock
from f2p.console.view import CommandView, LearningView, PlanView, PleaView, Pursuit, View, Weights
from f2p.graph.graph import members
from f2p.graph.places import here
from f2p.plan.tree import plan_tree
from f2p.ros.base import qos
from f2p.ros.base.dozing import DozingGroup
from f2p.ros.base.heartbeat import Watch
from f2p.ros.console.failures import Timeline, row_from_msg
from f2p.ros.console.latest import Latest
from f2p.ros.console.places import Places
from f2p.ros.messages.convert import duration_from_msg, plan_from_msg, scene_from_msg, stamp_from_msg
from f2p.ros.messages.learning import places_from_msg, status_from_msg
from f2p.ros.messages.recording import type_of
from f2p.ros.remote.station import Station
from f2p.ros.remote.waiting import Waiting
from f2p.weights.listing import listed
from f2p_msgs.msg import Failure, GuardState, Heartbeat, Help, Plan, SegmentedScene, WeightsState

MOST_TEXT = 1000
"""Characters of a text that are shown (ours)."""

AT_WORK = (GoalStatus.STATUS_ACCEPTED, GoalStatus.STATUS_EXECUTING, GoalStatus.STATUS_CANCELING)

SEARCH_S = 2.0
"""Time between two searches for a stack where none is heard [s] (ours)."""


class Listener:
    """Listens from the start; `view` is asked by the window's thread.

    Args:
        node: Whose executor listens.
        station: The operator's seat at this console.
        watch: Heartbeats of the nodes that buttons ask.
        clock: Time.
        group: Of the callbacks; asleep until somebody looks.
    """

    def __init__(self, node: Node, station: Station, watch: Watch, clock: Clock, group: DozingGroup) -> None:
        self._node, self._station, self._watch, self._clock = node, station, watch, clock
        self._group = group
        hear = partial(Latest, node)
        self.places, self.waiting = Places(node, group), Waiting(node, group)
        self._timeline = Timeline(lambda: self.places.cases, clock)
        self._planned_for: bytes | None = None
        self._scene = hear(SegmentedScene, "scene", qos.LATCHED, group, scene_from_msg, bounded=True)
        self._plan = hear(Plan, "plan", qos.LATCHED, group, plan_from_msg, came=self._on_plan, bounded=True)
        self._status = hear(String, "plan_status", qos.LATCHED, group, status_from_msg)
        self._particles = hear(PoseArray, "particles", qos.LATCHED, group, places_from_msg)
        self._failure = hear(Failure, "failure", qos.LATCHED, group, row_from_msg, came=self._on_failure, bounded=True)
        self._weights = hear(WeightsState, "weights", qos.LATCHED, group, lambda message: message, bounded=True)
        self._recorder = hear(DiagnosticStatus, "recorder_state", qos.LATCHED, group, _said_by)
        self._graph = hear(DiagnosticArray, "graph", qos.LATCHED, group, _states_of)
        self._goals = hear(GoalStatusArray, "achieve_goal/_action/status", qos.LATCHED, group, _at_work)
        self._rounds = hear(GoalStatusArray, "fine_tune/_action/status", qos.LATCHED, group, _at_work)
        self._stage = hear(type_of("f2p_msgs/action/AchieveGoal_FeedbackMessage"), "achieve_goal/_action/feedback",
                           qos.STATE, group, _pursuit_of)  # fmt: skip
        self._learning = hear(type_of("f2p_msgs/action/FineTune_FeedbackMessage"), "fine_tune/_action/feedback",
                              qos.STATE, group, _learning_of)  # fmt: skip
        self._none = np.zeros((0, 3))
        self._shown_plan: tuple[object, object, PlanView | None] = (None, None, None)
        self._shown_weights: tuple[object, object, Weights] = (None, None, Weights())
        self._unheard: list[bytes] = []
        self._searched_s, self._found = float("-inf"), ""

    def view(self) -> View:
        """Return what is known now; parts that say the same are the same objects as before."""
        self._group.stir()
        while self._unheard:
            self._timeline.add(self._failure.read(self._unheard.pop(0)))
        robot, help_ = self._station.robot, self._station.help
        particles = self._particles.value()
        return View(
            waits=self.waits(),
            nodes=self._graph.value() or (),
            command=self._command(),
            plea=_plea_of(help_) if help_.wanted else None,
            pursuit=self._stage.value() if self._goals.value() else None,
            learning=self._learning.value() if self._rounds.value() else None,
            scene=self._scene.value(),
            plan=self._planned(),
            particles=self._none if particles is None else particles,
            failures=self._timeline.rows(),
            weights=self.weights(),
            recorder=(self._recorder.value() or "") if self._watch.alive("recorder") else "",
            joints=robot.positions,
            base=robot.base,
        )

    def waits(self) -> str:
        """Return what is waited for before the stack can be asked for a goal; empty where it can."""
        self._group.stir()
        if any(self._watch.alive(name) for name in ("orchestrator", "perception", "model_server", "guard")):
            if self._watch.active("orchestrator"):
                return ""
            states = self._graph.value() or ()
            if states and all(state == Heartbeat.ACTIVE for _, state in states):
                return ""
            return f"not ready yet: {self.waiting.why() or 'nodes start'}"
        now_s = self._clock.monotonic_s()
        if now_s - self._searched_s > SEARCH_S:
            self._searched_s, self._found = now_s, self._search()
        return self._found

    def page(self, failure_id: str) -> Path | None:
        """Return the file of a failure's page; None where there is none here."""
        return self._timeline.page(failure_id)

    def weights(self) -> Weights:
        """Return which weights serve, and what their store holds where that is on this machine."""
        store = self.places.store
        changed = None if store is None else (store, store.stat().st_mtime_ns)
        raw = self._weights.raw
        if (raw, changed) != self._shown_weights[:2]:
            self._shown_weights = (raw, changed, self._read_weights())
        return self._shown_weights[2]

    def _read_weights(self) -> Weights:
        state, store = self._weights.value(), self.places.store
        if state is None:
            return Weights()
        error = f"error {state.error_code}: {state.error_msg}" if state.error_code else ""
        rows = () if store is None else listed(store)
        return Weights(state.serving, state.champion, state.previous, state.waiting, bool(state.loading), error, rows,
                       store, tuple(map(str, state.skills)))  # fmt: skip

    def _planned(self) -> PlanView | None:
        raw, status = self._plan.raw, self._status.raw
        if (raw, status) != self._shown_plan[:2]:
            plan, tree = self._plan.value(), self._status.value() or ""
            scene = None if self._planned_for is None else self._scene.read(self._planned_for)
            shown = None if plan is None else PlanView(plan, scene, tree if plan.id in tree else plan_tree(plan))
            self._shown_plan = (raw, status, shown)
        return self._shown_plan[2]

    def _command(self) -> CommandView:
        state = self._station.robot.guard_state
        if state is None or not self._watch.alive("guard"):
            return CommandView("no guard")
        held = bool(state.holding or state.latched)
        mode = "runstop" if state.latched else str(state.mode)
        who = self._station.commander if mode in (GuardState.AUTONOMY, GuardState.OPERATOR) else ""
        return CommandView(mode, who, self._station.holding, bool(state.latched), state.reason if held else "")

    def _search(self) -> str:
        """Return that no stack is in this namespace, and where there is one instead."""
        space, found = self._node.get_namespace(), self._node.get_node_names_and_namespaces()
        names = {spec.name for spec in members()}
        if any(name in names and where == space for name, where in found if name != self._node.get_name()):
            return "not ready yet: nodes start"
        elsewhere = sorted(where for name, where in found if name == "manager")
        others = f"; there is one in {', '.join(elsewhere)}: say --namespace" if elsewhere else ""
        domain = os.environ.get("ROS_DOMAIN_ID") or "0"
        return f"no stack is running in {space} of ROS domain {domain}{others}; it is waited for: {here('up --sim')}"

    def _on_plan(self, _data: bytes) -> None:
        self._planned_for = self._scene.raw

    def _on_failure(self, data: bytes) -> None:
        self._unheard = [*self._unheard[-20:], data]


def _plea_of(message: Help) -> PleaView:
    step = f"{message.step.skill}({message.step.object})" if message.step.skill else ""
    until_ns = stamp_from_msg(message.header.stamp) + round(1e9 * duration_from_msg(message.patience))
    return PleaView(step, message.failure_id, int(message.error_code), message.reason, until_ns)


def _said_by(message: DiagnosticStatus) -> str:
    return str(message.message[:MOST_TEXT])


def _states_of(message: DiagnosticArray) -> tuple[tuple[str, str], ...]:
    return tuple((one.name, one.message) for one in message.status)


def _at_work(message: GoalStatusArray) -> bool:
    return any(goal.status in AT_WORK for goal in message.status_list)


def _pursuit_of(message: Any) -> Pursuit:
    one = message.feedback
    return Pursuit(one.stage[:MOST_TEXT], duration_from_msg(one.elapsed), int(one.attempt), one.detail[:MOST_TEXT])


def _learning_of(message: Any) -> LearningView:
    one = message.feedback
    progress = float(one.progress) if math.isfinite(one.progress) else 0.0
    return LearningView(one.stage[:MOST_TEXT], progress, one.detail[:MOST_TEXT])
