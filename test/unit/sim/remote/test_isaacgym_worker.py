"""Isaac Gym's worker, as far as one can tell without Isaac Gym: types, Python, and what it asks of a stand-in."""

from __future__ import annotations

import ast
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from f2p.sim.isaacgym import IsaacGymSimulator
from f2p.sim.remote import wire
from f2p.sim.remote.process import WorkerConfig
from f2p.sim.world import Body, World
from f2p.types import SkillCall

ROOT = Path(__file__).resolve().parents[4]
WORKER = ROOT / "docker" / "isaacgym" / "worker.py"
WIRE = Path(wire.__file__)
STANDIN = Path(__file__).with_name("standin")
PYTHONS = (sys.executable, *(path for path in [shutil.which("python3.8")] if path))


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A folder as the image has it: the worker, the wire, and a stand-in for Isaac Gym."""
    for path in (WORKER, WIRE):
        shutil.copy(path, tmp_path)
    shutil.copytree(STANDIN, tmp_path, dirs_exist_ok=True)
    return tmp_path


@pytest.fixture
def loaded(installed: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The worker as a module, with the wire that this test uses too."""
    monkeypatch.syspath_prepend(str(installed))
    monkeypatch.setitem(sys.modules, "wire", wire)
    module = ModuleType("worker")
    code = compile(WORKER.read_text(), str(WORKER), "exec")
    monkeypatch.setitem(sys.modules, "worker", module)
    exec(code, vars(module))
    return module


@pytest.mark.parametrize("path", [WORKER, WIRE], ids=lambda path: path.name)
def test_it_is_python_of_3_8(path: Path) -> None:
    """The last one that Isaac Gym has libraries for."""
    ast.parse(path.read_text(), feature_version=(3, 8))
    words = (sys.executable, "-m", "ruff", "check", "--isolated", "--target-version", "py38", "--select", "E9,F", path)
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout


def test_its_types_are_those_of_the_stubs(tmp_path: Path) -> None:
    """The stubs name a property `lambda`, which is no name in Python: a copy is mended."""
    package = next((Path(one) / "isaacgym-stubs" for one in sys.path if (Path(one) / "isaacgym-stubs").is_dir()), None)
    if package is None:
        pytest.skip("isaacgym-stubs is not installed; set-up installs it (requirements/dev.txt)")
    (tmp_path / "isaacgym").mkdir()
    stub = (package / "gymapi.pyi").read_text()
    (tmp_path / "isaacgym" / "gymapi.pyi").write_text(stub.replace("def lambda(self)", "def lambda_(self)"))
    (tmp_path / "isaacgym" / "__init__.pyi").write_text("")
    config = tmp_path / "mypy.ini"
    config.write_text("[mypy]\nstrict = true\ndisallow_any_generics = false\n[mypy-isaacgym.*]\nignore_errors = true\n")
    environment = {**os.environ, "MYPYPATH": os.pathsep.join((str(tmp_path), str(WIRE.parent)))}

    def checked(path: Path) -> subprocess.CompletedProcess[str]:
        words = (sys.executable, "-m", "mypy", "--config-file", config, "--cache-dir", tmp_path / "cache", path)
        return subprocess.run(
            words, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=240, check=False
        )

    done = checked(WORKER)
    assert done.returncode == 0, done.stdout + done.stderr
    wrong = tmp_path / "wrong.py"
    wrong.write_text(WORKER.read_text().replace("set_attractor_target(", "set_attractor_goal("))
    done = checked(wrong)
    assert "set_attractor_goal" in done.stdout, "the check does not look"


@pytest.mark.parametrize("python", PYTHONS)
def test_over_the_wire_it_carries_and_tells_contacts(packed: World, installed: Path, python: str) -> None:
    """Not physics: the stand-in only moves what is held."""
    has_numpy = subprocess.run([python, "-c", "import numpy"], capture_output=True, timeout=60, check=False)
    if has_numpy.returncode:
        pytest.skip(f"{python} has no numpy")
    simulator = IsaacGymSimulator(worker=WorkerConfig(command=shlex.join((python, str(installed / "worker.py")))))
    drawer = Body("drawer", "drawer", [0.3, 0.3, 0.2])
    bodies = (*packed.bodies[:3], drawer, *packed.bodies[3:])
    poses = np.insert(packed.poses, 3, [0.7, -0.3, 0.6, 0.4], axis=0)
    openings = np.zeros(len(bodies))
    openings[3] = 0.12
    moves = (("box", [0.0, -0.5, 0.0, 0.3]), (bodies[-1].name, [0.0, 0.1, 0.0, 0.0]))
    calls = [SkillCall("pick_place", name, parameter) for name, parameter in moves]
    done = simulator.simulate(bodies, np.repeat(poses[None], 2, axis=0), calls, 0, openings=openings)
    assert len(done.kept) == 2, done.counts
    for transition, call, index in zip(done.kept, calls, (2, len(bodies) - 1), strict=True):
        assert transition.displacements[index, :2] == pytest.approx(call.parameter[:2], abs=0.01)
        assert np.abs(np.delete(transition.displacements, index, axis=0)).max() < 1e-6
        assert transition.after.segments[3].opening == pytest.approx(0.12)
    assert done.kept[0].after.segments[2].box.yaw == pytest.approx(poses[2, 3] + 0.3, abs=0.01)
    truth = done.kept[0].relations_after
    assert truth.value("contact", bodies[-1].name, bodies[0].name) == 1, "as the stand-in has it"
    assert truth.value("contact", bodies[-1].name, bodies[1].name) == 0, "what does not press does not touch"


def test_every_job_ends_its_simulation_and_bodies_keep_their_run(loaded: ModuleType, packed: World) -> None:
    from isaacgym import gymapi

    from f2p.sim.physics.engine import States
    from f2p.sim.physics.scene_builder import PhysicsConfig, build
    from f2p.sim.remote.engine import RemoteRuns

    class Here:
        def do(self, job: wire.Job) -> wire.Result:
            return loaded.Simulation(gymapi.acquire_gym(), job).run()

    scene = build(packed.bodies, PhysicsConfig())
    poses = np.repeat(packed.poses[None], 3, axis=0)
    runs = RemoteRuns(Here(), scene, States.at_rest(scene, poses, np.zeros(poses.shape[:2])))  # type: ignore[arg-type]
    runs.advance(7)
    (simulation,) = gymapi.SIMULATIONS
    assert simulation.ended and simulation.steps == 7 and simulation.params.dt == pytest.approx(0.005)
    for run, env in enumerate(simulation.envs):
        assert {actor.group for actor in env.actors} == {run}
        fixed = [actor.asset.options.fix_base_link for actor in env.actors]
        assert fixed == [not body.free for body in packed.bodies]
    assert runs.states().positions == pytest.approx(poses[..., :3], abs=1e-6)


def test_whoever_meets_it_reads_that_it_was_not_run() -> None:
    """Nobody may take a worker that was never tried for one that works."""
    said = re.compile(r"not run on isaac gym", re.IGNORECASE)
    texts = [path for path in WORKER.parent.iterdir() if path.is_file()]
    for path in (*texts, ROOT / "src/f2p/sim/isaacgym.py", ROOT / "src/f2p/sim/protocol.py"):
        assert said.search(path.read_text()), path
    plainly = re.compile(r"\b(not|no|nothing)\b[^.:;]*isaac gym", re.IGNORECASE)
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]:
        if re.search("isaac ?gym", page.read_text(), re.IGNORECASE):
            assert plainly.search(page.read_text()), page
