"""One view with something in every part, for tests of what shows it."""

from __future__ import annotations

import numpy as np

from f2p.console.view import (
    CommandView,
    FailureRow,
    LearningView,
    PlanView,
    PleaView,
    Pursuit,
    View,
    Weights,
)
from f2p.plan.analytic import AnalyticPredictor
from f2p.plan.tree import StepStatus, plan_tree
from f2p.robot.frames import BASE_START_TASK
from f2p.scene.goals import parse_goal
from f2p.types import Contradiction, Plan, SkillCall
from f2p.weights.golden import golden_scene
from f2p.weights.listing import WeightsRow

IDS = tuple(letter * 64 for letter in "abc")


def full_view() -> View:
    scene = golden_scene()
    call = SkillCall("pick_place", "box", [0.1, 0.3, 0.0, 0.0])
    predictions = AnalyticPredictor().predict(scene, (call,))
    plan = Plan("plan-1", parse_goal("above(box, table_b)"), (call,), 0.93, predictions, IDS[0], believed=True)
    rows = (
        WeightsRow(
            IDS[0],
            ("champion",),
            "default",
            IDS[1],
            "failure-1",
            "learned here",
            ("gate passed",),
            ("pick_place", "push"),
        ),
        WeightsRow(IDS[1], ("previous",), "default", None, None, "the package"),
        WeightsRow(IDS[2], ("waiting",), "default", IDS[0], "failure-2", "learned here", ("gate passed",)),
    )
    return View(
        command=CommandView("autonomy", "executor"), pursuit=Pursuit("execute", 12.0, 1, "pick_place(box): carry"),
        plea=PleaView("pick_place(box)", "failure-1", 479, "the cause is <unknown>", 1_700_000_600_000_000_000),
        learning=LearningView("finetune", 0.4, "loss 0.31"), scene=scene,
        plan=PlanView(plan, scene, plan_tree(plan, [StepStatus.RUNNING])),
        particles=np.random.default_rng(0).normal([0.6, 0.2, 0.6], 0.05, (20, 3)),
        failures=(
            FailureRow("failure-1", 1_700_000_000_000_000_000, "pick_place(box)", "model", "the <b>box</b> fell",
                       (Contradiction("above", "box", "table_b", 0.93, observed=False),), page=True),
            FailureRow("failure-0", 1_600_000_000_000_000_000, "push(box)", "unknown", "it slid"),
        ),
        weights=Weights(IDS[0], IDS[0], IDS[1], IDS[2], rows=rows, skills=("pick_place", "push")), recorder="listening",
        joints={"joint_lift": 0.6, "joint_arm_l0": 0.05, "joint_wrist_pitch": -1.57}, base=BASE_START_TASK,
        notes=("12:00:00 operator 1: Look again: 5 things are seen",),
    )  # fmt: skip
