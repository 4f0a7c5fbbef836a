"""What the robot's driver does that its users did not expect, one switch each: all of them on unless a test says so."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from f2p.settings import Settings


def pitfall(text: str, source: str) -> Any:
    """Declare one switch, on by default."""
    return field(default=True, metadata={"text": text, "source": source})


@dataclass(frozen=True)
class Pitfalls(Settings):
    """Habits of stretch_ros2 (b77baa1) and of the motors below it; off is what one would have expected.

    Two more are settings of the driver itself: goals out of range are clamped in silence (`fail_out_of_range_goal`,
    stretch.md 1.3.3), and a way point has ten seconds (`goal_timeout_s`, 1.3.2).
    """

    contact_without_words: bool = pitfall(
        "a contact aborts the goal with code 100 and the text '--'; off names the joint",
        "stretch.md 1.3.1")  # fmt: skip
    stale_contact_flag: bool = pitfall(
        "the contact flag is read before a new command is pushed: the next goal for that joint aborts at once with "
        "100, and its motion begins all the same; off reads it after",
        "joint_trajectory_server execute_cb; stretch.md 1.3.1")  # fmt: skip
    timeout_moves_on: bool = pitfall(
        "a goal that runs out of time leaves its motion running; off holds its joints", "stretch.md 1.3.2")  # fmt: skip
    busy_rejects: bool = pitfall(
        "a goal within 0.2 s of an active one is rejected; off takes it", "stretch.md 1.3.4")  # fmt: skip
    preempting_breaks: bool = pitfall(
        "a goal that lacks a joint of the active one breaks that one with a KeyError, and the mode's lock is never "
        "given back: no change of mode is answered any more, and the driver falls silent at the first. By chance on "
        "the robot (4 of 173 at 4 Hz), always here; off ends the older goal cleanly",
        "joint_trajectory_server feedback_callback; stretch.md 1.3.4")  # fmt: skip
    cancel_moves_on: bool = pitfall(
        "a cancelled goal's motion runs on; off holds its joints", "stretch.md 1.3.5")  # fmt: skip
    stop_spares_wrist_and_head: bool = pitfall(
        "/stop_the_robot leaves wrist and head to finish their moves; off stops them as well",
        "stretch.md 1.3.5")  # fmt: skip
    null_base_breaks: bool = pitfall(
        "a base increment of 0 breaks the goal, which keeps the lock of the mode; off calls it reached",
        "stretch.md 1.3.6")  # fmt: skip
    early_head: bool = pitfall(
        "head goals succeed 0.15 rad (pan) and 0.52 rad (tilt) before the target; off asks for 0.015 rad",
        "stretch.md 1.3.7")  # fmt: skip
    loaded_wrist_times_out: bool = pitfall(
        "a goal that names a wrist joint while the gripper holds something never counts as reached; off judges it as "
        "any other", "stretch.md 1.3.8, stretch_ros2#141")  # fmt: skip
    stop_keeps_goal: bool = pitfall(
        "/stop_the_robot leaves the goal active until it times out; off aborts it", "stretch.md 1.3.9")  # fmt: skip
    trajectory_keeps_lock: bool = pitfall(
        "a goal that trajectory mode refuses keeps the lock of the mode; off gives it back",
        "stretch.md 1.3.9, stretch_ros2#190")  # fmt: skip
    trajectory_ignores_cancel: bool = pitfall(
        "nothing looks at a cancel in trajectory mode; off ends the goal and holds", "promises.md 0.1")  # fmt: skip
    mode_waits_for_goal: bool = pitfall(
        "a change of mode, the run stop's service included, waits until no goal runs, and nothing is published or "
        "commanded meanwhile; off ends the goal", "promises.md 0.3, stretch.md 1.3.10")  # fmt: skip
    two_threads: bool = pitfall(
        "two threads for everything: while a goal runs and a service waits, no goal, cancel or other service is "
        "answered; off answers cancels", "stretch_driver main; promises.md 0.3")  # fmt: skip
    mode_hides_runstop: bool = pitfall(
        "modes can be changed while runstopped: goals are taken and time out, and /runstop no longer releases; off "
        "refuses the change", "stretch_driver change_mode; stretch.md 1.3.10")  # fmt: skip
    not_homed_times_out: bool = pitfall(
        "goals of a robot that is not homed are taken and time out with -4; off refuses them",
        "stretch.md 1.3.11")  # fmt: skip
    fast_lift_contacts: bool = pitfall(
        "a lift that goes up faster than by default meets a contact where there is none; now and then on robots, "
        "always here; off meets none", "stretch.md 1.3.12, stretch_body#243, stretch_dex_teleop#9")  # fmt: skip
    zeros_count: bool = pitfall(
        "a 0 in velocities or effort is taken at its word; off takes the default", "stretch.md 1.3.15")  # fmt: skip
