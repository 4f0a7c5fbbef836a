"""A grasp is a weld: both finger pads on one movable, near its grasp point, bind it until the fingers open.

The grasp point is where the shape's grip nearest to the fingers is: from above the middle of a cuboid's top or the
nearest point on top of a wall, from the front the nearest place on its middle line. Grasp forces and slip are not
modelled; the pads push what they touch before, and what lies in a carried box moves by contact only.
"""

from __future__ import annotations

from dataclasses import dataclass

import mujoco
import numpy as np

from f2p.geometry import into_box
from f2p.settings import Settings, number
from f2p.shape.protocol import ABOVE, FRONT
from f2p.sim.physics.scene_builder import BuiltScene
from f2p.sim.world import Body, upright_boxes
from f2p.twin import model as parts

STANDS_IN = "a weld stood in for friction in the simulated grasp"
"""What is told with every result that rests on a grasp of the twin's."""

DOWNWARD = -0.7
"""Below this height of the tip of its unit vector the gripper points down, and takes hold from above (ours: 45 deg)."""


@dataclass(frozen=True)
class GraspConfig(Settings):
    """When a closed gripper holds."""

    horizontal: float = number(0.025, "largest distance from the grasp point", unit="m", low=0.001, high=0.1)
    vertical: float = number(0.03, "largest height over or under it", unit="m", low=0.001, high=0.1)
    squeeze: float = number(0.02, "how far the fingers close on after contact", unit="rad", low=0.0, high=0.2)
    closing: float = number(0.005, "fingers this far off a set-point are closing", unit="rad", low=0.0, high=0.1)
    opening: float = number(0.02, "how far they open before they let go", unit="rad", low=0.0, high=0.2)


class GripperHold:
    """What the gripper holds.

    Attributes:
        held: Index of the body held, or None.
    """

    def __init__(self, config: GraspConfig, scene: BuiltScene) -> None:
        self._config, self._scene = config, scene
        model = scene.model
        self._pads = (model.geom("pad_left").id, model.geom("pad_right").id)
        self._fingers = tuple(model.joint(name).qposadr[0] for name in (parts.FINGER_LEFT, parts.FINGER_RIGHT))
        self._controls = tuple(model.actuator(name).id for name in (parts.FINGER_LEFT, parts.FINGER_RIGHT))
        self._site = model.site(parts.GRASP_SITE).id
        self._gripper = model.body(parts.GRIPPER_LINK).id
        self.reset()

    def reset(self) -> None:
        """Hold nothing (the caller resets the data, and with it the welds)."""
        self.held: int | None = None
        self._closed_at = 0.0

    def limited(self, target: float) -> float:
        """Return a finger set-point that squeezes what is held without closing through it [rad]."""
        return target if self.held is None else max(target, self._closed_at - self._config.squeeze)

    def update(self, model: mujoco.MjModel, data: mujoco.MjData) -> None:
        """Take hold of, or let go, what the fingers and the set-points of this moment call for."""
        measured = 0.5 * float(data.qpos[self._fingers[0]] + data.qpos[self._fingers[1]])
        wanted = float(data.ctrl[self._controls[0]])
        if self.held is not None:
            if wanted > self._closed_at + self._config.opening:
                data.eq_active[model.equality(parts.weld_name(self.held)).id] = 0
                self.held = None
            return
        if wanted > measured - self._config.closing:
            return
        touched = self._between(model, data)
        if touched is not None and self._near(data, touched):
            self._bind(model, data, touched, measured)

    def _between(self, model: mujoco.MjModel, data: mujoco.MjData) -> int | None:
        """Return the movable that both pads touch."""
        if not data.ncon:
            return None
        pairs = data.contact.geom[: data.ncon]
        touched = []
        for pad in self._pads:
            others = np.concatenate([pairs[pairs[:, 0] == pad, 1], pairs[pairs[:, 1] == pad, 0]])
            touched.append({int(index) for index in self._scene.body_of_geom[others]})
        common = sorted(index for index in touched[0] & touched[1] if index >= 0 and self._scene.bodies[index].free)
        return common[0] if common else None

    def _near(self, data: mujoco.MjData, index: int) -> bool:
        """Tell whether the grasp centre is within tolerance of the body's grasp point."""
        body = data.body(f"b{index}")
        poses, sizes = upright_boxes(body.xpos[None], body.xmat.reshape(1, 3, 3), self._scene.bodies[index].size[None])
        approach = ABOVE if data.site_xmat[self._site, 8] < DOWNWARD else FRONT
        site = data.site_xpos[self._site]
        across, over = distance_to_grasp(self._scene.bodies[index], poses[0], sizes[0], site, approach)
        return across <= self._config.horizontal and abs(over) <= self._config.vertical

    def _bind(self, model: mujoco.MjModel, data: mujoco.MjData, index: int, measured: float) -> None:
        """Weld the body to the gripper as it lies between the fingers now."""
        gripper, body = data.body(self._gripper), data.body(f"b{index}")
        inverse, relative = np.zeros(4), np.zeros(4)
        mujoco.mju_negQuat(inverse, gripper.xquat)
        mujoco.mju_mulQuat(relative, inverse, body.xquat)
        weld = model.equality(parts.weld_name(index))
        weld.data[3:6] = gripper.xmat.reshape(3, 3).T @ (body.xpos - gripper.xpos)
        weld.data[6:10] = relative
        data.eq_active[weld.id] = 1
        self.held, self._closed_at = index, measured
        for control in self._controls:
            data.ctrl[control] = self.limited(float(data.ctrl[control]))


def distance_to_grasp(
    body: Body, pose: np.ndarray, size: np.ndarray, point: np.ndarray, approach: str = ABOVE
) -> tuple[float, float]:
    """Return the distance of a point from the nearest grasp point of a body.

    Args:
        body: Its shape prior and wall.
        pose: Upright box (x, y, z, yaw). Shape (4,).
        size: Extents of that box [m]. Shape (3,).
        point: In the task frame [m]. Shape (3,).
        approach: From where the fingers come.

    Returns:
        Horizontal distance, and height over the grasp point [m]; infinite where it has none.
    """
    local = into_box(point, pose[:3], pose[3])
    found = []
    for grip in body.shape.grips(size, body.board):
        if grip.approach != approach:
            continue
        offset, along = local - grip.point, 1 - grip.axis
        if grip.rim or approach == FRONT:
            offset[along] = max(abs(offset[along]) - 0.5 * (grip.span - grip.width * grip.rim), 0.0)
        over = float(np.sign(offset[2]) * max(abs(offset[2]) - 0.5 * grip.rise, 0.0))
        found.append((float(np.linalg.norm(offset[:2])), over))
    return min(found, default=(np.inf, np.inf))
