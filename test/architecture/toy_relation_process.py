"""What a process does in which a lab named its own relations; prints what came out, as JSON."""

from __future__ import annotations

import dataclasses
import json
import sys
from pathlib import Path

import numpy as np

from f2p.errors import F2pError
from f2p.model.batch import pack
from f2p.model.factory import create, load_weights, save_weights, shipped
from f2p.model.predictor import TorchPredictor
from f2p.model.recipe import PretrainConfig, StageConfig
from f2p.model.train import pretrain
from f2p.monitor.compare import compare, contradictions_text
from f2p.monitor.values import Arrays, value_from, words_of
from f2p.posterior.modes import PLACED
from f2p.posterior.objective import before_set
from f2p.relation.spec import BinarySpec
from f2p.relation.table import register
from f2p.ros.messages.convert import relations_from_msg, relations_to_msg
from f2p.scene.goals import parse_goal, satisfied
from f2p.scene.relations import relations_of
from f2p.types import (
    BINARY_RELATIONS,
    UNARY_RELATIONS,
    Box,
    Cause,
    Execution,
    Failure,
    Outcome,
    Scene,
    Segment,
    SkillCall,
    SkillStep,
    Transition,
)

SHORT = PretrainConfig(
    joint=StageConfig(steps=3, batch=4, shards=1, warmup=0), frozen=StageConfig(steps=2, batch=4, shards=1, warmup=0)
)
CALL = SkillCall("pick_place", "mug", np.array([0.0, -0.5, 0.0, 0.0]))


def seen(mug_y: float) -> Scene:
    """A table with a tall mug and a bowl on it."""
    rng = np.random.default_rng(0)
    boxes = {"table": Box([0.7, 0.0, 0.475], [0.5, 1.6, 0.05]), "bowl": Box([0.7, 0.4, 0.525], [0.06, 0.06, 0.05]),
             "mug": Box([0.7, mug_y, 0.54], [0.05, 0.05, 0.08])}  # fmt: skip
    prior = {"table": "table"}
    return Scene(tuple(
        Segment(name, prior.get(name, "cuboid"), box, box.center + rng.uniform(-0.5, 0.5, (150, 3)) * box.size)
        for name, box in boxes.items()
    ))  # fmt: skip


def refusal(action: object) -> str:
    """What an error of ours says."""
    try:
        action()  # type: ignore[operator]
    except F2pError as error:
        return f"{type(error).__name__}: {error}"
    return ""


def main(folder: Path) -> dict[str, object]:
    """Label, ask for, learn, predict, compare, keep and refuse."""
    before, after = seen(0.3), seen(-0.2)
    labels = relations_of(before), relations_of(after)
    out: dict[str, object] = {"unary": UNARY_RELATIONS, "binary": BINARY_RELATIONS, "placed": PLACED}
    out["before"], out["after"] = (one.value("near", "mug", "bowl") for one in labels)
    out["tall"] = labels[0].unary[:, UNARY_RELATIONS.index("tall")].tolist()
    goal = parse_goal("near(mug, bowl) & above(mug, table)")
    out["satisfied"] = [satisfied(goal, one) for one in labels]
    displacements = np.array([[0.0, 0, 0], [0, 0, 0], [0, -0.5, 0]])
    transition = Transition(before, CALL, after, *labels, displacements)
    model = create("default", seed=0)
    out["losses"] = len(pretrain(model, pack([transition] * 4, np.random.default_rng(0), 3), SHORT, 0))
    predictor = TorchPredictor(model.eval(), "toy")
    detected = predictor.detect(before)
    score = predictor.score(before, (SkillStep("pick_place", "mug"),), CALL.parameter[None, None], goal)
    out["shapes"] = [list(detected.unary.shape), list(detected.binary.shape), list(score.shape)]
    (prediction,) = predictor.predict(before, (CALL,))
    truth = dataclasses.replace(prediction, relations=labels[0], displacements=np.zeros((3, 3)))
    outcome = Outcome(before, CALL, after, truth, *labels, Execution(True), "toy")
    comparison = compare(outcome)
    near = [one for one in comparison.contradictions if one.relation == "near"]
    out["contradicted"], out["score"] = contradictions_text(near), comparison.score
    failure = Failure("f", outcome, goal, None, Cause.MODEL, comparison.score, 1.0, comparison.contradictions)
    arrays = Arrays()
    again = value_from(Failure, json.loads(json.dumps(words_of(failure, arrays))), arrays)
    out["kept"] = again.outcome.observed_before.value("near", "mug", "bowl")
    out["told"] = relations_from_msg(relations_to_msg(labels[0])).value("near", "mug", "bowl")
    kinds = before_set(before, labels[0], None).kinds
    out["inferred_from"] = BINARY_RELATIONS.index("near") in kinds.tolist()
    save_weights(model, folder / "toy.safetensors", {})
    out["loaded"] = load_weights(folder / "toy.safetensors")[0] is not None
    out["shipped"] = refusal(shipped)
    out["late"] = refusal(lambda: register(BinarySpec("late", lambda boxes: boxes.hollow)))
    return out


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]))))
