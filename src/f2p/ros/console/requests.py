"""What the other buttons ask of the graph: a goal, a look, weights, recordings; by the services that everybody asks."""

from __future__ import annotations

import threading
from collections.abc import Callable

from rclpy.node import Node
from std_srvs.srv import Trigger

from f2p.console.draft import Draft
from f2p.console.errors import NotNowError
from f2p.console.view import Weights
from f2p.errors import CanceledError, F2pError
from f2p.loop.errors import RemoteError
from f2p.ros.base.client import ActionCaller, ServiceCaller
from f2p.ros.base.heartbeat import Watch
from f2p.ros.remote.goal import GoalClient
from f2p.ros.remote.record_request import ANSWER_S
from f2p.ros.remote.waiting import Waiting
from f2p.ros.remote.weights import WeightsAsker
from f2p.types import Goal, LearnFrom, SkillStep
from f2p_msgs.action import PerceiveScene

LOOK_S, GOAL_S = 120.0, 3600.0
"""Longest look, and pursuit of a goal [s] (ours: as the loop, and `f2p run`, twice)."""


class Requests:
    """Asks; each method waits for its end on the thread that presses, but for a goal, which goes on by itself.

    Args:
        node: Whose executor sends.
        watch: Heartbeats of who is asked.
        draft: The goal.
        weights: Gives what is known of the weights.
        note: Told how a goal ended.
        waiting: What the nodes say of themselves.
    """

    def __init__(
        self, node: Node, watch: Watch, draft: Draft, weights: Callable[[], Weights], note: Callable[[str], None],
        waiting: Waiting,
    ) -> None:  # fmt: skip
        self._watch, self._draft, self._weights, self._note = watch, draft, weights, note
        self._goals = GoalClient(node, watch, waiting)
        self._perceive = ActionCaller(node, PerceiveScene, "perceive", "perception", watch)
        self._asker = WeightsAsker(node, watch)
        self._record = {
            what: ServiceCaller(node, Trigger, f"record/{what}", "recorder", watch)
            for what in ("start", "stop", "mark")
        }
        self._canceled, self._pursuing = threading.Event(), threading.Lock()

    def close(self) -> None:
        """Take back what was asked for."""
        self._canceled.set()

    @property
    def pursuing(self) -> bool:
        """Whether a goal that was run from here is pursued."""
        return self._pursuing.locked()

    def run(self, who: str) -> str:
        """Ask for the goal on screen, and return; how it ends is noted. Raises F2pError where it cannot be."""
        wanted = self._draft.order()
        self._need("orchestrator", "it pursues goals")
        if not self._pursuing.acquire(timeout=0):
            raise NotNowError("a goal that was run from here is still pursued: Cancel it first")
        self._canceled.clear()
        threading.Thread(target=self._pursue, args=(who, *wanted), name="f2p-goal", daemon=True).start()
        return f"asked for {wanted[0]}"

    def cancel(self, _who: str) -> str:
        """Take back the goal that was run from here. Raises NotNowError where there is none."""
        if not self.pursuing:
            raise NotNowError("no goal that was run from here is pursued; who ran another has to cancel it, or Hold")
        self._canceled.set()
        return "taken back: the robot stops"

    def look(self, _who: str) -> str:
        """Have the robot look around; the scene is published by who looks. Raises F2pError."""
        self._need("perception", "it looks")
        result = self._perceive.run(PerceiveScene.Goal(), LOOK_S)
        if result.error_code:
            raise RemoteError(result.error_msg, int(result.error_code))
        return f"{len(result.scene.segments)} things are seen"

    def approve(self, _who: str) -> str:
        """Put the weights that wait into service. Raises F2pError."""
        self._need("model_server", "it serves weights")
        return f"{self._asker.promote(self._waiting())[:12]} serves"

    def refuse(self, who: str) -> str:
        """Send the weights that wait away. Raises F2pError."""
        self._need("model_server", "it keeps weights")
        return f"{self._asker.refuse(self._waiting(), f'refused by {who} at the console')[:12]} is refused"

    def roll_back(self, who: str) -> str:
        """Put the weights before these back into service. Raises F2pError."""
        self._need("model_server", "it serves weights")
        return f"{self._asker.roll_back(f'{who} at the console')[:12]} serves again"

    def record(self, what: str) -> str:
        """Have the recorder start, stop or mark. Raises F2pError."""
        self._need("recorder", "start the stack with recorder:=true, or f2p up --with recorder")
        answer = self._record[what].call(Trigger.Request(), ANSWER_S, again=False)
        if not answer.success:
            raise NotNowError(str(answer.message))
        return str(answer.message)

    def _waiting(self) -> str:
        waiting = self._weights().waiting
        if not waiting:
            raise NotNowError("no weights wait for approval")
        return waiting

    def _need(self, name: str, why: str) -> None:
        if not self._watch.active(name):
            state = self._watch.life(name).state if self._watch.alive(name) else "silent"
            raise NotNowError(f"{name} is {state}: {why}")

    def _pursue(self, who: str, goal: Goal, steps: tuple[SkillStep, ...], learn_from: LearnFrom) -> None:
        try:
            result = self._goals.achieve(goal, steps, 0, learn_from, 0, GOAL_S, self._canceled.is_set)
            text = "reached" if result.success else f"not reached: error {result.error_code}: {result.error_msg}"
        except CanceledError:
            text = "canceled"
        except F2pError as error:
            text = f"not reached: error {error.code}: {error}"
        finally:
            self._pursuing.release()
        self._note(f"{who}: {goal}: {text}")
