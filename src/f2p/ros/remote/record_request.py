"""Ask the recorder of a running stack to start, to stop or to mark, from a program that is no node itself."""

from __future__ import annotations

from collections.abc import Callable

from std_srvs.srv import Trigger

from f2p.ros.base.client import ServiceCaller
from f2p.ros.base.heartbeat import Watch
from f2p.ros.remote.goal import spinning

ANSWER_S = 20.0
"""Longest wait for the recorder's answer [s] (ours: it may be writing a minute of images)."""


def ask_recorder(what: str, namespace: str, tell: Callable[[str], None]) -> tuple[bool, str]:
    """Return whether the recorder does it, and what it says.

    Args:
        what: start, stop or mark.
        namespace: Where the stack is: "" for /f2p, "left" for /left/f2p.
        tell: Told what is waited for.

    Raises:
        DeadlineError, NodeDeadError: There is no recorder, or it does not answer.
        SettingError, GraphError: As `spinning` does.
    """
    with spinning("f2p_record", namespace) as node:
        caller = ServiceCaller(node, Trigger, f"record/{what}", "recorder", Watch(node, ["recorder"]))
        answer = caller.call(Trigger.Request(), ANSWER_S, again=False, tell=tell)
    return bool(answer.success), str(answer.message)
