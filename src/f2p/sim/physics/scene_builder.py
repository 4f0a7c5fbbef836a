"""Boxes become a MuJoCo model: one per set of bodies; poses, grasps and furniture are states of it, not models.

Furniture hangs on mocap bodies, so M scenes with differently placed tables still share one model. The gripper is a
mocap body without a shape; one weld per movable binds it to what it grasps (decision C22: kinematic gripper).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

import numpy as np

from f2p.settings import Settings, number
from f2p.shape.protocol import Slab
from f2p.shape.sliding import slide_travel
from f2p.sim.errors import BodyError
from f2p.sim.world import Body

if TYPE_CHECKING:
    import mujoco


@dataclass(frozen=True)
class PhysicsConfig(Settings):
    """How bodies push each other."""

    time_step: float = number(
        0.005, "integration step", unit="s", low=0.0005, high=0.01, source="ours: stable, twice as fast as 2.5 ms"
    )
    friction: float = number(0.8, "sliding friction", low=0.05, high=2.0, source="ours: cardboard on wood")
    density: float = number(
        250.0, "density of movables", unit="kg/m^3", low=20.0, high=5000.0, source="ours: packaged groceries"
    )
    weld_time: float = number(
        0.02,
        "softness of the grasp",
        unit="s",
        low=0.01,
        high=0.2,
        source="ours: lowering on something must not explode",
    )
    iterations: int = number(20, "solver iterations per step", low=1, high=1000)


SLIDE_DAMPING, SLIDE_FRICTION = 5.0, 3.0
"""What holds back what slides [N s/m] and [N] (ours: waxed wood, 0.2 of a weight of 1.5 kg)."""


@dataclass(frozen=True, eq=False)
class Part:
    """What physics knows of a body."""

    slabs: tuple[Slab, ...]
    """Its solid cuboids."""
    free: bool
    """Whether it moves with six degrees of freedom; otherwise it stays where it is put."""
    slide_most: float
    """How far its sliding slabs come out towards −x [m]; 0 where nothing slides."""


@dataclass(frozen=True, eq=False)
class BuiltScene:
    """A compiled model and where each body is found in it."""

    model: mujoco.MjModel
    physics: PhysicsConfig
    bodies: tuple[Body, ...]
    slabs: tuple[tuple[Slab, ...], ...]
    free: np.ndarray
    """Indices of bodies with a free joint. Shape (movables,)."""
    qpos_start: np.ndarray
    """First of the seven coordinates of each body in `free`. Shape (movables,)."""
    fixed: np.ndarray
    """Indices of furniture, in the order of the mocap bodies (the gripper is mocap 0). Shape (furniture,)."""
    body_of_geom: np.ndarray
    """Index of the body a geom belongs to, −1 for the floor. Shape (geoms,)."""
    drawers: tuple[tuple[int, int], ...]
    """(body index, coordinate index) of every drawer."""


def part_of(body: Body) -> Part:
    """Return what physics knows of a body: its shape prior as solid cuboids (A.12), and what of it moves."""
    slabs = body.shape.slabs(body.size, body.board)
    slide_most = body.slides_to * slide_travel(slabs)
    if not slide_most:
        slabs = tuple(replace(slab, sliding=False) for slab in slabs)
    return Part(slabs, body.free, slide_most)


def _geoms(slabs: Sequence[Slab], mass: str) -> str:
    return "".join(f'<geom type="box" pos="{_text(slab.center)}" size="{_text(slab.half)}" {mass}/>' for slab in slabs)


def _text(values: np.ndarray) -> str:
    return " ".join(f"{value:.6g}" for value in values)


def _body_xml(index: int, part: Part, config: PhysicsConfig) -> str:
    """Return one body element; its frame is the centre of its outer box."""
    mass = f'density="{config.density:g}"'
    if part.free:
        return f'<body name="b{index}"><freejoint name="j{index}"/>{_geoms(part.slabs, mass)}</body>'
    inner = ""
    if part.slide_most:
        inner = (
            f'<body name="s{index}"><joint name="j{index}" type="slide" axis="-1 0 0" damping="{SLIDE_DAMPING:g}" '
            f'frictionloss="{SLIDE_FRICTION:g}" limited="true" range="0 {part.slide_most:.6g}"/>'
            f"{_geoms([slab for slab in part.slabs if slab.sliding], mass)}</body>"
        )
    still = _geoms([slab for slab in part.slabs if not slab.sliding], mass)
    return f'<body name="b{index}" mocap="true">{still}{inner}</body>'


class ToolShape(Protocol):
    """What of a tool physics knows: cuboids in its own frame. See `f2p.sim.motion.protocol.Tool`."""

    @property
    def centers(self) -> np.ndarray:
        """Shape (boxes, 3) [m]."""

    @property
    def halves(self) -> np.ndarray:
        """Shape (boxes, 3) [m]."""

    @property
    def quaternions(self) -> np.ndarray:
        """Shape (boxes, 4)."""


TOOL_MASS = 2.0
"""Of a tool with a shape [kg] (ours: its weld holds it to the path whatever it pushes)."""


def _tool_xml(index: int, tool: ToolShape) -> str:
    """Return a tool's body and what leads it.

    It is led by a weld and not moved itself: what is moved has no velocity for physics, and its friction would hold
    back what it pushes.
    """
    boxes = zip(tool.centers, tool.halves, tool.quaternions, strict=True)
    geoms = "".join(
        f'<geom type="box" pos="{_text(center)}" size="{_text(half)}" quat="{_text(turn)}" '
        f'mass="{TOOL_MASS / len(tool.centers):g}"/>'
        for center, half, turn in boxes
    )
    return (
        f'<body name="l{index}" mocap="true"/>'
        f'<body name="t{index}" gravcomp="1"><freejoint name="f{index}"/>{geoms}</body>'
    )


def scene_xml(parts: Sequence[Part], config: PhysicsConfig, tools: Sequence[ToolShape] = ()) -> str:
    """Write the MJCF text of some bodies over a floor at z = 0, with a gripper and, last of all, tools."""
    inner = "".join(_body_xml(i, part, config) for i, part in enumerate(parts))
    welds = "".join(
        f'<weld name="w{i}" body1="gripper" body2="b{i}" relpose="0 0 0 1 0 0 0" active="false" '
        f'solref="{config.weld_time:g} 1"/>'
        for i, part in enumerate(parts)
        if part.free
    ) + "".join(
        f'<weld name="l{i}" body1="l{i}" body2="t{i}" relpose="0 0 0 1 0 0 0" solref="{config.weld_time:g} 1"/>'
        for i in range(len(tools))
    )
    return (
        f'<mujoco><option timestep="{config.time_step:g}" integrator="implicitfast" '
        f'iterations="{config.iterations}" tolerance="1e-6" ls_iterations="20"><flag autoreset="disable"/></option>'
        f'<default><geom friction="{config.friction:g} 0.01 0.001" solref="0.012 1" condim="3"/></default>'
        f'<worldbody><geom name="floor" type="plane" size="10 10 1"/><body name="gripper" mocap="true"/>'
        f"{inner}{''.join(map(_tool_xml, range(len(tools)), tools))}</worldbody><equality>{welds}</equality></mujoco>"
    )


def build(bodies: Sequence[Body], config: PhysicsConfig) -> BuiltScene:
    """Compile a set of bodies. Raises BodyError when two share a name or there is none."""
    names = [body.name for body in bodies]
    if not names:
        raise BodyError("world", "is empty: nothing to simulate")
    if len(set(names)) != len(names):
        raise BodyError(max(names, key=names.count), "is there twice; names must be unique")
    parts = [part_of(body) for body in bodies]
    return located(compiled(scene_xml(parts, config)), bodies, parts, config)


def with_tools(scene: BuiltScene, tools: Sequence[ToolShape]) -> BuiltScene:
    """Return a scene in which tools can be moved as well; their coordinates and velocities follow those of `scene`."""
    parts = [Part(slabs, index in set(scene.free.tolist()), 0.0) for index, slabs in enumerate(scene.slabs)]
    for index, _ in scene.drawers:
        parts[index] = replace(parts[index], slide_most=float(scene.model.joint(f"j{index}").range[1]))
    xml = scene_xml(parts, scene.physics, tools)
    return located(compiled(xml), scene.bodies, parts, scene.physics)


def compiled(xml: str) -> mujoco.MjModel:
    """Compile what `scene_xml` wrote; MuJoCo is imported here, since whoever names a simulator imports this file."""
    import mujoco

    return mujoco.MjModel.from_xml_string(xml)


def located(model: mujoco.MjModel, bodies: Sequence[Body], parts: Sequence[Part], config: PhysicsConfig) -> BuiltScene:
    """Find the bodies of `scene_xml` in a compiled model, whatever else is in it."""
    free = np.array([i for i, part in enumerate(parts) if part.free], dtype=int)
    fixed = np.array([i for i, part in enumerate(parts) if not part.free], dtype=int)
    sliding = [i for i, part in enumerate(parts) if part.slide_most]
    owner = np.full(model.nbody, -1)
    for i in range(len(parts)):
        owner[model.body(f"b{i}").id] = i
    for i in sliding:
        owner[model.body(f"s{i}").id] = i
    return BuiltScene(
        model=model,
        physics=config,
        bodies=tuple(bodies),
        slabs=tuple(part.slabs for part in parts),
        free=free,
        qpos_start=np.array([int(model.joint(f"j{i}").qposadr[0]) for i in free], dtype=int),
        fixed=fixed,
        body_of_geom=owner[model.geom_bodyid],
        drawers=tuple((i, int(model.joint(f"j{i}").qposadr[0])) for i in sliding),
    )
