"""`f2p perceive` as a user meets it: output, JSON, pictures, and bad files that do not stop the good ones."""

from __future__ import annotations

import json
import os
import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import typer
from test_segmentation import SCENES, seen
from typer.testing import CliRunner

from f2p.cli.perceive import perceive
from f2p.scene.cloud.scans import read_scan
from f2p.scene.perceive import perceive_scan
from f2p.scene.picture import draw
from f2p.scene.segment.protocol import segmenters


def write_scan(path: Path, points: np.ndarray, labels: np.ndarray | None, width: int, height: int) -> None:
    """A binary PCD file as the Kinect scans are."""
    fields = "x y z" if labels is None else "x y z label"
    ones = " ".join("1" for _ in fields.split())
    kinds = "F F F" if labels is None else "F F F U"
    header = (
        f"VERSION 0.7\nFIELDS {fields}\nSIZE {ones.replace('1', '4')}\nTYPE {kinds}\n"
        f"COUNT {ones}\nWIDTH {width}\nHEIGHT {height}\nPOINTS {width * height}\nDATA binary\n"
    )
    columns = [("x", "<f4"), ("y", "<f4"), ("z", "<f4")] + ([] if labels is None else [("label", "<u4")])
    rows = np.zeros(len(points), dtype=columns)
    for axis, name in enumerate("xyz"):
        rows[name] = points[:, axis]
    if labels is not None:
        rows["label"] = labels
    path.write_bytes(header.encode() + rows.tobytes())


def run(*arguments: object) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of the command."""
    app = typer.Typer()
    app.command()(perceive)
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture(scope="module")
def scans(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One good organised scan with labels, one cloud that is no image without, and four bad files."""
    folder = tmp_path_factory.mktemp("scans")
    points, owner = seen(SCENES["apart"])
    labels = np.where(np.isnan(points[:, 0]), 0, np.where(owner < 0, 1, 10 * (owner + 2)))
    write_scan(folder / "good.pcd", points, labels, 240, 320)
    write_scan(folder / "flat.pcd", points[::4], None, len(points[::4]), 1)
    write_scan(folder / "nothing.pcd", np.full((500, 3), np.nan), None, 500, 1)
    write_scan(folder / "one.pcd", np.ones((1, 3)), None, 1, 1)
    (folder / "fake.pcd").write_bytes(b"\x89PNG" + struct.pack("<200I", *range(200)))
    good = (folder / "good.pcd").read_bytes()
    (folder / "short.pcd").write_bytes(good[: len(good) // 2])
    return folder


def test_good_scans(scans: Path, tmp_path: Path) -> None:
    """Relations for people, one JSON object last, one picture per scan, exit code 0."""
    code, out, errors = run(scans / "good.pcd", scans / "flat.pcd", "--json", "--out", tmp_path)
    assert code == 0, errors
    assert "object_1" in out and "[cm]" in out
    assert "above table" in out
    rows = json.loads(out.strip().splitlines()[-1])
    assert list(rows) == ["scans"]
    assert [list(row) for row in rows["scans"]] == [["file", "precision", "recall", "f", "segments", "seconds"]] * 2
    good, flat = rows["scans"]
    assert good["file"] == str(scans / "good.pcd")
    assert good["segments"] == 2
    assert good["f"] > 0.9
    assert flat["f"] is None
    for name in ("good", "flat"):
        assert (tmp_path / f"{name}.png").read_bytes().startswith(b"\x89PNG")


def test_bad_files_do_not_stop_the_others(scans: Path, tmp_path: Path) -> None:
    """Each bad file gives one line with its cause; the good one is there; the exit code tells."""
    bad = ["fake", "short", "nothing", "one", "absent"]
    code, out, errors = run(*(scans / f"{name}.pcd" for name in [*bad, "good"]), "--json", "--out", tmp_path)
    assert code == 1
    assert len(json.loads(out.strip().splitlines()[-1])["scans"]) == 1
    lines = [line for line in errors.splitlines() if line.startswith("error ")]
    causes = ["is no PCD scan", "is truncated", "0 usable", "of 1; at least 100", "No such file"]
    assert len(lines) == len(bad)
    for line, name, cause in zip(lines, bad, causes, strict=True):
        assert f"{name}.pcd" in line
        assert cause in line
    assert "5 of 6 files could not be used" in errors


def test_names_that_are_no_text_or_look_like_mathematics_do_not_stop_the_others(scans: Path, tmp_path: Path) -> None:
    good = scans / "flat.pcd"
    odd = [tmp_path / "$1_{a$.pcd", tmp_path / os.fsdecode(b"caf\xe9.pcd")]
    for path in odd:
        path.write_bytes(good.read_bytes())
        assert len(read_scan(path).points_camera) == len(read_scan(good).points_camera)
    seen_once = perceive_scan(odd[-1], segmenters.make("geometric"))
    for path in odd:
        draw(replace(seen_once, file=str(path)), tmp_path / "picture.png")
        assert (tmp_path / "picture.png").read_bytes().startswith(b"\x89PNG")
        (tmp_path / "picture.png").unlink()


@pytest.mark.parametrize("kind", ["one", "two", "three", "line"])
def test_a_cloud_without_a_surface_is_refused(tmp_path: Path, kind: str) -> None:
    """A thousand times one point was a table of 0 x 0 cm."""
    corners = np.array([[0.0, 0.0, 1.0], [0.3, 0.0, 1.0], [0.0, 0.3, 1.2]])
    points = {
        "one": corners[:1].repeat(1000, axis=0),
        "two": corners[:2].repeat(500, axis=0),
        "three": corners.repeat(400, axis=0),
        "line": np.linspace(corners[0], corners[1], 1000),
    }[kind]
    write_scan(tmp_path / "scan.pcd", points, None, len(points), 1)
    code, _, errors = run(tmp_path / "scan.pcd", "--out", tmp_path)
    assert code == 1
    assert "error 105: no supporting surface found among" in errors and "scan.pcd" in errors


def test_unknown_segmenter_lists_the_choices(scans: Path, tmp_path: Path) -> None:
    """Before any file is opened."""
    code, _, errors = run(scans / "good.pcd", "--segmenter", "magic", "--out", tmp_path)
    assert code == 2
    assert "no segmenter is called 'magic'; choose one of: geometric" in errors


def test_unwritable_folder(scans: Path) -> None:
    """The system's own words, no trace."""
    code, _, errors = run(scans / "good.pcd", "--out", "/proc/nowhere")
    assert code == 2
    assert errors.startswith("error: ")
