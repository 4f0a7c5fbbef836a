"""Parameter files: what ROS would pass over in silence is refused in one line."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("rclpy", reason="no rclpy: run the set-up (make test) first")

from f2p.graph.errors import ParameterFileError
from f2p.ros.base.parameter_files import check

GOOD = """
/**:
  ros__parameters: {use_sim_time: false}
/**/guard:
  ros__parameters: {hold_after_s: 1}
left:
  f2p:
    perception:
      ros__parameters: {scene: {voxel: 0.004}, use_sim_time: false}
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "settings.yaml"
    path.write_text(text)
    return path


def test_a_file_that_fits_is_taken_in_its_namespace(tmp_path: Path) -> None:
    check(written(tmp_path, GOOD), "/left/f2p")
    with pytest.raises(ParameterFileError, match="'/left/f2p/perception' is no node in /f2p"):
        check(written(tmp_path, GOOD), "/f2p")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("guard: {ros__parameters: {}}", "'/guard' is no node in /f2p; write one of: /**/manager, "),
        ("/**/gaurd: {ros__parameters: {}}", "'/**/gaurd' is no node in /f2p"),
        ("/**/guard: {ros__parameters: {hold_afters: 1.0}}", "has no setting 'hold_afters'; choose among: "),
        ("/**/guard: {ros__parameters: {hold_after_s: soon}}", "hold_after_s = 'soon' s: must be finite and within"),
        ("/**/guard: {ros__parameters: {hold_after_s: -1.0}}", "hold_after_s = -1.0 s: must be finite and within"),
        ("/**/guard: {ros__parameters: 3}", "ros__parameters must hold names and values"),
        ("/**/guard: 3", "'//**/guard' holds no settings"),
        ("[1, {", "while parsing"),
        ("- 1", "'the file' holds no settings"),
        ("!!python/object:os.system {}", "could not determine a constructor"),
    ],
)
def test_what_does_not_fit_is_one_line(tmp_path: Path, text: str, line: str) -> None:
    with pytest.raises(ParameterFileError) as caught:
        check(written(tmp_path, text), "/f2p")
    assert line.replace("'//", "'/") in str(caught.value) and "\n" not in str(caught.value)
    assert caught.value.code == 973


def test_a_process_looks_at_its_own_values_only(tmp_path: Path) -> None:
    path = written(tmp_path, "/**/guard: {ros__parameters: {hold_after_s: soon}}")
    check(path, "/f2p", only="perception")
