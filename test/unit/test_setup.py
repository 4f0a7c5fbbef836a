"""Set-up: what is noticed as changed, what is rewritten, and what it says."""

import io
import re
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "setup"))

import bootstrap  # noqa: E402
import interfaces  # noqa: E402
import progress  # noqa: E402
import system  # noqa: E402
from digest import Stamps, digest  # noqa: E402


def test_digest_notices_contents_names_and_facts(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "one").write_text("1")
    first = digest(tmp_path, ("a",), ("fact",))
    assert digest(tmp_path, ("a",), ("fact",)) == first
    assert digest(tmp_path, ("a",), ("other",)) != first
    (tmp_path / "a" / "one").rename(tmp_path / "a" / "two")
    renamed = digest(tmp_path, ("a",), ("fact",))
    (tmp_path / "a" / "two").write_text("2")
    assert len({first, renamed, digest(tmp_path, ("a",), ("fact",))}) == 3


def test_digest_leaves_caches_out(tmp_path: Path) -> None:
    (tmp_path / "one").write_text("1")
    before = digest(tmp_path, (".",), ())
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "one.pyc").write_text("x")
    assert digest(tmp_path, (".",), ()) == before


def test_stamps_outlive_the_process_and_wait_for_their_folder(tmp_path: Path) -> None:
    path = tmp_path / "venv" / "setup.json"
    stamps = Stamps(path)
    stamps.done("system", "x")
    assert not path.exists()
    path.parent.mkdir()
    stamps.done("venv", "y")
    again = Stamps(path)
    assert again.is_done("system", "x")
    assert again.is_done("venv", "y")
    again.forget("venv")
    assert not Stamps(path).is_done("venv", "y")


@pytest.mark.parametrize("text", ["", "not json", "[1]"])
def test_a_damaged_stamp_file_means_nothing_was_done(tmp_path: Path, text: str) -> None:
    (tmp_path / "setup.json").write_text(text)
    assert not Stamps(tmp_path / "setup.json").is_done("venv", "y")


def test_nothing_is_outstanding_once_all_is_stamped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "PYTHON", tmp_path)
    stamps = Stamps(tmp_path / "setup.json")
    for stage, value in bootstrap.outstanding(bootstrap.STAGES, stamps):
        stamps.done(stage.name, value)
    assert bootstrap.outstanding(bootstrap.STAGES, stamps) == []
    stamps.forget("interfaces")
    assert [stage.name for stage, _ in bootstrap.outstanding(bootstrap.STAGES, stamps)] == ["interfaces"]
    monkeypatch.setattr(bootstrap, "PYTHON", tmp_path / "gone")
    assert len(bootstrap.outstanding(bootstrap.STAGES, stamps)) == len(bootstrap.STAGES)


def test_a_linked_virtual_environment_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What the link points to was emptied, and a traceback followed."""
    theirs, link = tmp_path / "theirs", tmp_path / ".venv"
    theirs.mkdir()
    (theirs / "pyvenv.cfg").write_text("theirs")
    (theirs / "setup.json").write_text('{"venv": "theirs"}')
    link.symlink_to(theirs)
    monkeypatch.setattr(bootstrap, "VENV", link)
    monkeypatch.setattr(bootstrap, "STAGES", (bootstrap.Stage("venv", "environment", (), bootstrap.make_venv),))
    assert bootstrap.main() == 2
    told = capsys.readouterr().err
    assert told.startswith(f"set-up stopped: {link} is a link to {theirs}; ") and told.count("\n") == 1
    assert (theirs / "pyvenv.cfg").read_text() == "theirs"
    assert (theirs / "setup.json").read_text() == '{"venv": "theirs"}'


def test_the_inputs_of_every_stage_exist() -> None:
    for stage in bootstrap.STAGES:
        for name in stage.inputs:
            assert (ROOT / name).exists(), f"stage {stage.name} reads {name}, which is not there"


def test_cmake_files_name_this_machine_afterwards(tmp_path: Path) -> None:
    built = interfaces.BUILDER_PYTHON
    text = f'set(x "{built}/include/python3.11;{built}/lib/python3.11/site-packages/numpy/_core/include;/usr/include")'
    (tmp_path / "deep").mkdir()
    path = tmp_path / "deep" / "x.cmake"
    path.write_text(text)
    replacements = interfaces.cmake_replacements("/here/include", "/here/numpy")
    assert interfaces.rewrite(tmp_path, (".cmake",), replacements) == 1
    assert path.read_text() == 'set(x "/here/include;/here/numpy;/usr/include")'
    assert interfaces.rewrite(tmp_path, (".cmake",), replacements) == 0


def test_what_is_missing_is_said_with_the_command_that_brings_it() -> None:
    lacking = [
        system.Need("cmake", "CMake, for the ROS interfaces", lambda: False),
        system.Need("g++", "a C++ compiler", lambda: False),
    ]
    assert system.missing(tuple(lacking)) == lacking
    text = system.explain(lacking)
    assert "cmake: CMake, for the ROS interfaces" in text
    assert "sudo apt-get install -y --no-install-recommends cmake g++" in text


def test_checks_find_what_is_there_and_not_what_is_not() -> None:
    assert system.has_program("bash")()
    assert not system.has_program("no-such-program")()
    assert system.has_library("libc.so.6")()
    assert not system.has_library("libno-such-library.so.1")()


def test_open3d_can_be_imported_and_does_what_it_is_there_for(tmp_path: Path) -> None:
    """The wheel is installed without resolving what it needs: a lock that forgets a part of it breaks here."""
    script = (
        "import numpy, open3d, sys\n"
        "cloud = open3d.geometry.PointCloud(open3d.utility.Vector3dVector(numpy.random.rand(2000, 3) * (1, 1, 0)))\n"
        "assert open3d.io.write_point_cloud(sys.argv[1], cloud)\n"
        "assert len(open3d.io.read_point_cloud(sys.argv[1]).points) == 2000\n"
        "plane, inside = cloud.segment_plane(0.01, 3, 100)\n"
        "assert len(inside) == 2000 and abs(plane[2]) > 0.99\n"
    )
    subprocess.run([sys.executable, "-c", script, str(tmp_path / "a.pcd")], check=True, timeout=120)


def test_a_failing_command_shows_the_end_of_its_log(tmp_path: Path) -> None:
    with pytest.raises(progress.SetupError, match=r"'bash' ended with 3; the end of .*(?s:.*)no luck"):
        progress.run_logged(["bash", "-c", "echo no luck; exit 3"], tmp_path / "log")
    with pytest.raises(progress.SetupError, match="cannot start '/no/such/program'"):
        progress.run_logged(["/no/such/program"], tmp_path / "log")


def test_a_stage_says_when_it_starts_and_how_it_ended() -> None:
    stream = io.StringIO()
    with progress.shown(2, 6, "PyTorch", stream):
        pass
    with pytest.raises(progress.SetupError), progress.shown(3, 6, "wheels", stream):
        raise progress.SetupError("x")
    lines = stream.getvalue().splitlines()
    assert lines[0] == "set-up 2/6  PyTorch …"
    assert lines[1].startswith("set-up 2/6  PyTorch")
    assert lines[1].endswith("done")
    assert lines[3].endswith("failed")


@pytest.mark.parametrize("name", bootstrap.LOCKED)
def test_every_pinned_wheel_has_a_hash(name: str) -> None:
    entries = (ROOT / name).read_text().replace("\\\n", " ").splitlines()
    pinned = [entry for entry in entries if entry and not entry.startswith("#")]
    assert pinned
    for entry in pinned:
        assert "==" in entry.split()[0], f"{name}: {entry[:60]!r} is not pinned"
        assert "--hash=sha256:" in entry, f"{name}: {entry[:60]!r} has no hash"


@pytest.mark.parametrize("name", bootstrap.LOCKED)
def test_every_pinned_wheel_is_for_the_python_that_debian_12_has(name: str) -> None:
    """One that wanted 3.11.5 stopped the set-up there, and went unseen where Python was newer."""
    for entry in re.findall(r"^([\w.-]+)==", (ROOT / name).read_text(), re.MULTILINE):
        wanted = metadata.distribution(entry).metadata.get("Requires-Python", "")
        assert SpecifierSet(wanted).contains("3.11.2"), f"{entry} is for Python {wanted}"


def test_every_call_of_the_command_line_lets_set_up_look_for_changes(tmp_path: Path) -> None:
    """It was asked only until all stages were stamped once: interfaces that changed with a pull were not built."""
    script = "#!/usr/bin/env bash\necho {} $*\nexit {}\n"
    (tmp_path / "setup").mkdir()
    (tmp_path / "setup" / "env.sh").touch()
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "setup.json").write_text('{"interfaces": "old"}')
    launcher = Path(shutil.copy(ROOT / "f2p", tmp_path))
    for code, out in ((0, "python -m f2p codes --json\n"), (2, "")):
        for name, text in (
            ("setup/run", script.format("set-up", code)),
            (".venv/bin/python", script.format("python", 0)),
        ):
            (tmp_path / name).write_text(text)
            (tmp_path / name).chmod(0o755)
        ended = subprocess.run((launcher, "codes", "--json"), capture_output=True, text=True, check=False, timeout=30)
        assert (ended.returncode, ended.stdout, ended.stderr.strip()) == (code, out, "set-up")
