"""The plans a monitor knows of: those that a planner published lately, each step checked a few times at most."""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict

from f2p.ros.errors import CheckedEnoughError, CheckRequestError, UnknownPlanError
from f2p.ros.messages.convert import plan_from_msg
from f2p.types import Plan
from f2p_msgs.msg import Plan as PlanMessage

KEPT = 8
"""Plans that are remembered (ours: one goal is pursued at a time, and has a few)."""

MOST_CHECKS = 6
"""How often one step may be checked (ours: twice where the first look may have failed, and again after a time-out)."""


class KnownPlans:
    """Filled by a callback, asked by a worker."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._plans: OrderedDict[str, PlanMessage] = OrderedDict()
        self._checks: Counter[tuple[str, int]] = Counter()

    def add(self, message: PlanMessage) -> None:
        """Remember a plan; one of the same name takes its place."""
        with self._lock:
            self._plans[message.id] = message
            self._plans.move_to_end(message.id)
            while len(self._plans) > KEPT:
                gone, _ = self._plans.popitem(last=False)
                self._checks = Counter({key: count for key, count in self._checks.items() if key[0] != gone})

    def plan(self, name: str, step: int) -> Plan:
        """Return a plan, one of whose steps is to be checked.

        Raises:
            UnknownPlanError: Nobody published it, or too long ago.
            CheckRequestError: It has no such step.
            CheckedEnoughError: The step was checked as often as a step is.
            F2pError: What was published is no plan.
        """
        with self._lock:
            message = self._plans.get(name)
            if message is None:
                raise UnknownPlanError(f"no plan {name!r} is known here; a check is of a plan that a planner published")
            if step >= len(message.calls):
                raise CheckRequestError(f"plan {name} has {len(message.calls)} steps, there is no step {step}")
            if self._checks[name, step] >= MOST_CHECKS:
                raise CheckedEnoughError(f"step {step} of plan {name} was checked {MOST_CHECKS} times already")
            self._checks[name, step] += 1
        return plan_from_msg(message)
