"""Stands in for Isaac Gym's `gymapi` in tests: no physics, but what an attractor holds is where its target is.

It has only names that the type stubs have, and reads every URDF it is given.
"""

from __future__ import annotations

import types
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np

AXIS_NONE, AXIS_ALL, STATE_POS, STATE_ALL, DOMAIN_ENV = 0, 63, 1, 3, "env"
SIM_PHYSX, UP_AXIS_Z, CC_LAST_SUBSTEP, DOF_MODE_NONE = "physx", "z", "last", 0
VECTOR = [(axis, "<f4") for axis in "xyz"]
POSE = [("p", VECTOR), ("r", [*VECTOR, ("w", "<f4")])]
BODY = [("pose", POSE), ("vel", [("linear", VECTOR), ("angular", VECTOR)])]
SIMULATIONS: list[Sim] = []


class Vec3:
    def __init__(self, x: float = 0.0, y: float = 0.0, z: float = 0.0) -> None:
        self.x, self.y, self.z = x, y, z


class Quat:
    def __init__(self, x: float = 0.0, y: float = 0.0, z: float = 0.0, w: float = 1.0) -> None:
        self.x, self.y, self.z, self.w = x, y, z, w


class Transform:
    def __init__(self, p: Vec3 | None = None, r: Quat | None = None) -> None:
        self.p, self.r = p or Vec3(), r or Quat()


class AssetOptions(types.SimpleNamespace):
    pass


class AttractorProperties(types.SimpleNamespace):
    pass


class PlaneParams(types.SimpleNamespace):
    pass


class SimParams(types.SimpleNamespace):
    def __init__(self) -> None:
        super().__init__(physx=types.SimpleNamespace())


class Sim:
    def __init__(self, params: SimParams) -> None:
        self.params, self.steps, self.ended, self.ground = params, 0, False, False
        self.envs: list[Env] = []


class Env:
    def __init__(self) -> None:
        self.actors: list[types.SimpleNamespace] = []
        self.attractors: list[AttractorProperties] = []


class Gym:
    def create_sim(self, device: int, graphics: int, kind: str, params: SimParams) -> Sim:
        assert kind == SIM_PHYSX and not params.use_gpu_pipeline and not params.physx.use_gpu
        SIMULATIONS.append(Sim(params))
        return SIMULATIONS[-1]

    def add_ground(self, sim: Sim, plane: PlaneParams) -> None:
        sim.ground = plane.normal.z == 1.0 and plane.static_friction > 0.0

    def load_asset(self, sim: Sim, folder: str, name: str, options: AssetOptions) -> types.SimpleNamespace:
        tree = ElementTree.parse(Path(folder) / name).getroot()
        assert all(link.findall("collision/geometry/box") for link in tree.findall("link"))
        sizes = [box.attrib["size"].split() for box in tree.iter("box")]
        assert all(len(size) == 3 and min(map(float, size)) > 0.0 for size in sizes)
        links, joints = len(tree.findall("link")), len(tree.findall("joint"))
        return types.SimpleNamespace(options=options, links=links, slides=joints)

    def create_env(self, sim: Sim, lower: Vec3, upper: Vec3, per_row: int) -> Env:
        sim.envs.append(Env())
        return sim.envs[-1]

    def create_actor(
        self, env: Env, asset: types.SimpleNamespace, pose: Transform, name: str, group: int, filter: int
    ) -> int:
        first = sum(actor.asset.links for actor in env.actors)
        dofs = np.zeros(asset.slides, dtype=[("pos", "<f4"), ("vel", "<f4")])
        env.actors.append(types.SimpleNamespace(asset=asset, pose=pose, first=first, dofs=dofs, group=group))
        return len(env.actors) - 1

    def get_actor_rigid_shape_properties(self, env: Env, actor: int) -> list[types.SimpleNamespace]:
        return [types.SimpleNamespace(friction=1.0, restitution=0.0)]

    def set_actor_rigid_shape_properties(self, env: Env, actor: int, shapes: list[types.SimpleNamespace]) -> bool:
        return shapes[0].friction > 0.0

    def get_actor_dof_properties(self, env: Env, actor: int) -> np.ndarray:
        names = ("lower", "upper", "driveMode", "stiffness", "damping", "velocity", "effort", "friction", "armature")
        return np.zeros(env.actors[actor].asset.slides, dtype=[(name, "<f4") for name in names])

    def set_actor_dof_properties(self, env: Env, actor: int, properties: np.ndarray) -> bool:
        return bool(properties["damping"][0] > 0.0)

    def get_actor_dof_states(self, env: Env, actor: int, flags: int) -> np.ndarray:
        return env.actors[actor].dofs.copy()

    def set_actor_dof_states(self, env: Env, actor: int, states: np.ndarray, flags: int) -> bool:
        env.actors[actor].dofs = states.copy()
        return True

    def get_actor_rigid_body_handle(self, env: Env, actor: int, part: int) -> int:
        return env.actors[actor].first + part

    def get_actor_rigid_body_index(self, env: Env, actor: int, part: int, domain: str) -> int:
        assert domain == DOMAIN_ENV and part < env.actors[actor].asset.links
        return env.actors[actor].first + part

    def create_rigid_body_attractor(self, env: Env, properties: AttractorProperties) -> int:
        assert properties.stiffness > 0.0 and properties.damping > 0.0
        env.attractors.append(properties)
        return len(env.attractors) - 1

    def set_attractor_properties(self, env: Env, handle: int, properties: AttractorProperties) -> None:
        env.attractors[handle] = properties

    def set_attractor_target(self, env: Env, handle: int, target: Transform) -> None:
        env.attractors[handle].target = target

    def simulate(self, sim: Sim) -> None:
        assert sim.ground and not sim.ended
        sim.steps += 1
        for env in sim.envs:
            for attractor in env.attractors:
                if attractor.axes == AXIS_ALL:
                    actor = next(one for one in env.actors if one.first == attractor.rigid_handle)
                    assert not actor.asset.options.fix_base_link
                    actor.pose = attractor.target

    def fetch_results(self, sim: Sim, wait: bool) -> None:
        assert wait

    def get_actor_rigid_body_states(self, env: Env, actor: int, flags: int) -> np.ndarray:
        one = env.actors[actor]
        states = np.zeros(one.asset.links, dtype=BODY)
        for axis in "xyz":
            states["pose"]["p"][axis] = getattr(one.pose.p, axis)
        for axis in "xyzw":
            states["pose"]["r"][axis] = getattr(one.pose.r, axis)
        return states

    def get_env_rigid_contacts(self, env: Env) -> np.ndarray:
        """The last actor presses on the first and on the floor, and only comes near the second."""
        last = env.actors[-1].first
        rows = [(last, 0, 1.0), (last, -1, 1.0), (last, env.actors[1].first, 0.0)]
        return np.array(rows, dtype=[("body0", "<i4"), ("body1", "<i4"), ("lambda", "<f4")])

    def destroy_sim(self, sim: Sim) -> None:
        sim.ended = True


def acquire_gym() -> Gym:
    return Gym()
