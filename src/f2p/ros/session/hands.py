"""`f2p bench teleop`: from the key to the wire, and from letting go to zero, beside whatever the robot is doing.

The real `f2p teleop` in a pseudo-terminal, the real guard with the robot's limits, and a driver that notes.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from rclpy.node import Node

from f2p.bench.protocol import Measurement, Progress, benchmarks
from f2p.clock import SystemClock
from f2p.errors import F2pError
from f2p.graph import graph
from f2p.graph.places import own_domain
from f2p.loop.errors import DeadlineError
from f2p.robot.kinematics import LIMITS
from f2p.robot.protocol import ARM, FINGER, HEAD_PAN, LIFT, TRANSLATE, WRIST_YAW, Motion
from f2p.ros.base.client import Patience, ServiceCaller
from f2p.ros.base.heartbeat import Pulse, Watch
from f2p.ros.remote.goal import spinning
from f2p.ros.remote.guard import GuardClient
from f2p.ros.session.fingers import Fingers, Gamepad
from f2p.ros.twin.noting import NotingDriver
from f2p.settings import Settings, choices, number
from f2p_msgs.msg import GuardState, Heartbeat

UP_S = 60.0
"""Longest start of a process [s]."""

STEP_S = 10.0
"""Longest wait for one step of a trial [s]."""

IDLE = "idle"

MOVES = {"lift": LIFT, "arm": ARM, "wrist": WRIST_YAW, "gripper": FINGER, "head": HEAD_PAN, "base": TRANSLATE}
"""What moves by itself when the robot is taken: whatever a skill moves, phase by phase, is one of these."""

HANDS = {"lift": (LIFT, b"8", b"2", 4, 0.5), "base": (TRANSLATE, b"\x1b[A", b"\x1b[B", 1, 0.0)}
"""What is moved by hand: a joint by steps, the base by its velocity; by which keys there and back, by which axis of
the gamepad, and around which position [m]."""

WAYS = ("keys", "gamepad", "unplugged")
"""By what, and how it ends: keys and a deadman that are let go, and a gamepad that is unplugged with its stick held."""

TRIES = 5
"""How often something is made to move before it is given up (ours)."""

STOPPING = ("stop", "cancel")
"""Commands that end what moves: the first of the operator's where something moves; where nothing does, any is."""


@dataclass(frozen=True)
class TeleopBenchConfig(Settings):
    """How often, and what has to hold."""

    trials: int = number(3, "of each thing that moves by itself and by hand", low=1, high=1000)
    ways: tuple[str, ...] = choices("by what it is driven, and how that ends", lambda: WAYS)
    phases: tuple[str, ...] = choices("what the robot is doing when it is taken", lambda: (IDLE, *MOVES))
    most_first_s: float = number(0.05, "limit of the first command on the wire, p99", unit="s", low=0.001, high=1.0,
                                 source="promises.md 22")  # fmt: skip
    most_zero_s: float = number(0.15, "limit of zero after letting go, p99", unit="s", low=0.001, high=1.0,
                                source="promises.md 23")  # fmt: skip


@dataclass
class Rig:
    """What a trial needs."""

    driver: NotingDriver
    robot: GuardClient
    fingers: Fingers
    gamepad: Gamepad
    clock: SystemClock

    def until(self, condition: Callable[[], bool], what: str) -> None:
        """Wait for something. Raises DeadlineError where it does not come."""
        Patience(what, "the rig", STEP_S, None, poll_s=0.005).until(condition)

    @property
    def mode(self) -> str:
        """Who may command, as the guard says."""
        return str(self.robot.guard_state.mode) if self.robot.guard_state is not None else ""


@benchmarks.register("teleop")
class Hands:
    """Take the robot again and again, and read the driver's notes."""

    on_request = True

    def __init__(self, config: TeleopBenchConfig | None = None) -> None:
        self.config = config or TeleopBenchConfig()

    def __call__(self, seed: int, progress: Progress) -> list[Measurement]:
        """Measure."""
        config, chance = self.config, np.random.default_rng(seed)
        todo = [
            (phase, hand, way)
            for _ in range(config.trials) for phase in config.phases for hand in HANDS for way in config.ways
        ]  # fmt: skip
        firsts, zeros, lost = [], [], 0
        with own_domain() as variables, _rig(variables) as rig:
            for number_, (phase, hand, way) in enumerate(todo):
                progress("teleop", number_ / len(todo), f"{hand} by {way} while {phase}")
                try:
                    first_s, zero_s = trial(rig, phase, hand, way, float(chance.uniform(0.1, 0.6)))
                except DeadlineError:  # whose lease was late lets go and takes the robot again, as a person would
                    lost += 1
                    give_back(rig)
                    continue
                firsts.append(first_s)
                zeros.append(zero_s)
        return [
            Measurement("trials", len(firsts), "", len(todo), at_least=True),
            Measurement("trials in which the robot was not had, or lost again", lost, "", 0),
            Measurement("first command on the wire after the deadman, median", float(np.median(firsts)), "s",
                        config.most_first_s),
            Measurement("first command on the wire after the deadman, p99", float(np.quantile(firsts, 0.99)), "s",
                        config.most_first_s),
            Measurement("zero on the wire after letting go, median", float(np.median(zeros)), "s", config.most_zero_s),
            Measurement("zero on the wire after letting go, p99", float(np.quantile(zeros, 0.99)), "s",
                        config.most_zero_s),
        ]  # fmt: skip


def trial(rig: Rig, phase: str, hand: str, way: str, later_s: float) -> tuple[float, float]:
    """Take the robot once, move it, let go, and give it back.

    Returns:
        Time from the key to the first command, and from the key's last sign to the one after which nothing moves [s].

    Raises:
        F2pError: Something of it did not come about.
    """
    mover = None if phase == IDLE else _moving(rig, phase)
    threading.Event().wait(timeout=later_s)  # anywhere between two steps
    hands: Fingers | Gamepad = rig.fingers if way == "keys" else rig.gamepad
    with _held(rig, hand, way):
        pressed_s = hands.pressed_s
        rig.until(lambda: bool(_by_hand(rig, pressed_s, hand)), f"the {hand} moves by hand")
        first = [one for one in rig.driver.noted(pressed_s) if phase == IDLE or one.what in STOPPING]
        first_s = first[0].at_s - pressed_s
        threading.Event().wait(timeout=0.2)
    released_s = hands.released_s
    threading.Event().wait(timeout=0.6)
    rig.gamepad.plug_in()
    after = rig.driver.noted(pressed_s)
    last_move = max(index for index, one in enumerate(after) if one.moves)
    zero_s = after[last_move + 1].at_s - released_s if last_move + 1 < len(after) else float("inf")
    if mover is not None:
        mover.join(timeout=STEP_S)
    give_back(rig)
    return first_s, zero_s


def give_back(rig: Rig) -> None:
    """Have the stack have the robot again. Raises DeadlineError."""
    rig.gamepad.plug_in()
    rig.fingers.press(b"r")
    rig.until(lambda: rig.mode == GuardState.AUTONOMY, "the robot is given back")


def _held(rig: Rig, hand: str, way: str) -> contextlib.AbstractContextManager[None]:
    """Hold what moves something by hand, towards its middle."""
    joint, more, less, axis, middle = HANDS[hand]
    below = rig.driver.position(joint) < middle
    if way == "keys":
        return rig.fingers.holding(more if below else less)
    return rig.gamepad.holding(axis, 1.0 if below else -1.0, unplug=way == "unplugged")


def _moving(rig: Rig, phase: str) -> threading.Thread:
    """Have something move by itself, again where the guard refuses it: others may have kept the processors busy."""
    for attempt in range(TRIES):
        began_s, mover = rig.clock.monotonic_s(), threading.Thread(target=_move, args=(rig, MOVES[phase]), daemon=True)
        mover.start()
        try:
            rig.until(partial(_begun, rig, began_s), f"the {phase} moves by itself")
        except DeadlineError:
            mover.join(timeout=STEP_S)
            if attempt + 1 == TRIES:
                raise
        else:
            break
    return mover


def _begun(rig: Rig, since_s: float) -> bool:
    """Tell whether a movement was commanded since."""
    return any(one.moves for one in rig.driver.noted(since_s))


def _by_hand(rig: Rig, since_s: float, hand: str) -> bool:
    """Tell whether what came since was moved by hand: after a stop, or at once where nothing moved before."""
    noted = rig.driver.noted(since_s)
    kind = "twist" if hand == "base" else "step"
    ends = [index for index, one in enumerate(noted) if one.what in STOPPING]
    return rig.mode == GuardState.OPERATOR and any(
        one.moves and one.what == kind for one in noted[(ends[-1] + 1 if ends else 0) :]
    )


def _move(rig: Rig, joint: str) -> None:
    """Move a joint to its farther end, or the base to and fro, as a skill would; ends when the robot is taken."""
    here = rig.driver.position(joint)
    low, high = LIMITS.get(joint, (-2.0, 2.0))
    target = high if here - low < high - here else low
    way = target - here if joint == TRANSLATE else target
    with contextlib.suppress(F2pError), rig.robot.leased():
        rig.robot.move(Motion((joint,), (way,)))


@contextlib.contextmanager
def _rig(variables: dict[str, str]) -> Iterator[Rig]:
    """Start driver, guard and teleop in a domain of their own, and end them."""
    os.environ.update(variables)
    clock = SystemClock()
    guard = subprocess.Popen((sys.executable, "-m", "f2p.ros.nodes.guard"), stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL)  # fmt: skip
    try:
        with spinning("stretch_driver") as low, spinning("f2p_bench") as node:
            driver, watch = NotingDriver(low, clock), Watch(node, ["guard"])
            robot = GuardClient(node, watch)
            pulses = [Pulse(node, graph.node(name)) for name in graph.VITAL]
            node.create_timer(graph.BEAT_S, partial(_beat, pulses))
            _activate(node, watch)
            fingers, gamepad = Fingers(clock, "--gamepad"), Gamepad(low, clock)
            try:
                Patience("the line", "f2p teleop", UP_S, None).until(lambda: GuardState.AUTONOMY in fingers.shown)
                yield Rig(driver, robot, fingers, gamepad, clock)
            finally:
                fingers.close()
    finally:
        guard.terminate()
        guard.wait(timeout=10.0)


def _beat(pulses: list[Pulse]) -> None:
    """Beat as everybody whom motions depend on."""
    for pulse in pulses:
        pulse.beat(Heartbeat.ACTIVE)


def _activate(node: Node, watch: Watch) -> None:
    """Bring the guard up, as the manager does."""
    Patience("its first beat", "guard", UP_S, None).until(lambda: watch.alive("guard"))
    change, request = ServiceCaller(node, ChangeState, "guard/change_state", "guard", None), ChangeState.Request()
    request.transition.id = Transition.TRANSITION_CONFIGURE
    change.call(request, UP_S)
    request.transition.id = Transition.TRANSITION_ACTIVATE
    for _ in range(200):
        if change.call(request, UP_S).success:
            return
        threading.Event().wait(timeout=0.1)
    raise DeadlineError("the guard could not be activated")
