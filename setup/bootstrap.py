"""Makes a fresh clone ready to run: system packages, virtual environment, pinned wheels, ROS interfaces.

Every stage has a digest of what it reads; a stage whose digest is stamped as done is skipped, so that a
second run takes a fraction of a second. Needs nothing but the standard library of Python 3.11.

    python3.11 setup/bootstrap.py
"""

from __future__ import annotations

import fcntl
import os
import platform
import shutil
import sys
import sysconfig
import tempfile
import venv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import interfaces
import system
from digest import Stamps, digest
from progress import SetupError, run_logged, shown

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
INTERFACES = VENV / "interfaces"
VERSION = (3, 11)
"""The wheels are pinned for this Python."""

LOCKED = ("requirements/runtime.txt", "requirements/ros.txt", "requirements/dev.txt")


@dataclass(frozen=True)
class Stage:
    """One step of set-up."""

    name: str
    title: str
    inputs: tuple[str, ...]
    """Files and folders whose contents decide whether it has to be done again."""
    run: Callable[[Path], None]
    """Does it; takes the log."""


def refuse_link() -> None:
    """Stop where the virtual environment is a link: clearing it would empty a folder that is somebody else's.

    Raises:
        SetupError: It is one.
    """
    if VENV.is_symlink():
        raise SetupError(f"{VENV} is a link to {VENV.readlink()}; remove the link, and set-up makes a folder there")


def make_venv(log: Path) -> None:
    """Make the virtual environment, afresh: it cannot be moved, and one whose making was interrupted may lack pip."""
    del log
    venv.EnvBuilder(with_pip=True, clear=VENV.exists(), symlinks=True).create(VENV)


def forget_half_installed(site_packages: Path) -> list[str]:
    """Remove the records of packages whose installation was interrupted, so that pip installs those again.

    pip takes a package for installed once its METADATA is there, and writes INSTALLER after the last of its files.
    """
    half = [path for path in site_packages.glob("*.dist-info") if not (path / "INSTALLER").is_file()]
    for path in half:
        shutil.rmtree(path)
    return sorted(path.name for path in half)


def pip_install(arguments: list[str], log: Path) -> None:
    """Run pip in the virtual environment; `import_all` compiles what is used, which is the smaller part."""
    for name in forget_half_installed(VENV / "lib/python3.11/site-packages"):
        with log.open("a") as stream:
            stream.write(f"\n{name} was not installed to its end\n")
    environment = {**os.environ, "_ROS_WHEELS_BOOTSTRAP_COMPLETE": "1"}
    command = [str(PYTHON), "-m", "pip", "install", "--no-compile", "--disable-pip-version-check", "--no-input"]
    run_logged([*command, *arguments], log, environment)


def install_locked(log: Path) -> None:
    """Install every pinned wheel, hashes checked; the files list all that is needed, so nothing is resolved."""
    files = [argument for name in LOCKED for argument in ("-r", str(ROOT / name))]
    pip_install(["--no-deps", "--require-hashes", *files], log)


def install_torch(log: Path) -> None:
    """Install PyTorch by version: which build of it a machine takes, and so its hash, differs from place to place."""
    pip_install(["-r", str(ROOT / "requirements/torch.txt")], log)


def fix_cmake(log: Path) -> None:
    """Point the CMake files of the ROS wheels at this interpreter and its numpy."""
    numpy_include = VENV / "lib/python3.11/site-packages/numpy/_core/include"
    if not numpy_include.is_dir():
        raise SetupError(f"numpy's headers are not in {numpy_include}; `make clean` and start again")
    replacements = interfaces.cmake_replacements(sysconfig.get_path("include"), str(numpy_include))
    changed = interfaces.rewrite(VENV / "share", (".cmake",), replacements)
    with log.open("a") as stream:
        stream.write(f"\nrewrote the folders in {changed} CMake files\n")


def build_interfaces(log: Path) -> None:
    """Build `f2p_msgs` and the stand-ins for Python, and put them where they belong when all are done."""
    interfaces.build(ROOT, VENV, INTERFACES, log)


def import_all(log: Path) -> None:
    """Import what the robot's processes import: that compiles it, and set-up stops here if something is missing."""
    script = "import importlib, f2p.graph.graph as g; [importlib.import_module(spec.module) for spec in g.OWN]"
    sourced = ["bash", "-c", 'source "$1" && exec python -c "import open3d, pytest; $2"', "bash"]
    run_logged([*sourced, str(ROOT / "setup/env.sh"), script], log)


STAGES = (
    Stage("system", "what the operating system brings", ("setup/system.py",), system.install_missing),
    Stage("venv", "virtual environment", (), make_venv),
    Stage("locked", "pinned wheels, hashes checked", LOCKED, install_locked),
    Stage("torch", "PyTorch", ("requirements/torch.txt",), install_torch),
    Stage("cmake", "CMake files of the ROS wheels", ("requirements/ros.txt",), fix_cmake),
    Stage(
        "interfaces",
        "ROS interfaces, built with colcon",
        (*interfaces.PACKAGES, "setup/interfaces.py", "requirements/ros.txt"),
        build_interfaces,
    ),
    Stage("imports", "first import of all that is used", (*LOCKED, "requirements/torch.txt"), import_all),
)


def outstanding(stages: tuple[Stage, ...], stamps: Stamps) -> list[tuple[Stage, str]]:
    """List the stages that have to be done, each with the digest to stamp it with.

    The virtual environment knows its own folder and interpreter; when those change, everything is done again.
    """
    facts = (str(ROOT), sys.base_prefix, platform.python_version())
    pairs = [(stage, digest(ROOT, stage.inputs, facts)) for stage in stages]
    if not PYTHON.exists():
        return pairs
    return [(stage, value) for stage, value in pairs if not stamps.is_done(stage.name, value)]


def use_right_python() -> None:
    """Go on under Python 3.11 when this is another one.

    Raises:
        SetupError: There is no Python 3.11, or this is a machine the wheels are not made for.
    """
    if sys.platform != "linux" or platform.machine() != "x86_64":
        raise SetupError(f"the wheels are for Linux on x86_64, this is {sys.platform} on {platform.machine()}")
    if sys.version_info[:2] == VERSION:
        return
    found = shutil.which("python3.11")
    if found is None:
        raise SetupError(
            f"Python 3.11 is needed and this is {platform.python_version()}; no python3.11 is on the PATH.\n"
            "On Debian 12: sudo apt-get install python3.11 python3.11-venv python3.11-dev"
        )
    os.execv(found, [found, *sys.argv])


@contextmanager
def alone() -> Iterator[None]:
    """Hold a lock for as long as set-up runs, so that two at once do not spoil each other's work.

    What set-up starts holds it too: when set-up is killed, pip or a compiler goes on, and the next set-up waits for it.
    """
    with Path(__file__).open() as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("set-up waits for another one, or for what an interrupted one started", file=sys.stderr, flush=True)
            fcntl.flock(handle, fcntl.LOCK_EX)
        os.set_inheritable(handle.fileno(), True)
        yield


def set_up() -> None:
    """Do all stages that have something to do."""
    stamps_path = VENV / "setup.json"
    if not outstanding(STAGES, Stamps(stamps_path)):
        return
    refuse_link()
    with alone():
        stamps = Stamps(stamps_path)
        todo = outstanding(STAGES, stamps)
        if any(stage.run is make_venv for stage, _ in todo):
            stamps.forget_all()  # all that is in the virtual environment goes with it
            todo = outstanding(STAGES, stamps)
        log = Path(tempfile.gettempdir()) / f"f2p-setup-{os.getuid()}-{os.getpid()}.log"
        for stage, value in todo:
            with shown(STAGES.index(stage) + 1, len(STAGES), stage.title):
                stamps.forget(stage.name)
                stage.run(log)
            stamps.done(stage.name, value)
        if log.exists():
            shutil.move(str(log), VENV / "setup.log")


def main() -> int:
    """Run set-up and say in words what went wrong."""
    try:
        use_right_python()
        set_up()
    except (SetupError, OSError) as error:  # such as a full disk
        print(f"set-up stopped: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("set-up was interrupted; start it again to go on", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
