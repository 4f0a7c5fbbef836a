"""Failure folders of the version before: their words become those of the present one, their arrays stay."""

from __future__ import annotations

from typing import Any

import numpy as np

from f2p.monitor.values import ARRAY, Arrays

FORMER = "f2p-failure-2"
"""The version that is read here."""


def upgraded(words: dict[str, Any], arrays: Arrays) -> dict[str, Any]:
    """Return words of the present version; scenes are cut out of their common arrays, which are put beside them.

    Raises KeyError, ValueError or TypeError for words that are not of that version.
    """
    outcome, plan = words["outcome"], words["plan"]
    facts = ("relation", "subject", "object", "predicted", "observed")
    return {
        **words,
        "goal": _goal(words["goal"]),
        "contradictions": [_named(facts, one) for one in words["contradictions"]],
        "outcome": {
            **{name: outcome[name] for name in ("weights_id", "unseen")},
            **{name: _scene(outcome[name], arrays) for name in ("before", "after")},
            **{name: _relations(outcome[name]) for name in ("observed_before", "observed_after")},
            "call": _call(outcome["call"]),
            "prediction": _prediction(outcome["prediction"]),
            "execution": _named(("ok", "error_code", "error_msg", "duration_s"), outcome["execution"]),
        },
        "plan": plan and {
            **plan,
            "goal": _goal(plan["goal"]),
            "calls": [_call(one) for one in plan["calls"]],
            "predictions": [_prediction(one) for one in plan["predictions"]],
        },
    }  # fmt: skip


def _named(names: tuple[str, ...], values: list[Any]) -> dict[str, Any]:
    return dict(zip(names, values, strict=True))


def _goal(words: list[Any]) -> dict[str, Any]:
    return {"literals": [_named(("relation", "subject", "object", "value"), one) for one in words]}


def _call(words: list[Any]) -> dict[str, Any]:
    return _named(("skill", "object", "parameter"), words)


def _relations(words: dict[str, Any]) -> dict[str, Any]:
    return {"names": words["names"], **{name: {ARRAY: words[name]} for name in ("unary", "binary")}}


def _prediction(words: dict[str, Any]) -> dict[str, Any]:
    return {"relations": _relations(words["relations"]), "displacements": {ARRAY: words["displacements"]}}


def _scene(words: dict[str, Any], arrays: Arrays) -> dict[str, Any]:
    points, boxes = arrays.get(words["points"]), arrays.get(words["boxes"])
    counts = [int(count) for count in words["counts"]]
    if boxes.ndim != 2 or boxes.shape[1] != 8 or len(points) != sum(counts) or min(counts, default=0) < 0:
        raise ValueError(f"points {points.shape} and boxes {boxes.shape} are not those of {len(counts)} segments")
    clouds = np.split(points, np.cumsum(counts)[:-1])
    return {
        "stamp_ns": words["stamp_ns"],
        "segments": [
            {
                "name": name, "prior": prior, "opening": float(row[7]),
                "box": {"center": row[:3].tolist(), "size": row[3:6].tolist(), "yaw": float(row[6])},
                "points": {ARRAY: arrays.put(f"{words['points']}.{index}", cloud)},
            }
            for index, ((name, prior), row, cloud) in enumerate(zip(words["segments"], boxes, clouds, strict=True))
        ],
    }  # fmt: skip
