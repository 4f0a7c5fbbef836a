"""The Stretch in the browser's scene: its links' meshes, made light, hung on frames that joint positions turn."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import viser
from viser import transforms

from f2p.twin.description import Link, read_links, triangles
from f2p.twin.errors import RobotDescriptionError

CELL_M = 0.008
"""Vertices closer than this become one [m] (ours: what shows from a step away: 21,000 triangles are left)."""

ROOT = "/stretch"
"""Name of its base in the scene."""

DARK, LIGHT = (62, 68, 76), (198, 204, 212)
_DARK_PARTS = ("wheel", "finger", "gripper", "laser", "head", "wrist_pitch", "wrist_roll", "caster", "mast")

STILL = 1e-4
"""A joint that moved less is not sent again [m or rad]."""


@dataclass(frozen=True, eq=False)
class LightMesh:
    """One link's mesh."""

    vertices: np.ndarray
    """In the link's frame [m]. Shape (vertices, 3), float32."""
    faces: np.ndarray
    """Shape (faces, 3), uint32."""


def lightened(corners: np.ndarray, cell_m: float = CELL_M) -> LightMesh:
    """Return triangles with the vertices of each cubic cell merged into their mean, and what collapsed left out.

    Args:
        corners: Triangles [m]. Shape (triangles, 3, 3).
        cell_m: Edge of the cells [m].
    """
    points = corners.reshape(-1, 3).astype(np.float64)
    cells = np.floor(points / cell_m).astype(np.int64) + (1 << 20)
    keys = (cells[:, 0] << 42) | (cells[:, 1] << 21) | cells[:, 2]
    _, rows, counts = np.unique(keys, return_inverse=True, return_counts=True)
    means = np.stack([np.bincount(rows, points[:, axis]) for axis in range(3)], axis=1) / counts[:, None]
    faces = rows.reshape(-1, 3)
    whole = (faces[:, 0] != faces[:, 1]) & (faces[:, 1] != faces[:, 2]) & (faces[:, 0] != faces[:, 2])
    kept = faces[whole]
    _, first = np.unique(np.sort(kept, axis=1), axis=0, return_index=True)
    return LightMesh(means.astype(np.float32), kept[np.sort(first)].astype(np.uint32))


class StretchModel:
    """Shows one robot.

    Args:
        scene: Of the server.
    """

    def __init__(self, scene: viser.SceneApi) -> None:
        self._frames: dict[str, tuple[Link, viser.FrameHandle, float]] = {}
        self._stands: tuple[float, float, float] | None = None
        self._base = scene.add_frame(ROOT, show_axes=False, visible=False)
        try:
            self._add(scene, read_links().values())
        except (RobotDescriptionError, OSError):  # it is shown without: the rest of the console needs no model
            self._frames.clear()

    def show(self, joints: Mapping[str, float], base: tuple[float, float, float] | None) -> None:
        """Put it where it stands; hidden until that is known.

        Args:
            joints: Positions by the URDF's names [m or rad].
            base: x, y [m] and heading [rad] in the task frame.
        """
        if base is None:
            return
        if self._stands is None or max(abs(a - b) for a, b in zip(base, self._stands, strict=True)) > STILL:
            x, y, heading = self._stands = base
            self._base.position = (x, y, 0.0)
            self._base.wxyz = (math.cos(heading / 2), 0.0, 0.0, math.sin(heading / 2))
            self._base.visible = True
        for name, position in joints.items():
            if name in self._frames and abs(position - self._frames[name][2]) > STILL:
                link, frame, _ = self._frames[name]
                frame.position, frame.wxyz = placed(link, position)
                self._frames[name] = (link, frame, position)

    def _add(self, scene: viser.SceneApi, links: Iterable[Link]) -> None:
        paths: dict[str, str] = {}
        for link in links:
            path = paths[link.name] = f"{paths.get(link.parent, ROOT)}/{link.name}"
            position, turn = placed(link, 0.0)
            frame = scene.add_frame(path, show_axes=False, position=position, wxyz=turn)
            if link.kind != "fixed" and link.joint:
                self._frames[link.joint] = (link, frame, 0.0)
            if link.visual is not None:
                file, rpy = link.visual
                part = lightened(triangles(file))
                dark = any(word in link.name for word in _DARK_PARTS)
                scene.add_mesh_simple(
                    f"{path}/mesh", part.vertices, part.faces, color=DARK if dark else LIGHT, flat_shading=True,
                    side="double", wxyz=transforms.SO3.from_rpy_radians(*rpy).wxyz, cast_shadow=False,
                    receive_shadow=False,
                )  # fmt: skip


def placed(link: Link, position: float) -> tuple[np.ndarray, np.ndarray]:
    """Return where a link is in its parent at a position of its joint: offset [m], and quaternion (w, x, y, z)."""
    turn = transforms.SO3.from_rpy_radians(*link.rpy)
    if link.kind == "prismatic":
        return link.xyz + turn.apply(link.axis * position), turn.wxyz
    if link.kind == "fixed":
        return link.xyz, turn.wxyz
    return link.xyz, (turn @ transforms.SO3.exp(link.axis * position)).wxyz
