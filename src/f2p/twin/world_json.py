"""JSON encoding of worlds and ground truth."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from f2p.shape.protocol import WALL
from f2p.sim.errors import BodyError
from f2p.sim.world import Body, World
from f2p.twin.twin import Truth
from f2p.types import BINARY_RELATIONS, UNARY_RELATIONS


def world_to_json(world: World) -> str:
    """Return one JSON object: bodies with name, prior, size, wall, opening and pose."""
    bodies = [
        {"name": body.name, "prior": body.prior, "size": body.size.tolist(), "wall": body.wall,
         "opening": float(opening), "pose": pose.tolist()}
        for body, pose, opening in zip(world.bodies, world.poses, world.openings, strict=True)
    ]  # fmt: skip
    return json.dumps({"bodies": bodies})


def world_from_json(text: str) -> World:
    """Return the world of `world_to_json`. Raises BodyError saying what is wrong with the text."""
    try:
        items = json.loads(text)["bodies"]
        bodies = tuple(_body(item) for item in items)
        poses = np.array([item["pose"] for item in items], dtype=np.float64).reshape(len(bodies), 4)
        openings = np.array([float(item.get("opening", 0.0)) for item in items])
    except (ValueError, KeyError, TypeError) as error:
        raise BodyError("world", f'is not {{"bodies": [{{name, prior, size, pose}}]}}: {error!r}') from error
    if not bodies or not np.isfinite(poses).all():
        raise BodyError("world", "needs at least one body, and finite poses (x, y, z, yaw)")
    return World(bodies, poses, openings)


def _body(item: dict[str, Any]) -> Body:
    wall = float(item.get("wall", WALL))
    return Body(str(item["name"]), item["prior"], np.array(item["size"], dtype=np.float64), wall)


def truth_to_json(truth: Truth, stamp_ns: int, time_s: float) -> str:
    """Return one JSON object: stamp, simulated time, what is held, bodies with upright boxes, and what relations hold.

    Returns:
        {"stamp_ns", "time_s", "held", "bodies": [{"name", "prior", "pose": [x, y, z, yaw], "size"}],
        "unary": {name: [relations that hold]}, "binary": [[relation, subject, object]]}.
    """
    bodies = [
        {"name": name, "prior": prior, "pose": pose.tolist(), "size": size.tolist()}
        for name, prior, pose, size in zip(truth.names, truth.priors, truth.poses, truth.sizes, strict=True)
    ]
    unary = {
        name: [relation for relation, holds in zip(UNARY_RELATIONS, row, strict=True) if holds > 0.5]
        for name, row in zip(truth.names, truth.relations.unary, strict=True)
    }
    binary = [
        [BINARY_RELATIONS[kind], truth.names[subject], truth.names[object_]]
        for subject, object_, kind in np.argwhere(truth.relations.binary > 0.5)
    ]
    return json.dumps({"stamp_ns": stamp_ns, "time_s": time_s, "held": truth.held, "bodies": bodies,
                       "unary": unary, "binary": binary})  # fmt: skip
