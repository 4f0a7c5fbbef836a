"""JSON encoding of worlds."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from f2p.shape.protocol import WALL
from f2p.sim.errors import BodyError
from f2p.sim.world import Body, World


def world_to_json(world: World) -> str:
    """Return one JSON object: bodies with name, prior, size, wall, opening, pose and slides_to."""
    bodies = [
        {"name": body.name, "prior": body.prior, "size": body.size.tolist(), "wall": body.wall,
         "opening": float(opening), "pose": pose.tolist(), "slides_to": body.slides_to}
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
    wall, slides_to = float(item.get("wall", WALL)), float(item.get("slides_to", 1.0))
    return Body(str(item["name"]), item["prior"], np.array(item["size"], dtype=np.float64), wall, slides_to)
