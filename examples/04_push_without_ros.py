"""A plan from rules instead of a network, and a push by joints in imagined time: no ROS, no physics, no weights."""

from __future__ import annotations

import numpy as np

from f2p.plan.analytic import AnalyticPredictor
from f2p.plan.planner import Planner
from f2p.plan.tree import plan_tree
from f2p.robot.kinematic import Faults, KinematicRobot
from f2p.robot.protocol import TRANSLATE
from f2p.scene.goals import parse_goal
from f2p.skill.protocol import skills
from f2p.types import Box, Scene, Segment, SkillStep


def segment(name: str, prior: str, center: tuple[float, ...], size: tuple[float, ...]) -> Segment:
    """Return something upright, as a camera would have seen it [m, task frame]."""
    box = Box(np.array(center), np.array(size))
    points = box.center + np.random.default_rng(0).uniform(-0.5, 0.5, (200, 3)) * box.size
    return Segment(name, prior, box, points)


def main() -> None:
    """Push a cup to the right of a mark, then once more with a wheel that is stuck."""
    scene = Scene((
        segment("table", "table", (0.70, 0.45, 0.475), (0.50, 0.90, 0.05)),
        segment("cup", "cuboid", (0.65, 0.50, 0.53), (0.06, 0.06, 0.06)),
        segment("mark", "cuboid", (0.80, 0.50, 0.51), (0.03, 0.03, 0.02)),
    ))  # fmt: skip
    goal = parse_goal("right(cup, mark)")
    plan = Planner(AnalyticPredictor).plan(scene, goal, 0, (SkillStep("push", "cup"),))
    print(plan_tree(plan))

    robot = KinematicRobot()
    for call in plan.calls:
        done = skills.make(call.skill).execute(call, scene, robot, lambda phase, *_: print(f"  {phase}"))
        print(f"done: {done.ok} after {robot.time_s:.1f} imagined seconds and {len(robot.steps)} steps of the joints")

    stuck = KinematicRobot(faults=Faults(stuck=TRANSLATE))
    done = skills.make("push").execute(plan.calls[0], scene, stuck)
    print(f"with a stuck wheel: {done.ok}, error {done.error_code}: {done.error_msg}")


if __name__ == "__main__":
    main()
