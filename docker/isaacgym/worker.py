"""f2p's worker on NVIDIA's Isaac Gym Preview 4, PhysX on the processor. NOT RUN ON ISAAC GYM HERE.

It was checked against the type stubs of `isaacgym-stubs` and with a stand-in for `gymapi` only. Python 3.8; needs
isaacgym, numpy and `wire.py` beside it. Every job gets a simulation of its own: should PhysX not survive a second one
in a process, this process dies, and f2p starts another and asks again.
"""

from __future__ import annotations

import os
import tempfile
from typing import Any

import numpy as np
import wire
from isaacgym import gymapi

SUBSTEPS = 2
GRAVITY = 9.81
CONTACT_OFFSET = 0.002
"""Shapes nearer than this are looked at for contacts [m] (ours: thinner than a wall of 8 mm)."""
SLIDE_DAMPING, SLIDE_FRICTION = 5.0, 3.0
"""Of what slides [N s/m, N], as f2p's MuJoCo scenes have them."""
STIFFER = 4.0
"""An attractor is a spring and sags under its load: its time constant is divided by this (ours: 0.25 mm; not tried)."""


def main() -> None:
    """Call f2p and do jobs until it hangs up."""
    gym = gymapi.acquire_gym()
    wire.serve("Isaac Gym Preview 4, PhysX on the processor", lambda job: Simulation(gym, job).run())


class Simulation:
    """One job: M environments at the same place that do not touch each other, with an actor per body."""

    def __init__(self, gym: gymapi.Gym, job: wire.Job) -> None:
        if np.any(job.tool >= 0):
            raise ValueError("this worker moves no tools with a shape: such skills run in mujoco or mujoco_worker")
        self._gym, self._job = gym, job
        self._sim = gym.create_sim(0, -1, gymapi.SIM_PHYSX, sim_params(job))
        if self._sim is None:
            raise RuntimeError("Isaac Gym made no simulation; its own lines say why")
        plane = gymapi.PlaneParams()
        plane.normal = gymapi.Vec3(0.0, 0.0, 1.0)
        plane.static_friction = plane.dynamic_friction = float(job.physics[1])
        gym.add_ground(self._sim, plane)
        assets = self._assets()
        self._envs: list[gymapi.Env] = []
        self._actors: list[list[int]] = []
        for run in range(len(job.held)):
            env = gym.create_env(self._sim, gymapi.Vec3(0.0, 0.0, 0.0), gymapi.Vec3(0.0, 0.0, 0.0), 1)
            self._envs.append(env)
            self._actors.append([self._actor(env, run, body, asset) for body, asset in enumerate(assets)])

    def run(self) -> wire.Result:
        """Let time pass, with the gripper on its path, and tell where everything is."""
        try:
            grips = [self._grip(run) for run in range(len(self._envs))]
            closed = np.zeros(len(grips), dtype=bool)
            for step in range(self._job.path_holds.shape[1]):
                for run, (handle, properties) in enumerate(grips):
                    self._follow(run, step, handle, properties, bool(closed[run]))
                closed = self._job.path_holds[:, step]
                self._gym.simulate(self._sim)
                self._gym.fetch_results(self._sim, True)
            return self._result()
        finally:
            self._gym.destroy_sim(self._sim)

    def _assets(self) -> list[gymapi.Asset]:
        """Load every body from a URDF text; its frame is the centre of its box."""
        with tempfile.TemporaryDirectory() as folder:
            assets = []
            for body, free in enumerate(self._job.free):
                name = f"body{body}.urdf"
                with open(os.path.join(folder, name), "w") as file:  # noqa: PTH118, PTH123 - as Isaac Gym takes paths
                    file.write(urdf(self._job, body))
                options = gymapi.AssetOptions()
                options.fix_base_link = not free
                options.density = float(self._job.physics[2])
                options.override_com = options.override_inertia = True
                options.collapse_fixed_joints = False
                options.thickness = 0.0
                assets.append(self._gym.load_asset(self._sim, folder, name, options))
            return assets

    def _actor(self, env: gymapi.Env, run: int, body: int, asset: gymapi.Asset) -> int:
        """Put a body where it is at the start; only bodies of one run are in one collision group."""
        pose = transform(self._job.positions[run, body], self._job.quaternions[run, body])
        actor = self._gym.create_actor(env, asset, pose, f"body{body}", run, 0)
        shapes = self._gym.get_actor_rigid_shape_properties(env, actor)
        for shape in shapes:
            shape.friction = float(self._job.physics[1])
            shape.restitution = 0.0
        self._gym.set_actor_rigid_shape_properties(env, actor, shapes)
        if self._job.slide_most[body] > 0.0:
            properties = self._gym.get_actor_dof_properties(env, actor)
            properties["driveMode"][:] = int(gymapi.DOF_MODE_NONE)
            properties["stiffness"][:], properties["damping"][:] = 0.0, SLIDE_DAMPING
            properties["friction"][:] = SLIDE_FRICTION
            self._gym.set_actor_dof_properties(env, actor, properties)
            states = self._gym.get_actor_dof_states(env, actor, gymapi.STATE_ALL)
            states["pos"][:], states["vel"][:] = self._job.openings[run, body], 0.0
            self._gym.set_actor_dof_states(env, actor, states, gymapi.STATE_ALL)
        return actor

    def _grip(self, run: int) -> tuple[int, gymapi.AttractorProperties]:
        """Make the gripper of a run, open: an attractor without axes on what it will hold."""
        env, held = self._envs[run], int(self._job.held[run])
        properties = gymapi.AttractorProperties()
        properties.rigid_handle = self._gym.get_actor_rigid_body_handle(env, self._actors[run][held], 0)
        time_constant = float(self._job.physics[3]) / STIFFER
        properties.stiffness = mass(self._job, held) / time_constant**2
        properties.damping = 2.0 * mass(self._job, held) / time_constant
        properties.axes = gymapi.AXIS_NONE
        properties.target = transform(self._job.positions[run, held], self._job.quaternions[run, held])
        return self._gym.create_rigid_body_attractor(env, properties), properties

    def _follow(self, run: int, step: int, handle: int, properties: gymapi.AttractorProperties, closed: bool) -> None:
        """Close or open the gripper of a run, and move it on."""
        holds = bool(self._job.path_holds[run, step])
        if holds != closed:
            properties.axes = gymapi.AXIS_ALL if holds else gymapi.AXIS_NONE
            self._gym.set_attractor_properties(self._envs[run], handle, properties)
        if holds:
            target = transform(self._job.path_positions[run, step], self._job.path_quaternions[run, step])
            self._gym.set_attractor_target(self._envs[run], handle, target)

    def _result(self) -> wire.Result:
        """Read where everything is, how fast, and what touches."""
        runs, bodies = self._job.openings.shape
        positions, quaternions = np.zeros((runs, bodies, 3)), np.zeros((runs, bodies, 4))
        openings, speeds = np.zeros((runs, bodies)), np.zeros(runs)
        contacts = np.zeros((runs, bodies, bodies), dtype=bool)
        for run, (env, actors) in enumerate(zip(self._envs, self._actors)):  # noqa: B905 - Python 3.8 has no strict
            owner = {-1: -1}
            for body, actor in enumerate(actors):
                states: Any = self._gym.get_actor_rigid_body_states(env, actor, gymapi.STATE_ALL)
                pose, linear = states["pose"], states["vel"]["linear"]
                positions[run, body] = [pose["p"][axis][0] for axis in "xyz"]
                quaternions[run, body] = [pose["r"][axis][0] for axis in "wxyz"]
                if self._job.free[body]:
                    speeds[run] = max(speeds[run], float(np.linalg.norm([linear[axis][0] for axis in "xyz"])))
                if self._job.slide_most[body] > 0.0:
                    openings[run, body] = self._gym.get_actor_dof_states(env, actor, gymapi.STATE_POS)["pos"][0]
                for part in range(len(states)):
                    owner[self._gym.get_actor_rigid_body_index(env, actor, part, gymapi.DOMAIN_ENV)] = body
            for contact in touching(self._gym.get_env_rigid_contacts(env)):
                first, second = (owner.get(index, -1) for index in contact)
                if first >= 0 and second >= 0 and first != second:
                    contacts[run, first, second] = contacts[run, second, first] = True
        lengths = np.linalg.norm(quaternions, axis=-1, keepdims=True)
        numbers = np.concatenate([positions.reshape(runs, -1), lengths[..., 0], openings, speeds[:, None]], axis=1)
        alive = np.isfinite(numbers).all(axis=1) & (lengths > 0.5).all(axis=(1, 2))
        unit = quaternions / np.where(lengths > 0.5, lengths, 1.0)
        return wire.Result(positions, unit, openings, speeds, alive, contacts)


def sim_params(job: wire.Job) -> gymapi.SimParams:
    """PhysX on the processor: only there are contacts told one by one."""
    params = gymapi.SimParams()
    params.dt = float(job.physics[0])
    params.substeps = SUBSTEPS
    params.up_axis = gymapi.UP_AXIS_Z
    params.gravity = gymapi.Vec3(0.0, 0.0, -GRAVITY)
    params.use_gpu_pipeline = False
    params.physx.use_gpu = False
    params.physx.num_threads = max(1, os.cpu_count() or 1)
    params.physx.solver_type = 1
    params.physx.num_position_iterations = 8
    params.physx.num_velocity_iterations = 1
    params.physx.contact_offset = CONTACT_OFFSET
    params.physx.rest_offset = 0.0
    params.physx.contact_collection = gymapi.CC_LAST_SUBSTEP
    return params


def transform(position: np.ndarray, quaternion: np.ndarray) -> gymapi.Transform:
    """Return a pose as Isaac Gym has it, whose quaternions end with w."""
    x, y, z = (float(value) for value in position)
    qw, qx, qy, qz = (float(value) for value in quaternion)
    return gymapi.Transform(p=gymapi.Vec3(x, y, z), r=gymapi.Quat(qx, qy, qz, qw))


def touching(contacts: Any) -> list[tuple[int, int]]:
    """Pairs of body indices in one environment that press on each other, −1 for the floor."""
    return [(int(one["body0"]), int(one["body1"])) for one in contacts if float(one["lambda"]) > 0.0]


def mass(job: wire.Job, body: int) -> float:
    """Of a body [kg]: its boards times their density."""
    own = job.board_body == body
    return float(job.physics[2] * 8.0 * job.board_half[own].prod(axis=1).sum())


def urdf(job: wire.Job, body: int) -> str:
    """Return a body as URDF: a link of its still boards, and a second link on a slide along −x for those that slide."""
    own = np.flatnonzero(job.board_body == body).tolist()
    still = "".join(_board(job, index) for index in own if not job.board_slides[index])
    text = f'<robot name="body{body}"><link name="base">{still}</link>'
    if job.slide_most[body] > 0.0:
        slides = "".join(_board(job, index) for index in own if job.board_slides[index])
        text += (
            f'<link name="slide">{slides}</link><joint name="slide" type="prismatic"><parent link="base"/>'
            '<child link="slide"/><axis xyz="-1 0 0"/>'
            f'<limit lower="0" upper="{job.slide_most[body]:.6g}" effort="1000" velocity="10"/></joint>'
        )
    return text + "</robot>"


def _board(job: wire.Job, index: int) -> str:
    """Return one board as a collision shape."""
    center = " ".join(f"{value:.6g}" for value in job.board_center[index])
    size = " ".join(f"{2.0 * value:.6g}" for value in job.board_half[index])
    return f'<collision><origin xyz="{center}"/><geometry><box size="{size}"/></geometry></collision>'


if __name__ == "__main__":
    main()
