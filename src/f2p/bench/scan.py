"""A scan from its file to the relations of its objects: the files of a folder, or what the simulated camera sees."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import mujoco
import numpy as np

from f2p.bench.protocol import Measurement, Progress, benchmarks
from f2p.bench.room_scans import RoomConfig, in_a_room, side_by_side
from f2p.clock import SystemClock
from f2p.robot.looks import LOOKS
from f2p.robot.protocol import HEAD_PAN, HEAD_TILT
from f2p.scene.cloud.pcd import Scan
from f2p.scene.cloud.scans import read_scan
from f2p.scene.errors import ScanFormatError, SceneError
from f2p.scene.perceive import perceive_scan, perceived
from f2p.scene.segment.protocol import segmenters
from f2p.settings import Settings, choice, group, number, setting
from f2p.sim.protocol import make_simulator
from f2p.tasks.protocol import tasks
from f2p.twin.camera import DepthCamera, DepthCameraConfig, points_camera, snapshot
from f2p.twin.twin import Twin


@dataclass(frozen=True)
class ScanBenchConfig(Settings):
    """What is perceived, and in what time."""

    folder: str = setting("", "folder of scans (.pcd); where empty, looks of the simulated robot of 640 by 480 pixels")
    segmenter: str = choice("geometric", "how it is segmented", lambda: segmenters.names)
    most_s: float = number(0.15, "limit of the mean over scans of a folder", unit="s", low=0.001, high=3600.0)
    most_look_s: float = number(
        1.5, "limit of the mean over simulated looks", unit="s", low=0.001, high=3600.0,
        source="ours: two tables, the floor and the robot itself are three times the surface of a scan of mOSD",
    )  # fmt: skip
    least_f: float = number(0.94, "least mean F where scans are annotated", low=0.0, high=1.0, source="ours: .947")
    least_of_plain: float = number(
        0.9, "least share of it in a room, and of two scans side by side", low=0.0, high=1.0, source="ours"
    )
    room: RoomConfig = group(RoomConfig)


@benchmarks.register("scan")
class Scans:
    """Perceive every scan twice, of which the faster counts; the first of all loads libraries and counts not.

    Where scans are annotated, each is also perceived with floor and wall filled in behind it, and with the next scan
    beside it and higher.
    """

    def __init__(self, config: ScanBenchConfig | None = None) -> None:
        self.config = config or ScanBenchConfig()

    def __call__(self, seed: int, progress: Progress) -> list[Measurement]:
        """Measure. Raises SceneError for what is no scan, or a folder without any."""
        config, segmenter = self.config, segmenters.make(self.config.segmenter)
        with tempfile.TemporaryDirectory() as name:
            folder = Path(config.folder or name)
            if not config.folder:
                look_around(folder, seed)
            files = sorted(folder.glob("*.pcd"))
            if not files:
                raise ScanFormatError(folder, "holds no .pcd file")
            perceive_scan(files[0], segmenter)
            seconds, scores = [], []
            for number_, file in enumerate(files, 1):
                both = [perceive_scan(file, segmenter) for _ in range(2)]
                seconds.append(min(one.seconds for one in both))
                scores += [] if both[0].score is None else [both[0].score[2]]
                progress("scan", number_ / len(files), f"{file.name} {seconds[-1]:.2f} s")
            what, limit = ("scan", config.most_s) if config.folder else ("simulated look", config.most_look_s)
            out = [Measurement(f"a {what}, mean of {len(files)}", float(np.mean(seconds)), "s", limit)]
            if scores:
                plain = float(np.mean(scores))
                out.append(Measurement("F of its objects, mean", plain, "", config.least_f, at_least=True))
                out += self._altered(files, plain, seed, progress)
        return out

    def _altered(self, files: list[Path], plain: float, seed: int, progress: Progress) -> list[Measurement]:
        """Measure the same scans in a room and in pairs; a scan that is refused scores 0."""
        config, scans = self.config, [read_scan(file) for file in files]
        kinds: dict[str, Callable[[int], Scan]] = {
            "with floor and wall": lambda i: in_a_room(scans[i], config.room, seed),
            "beside the next, higher": lambda i: side_by_side(scans[i], scans[(i + 1) % len(scans)], config.room),
        }
        out = []
        for kind, make in kinds.items():
            scores = []
            for index, file in enumerate(files):
                scores.append(self._score(make(index), str(file)))
                progress(kind, (index + 1) / len(files), f"{file.name} F {scores[-1]:.2f}")
            limit = config.least_of_plain * plain
            out.append(Measurement(f"F {kind}, mean", float(np.mean(scores)), "", limit, at_least=True))
        return out

    def _score(self, scan: Scan, where: str) -> float:
        clock = SystemClock()
        try:
            seen = perceived(scan, where, segmenters.make(self.config.segmenter), clock, clock.monotonic_s())
        except SceneError:
            return 0.0
        return 0.0 if seen.score is None else seen.score[2]


def look_around(folder: Path, seed: int) -> None:
    """Write what the simulated robot sees of the transport task with every look of its head."""
    instance = tasks.make("transport").make(np.random.default_rng(seed), 3, make_simulator())
    twin, config = Twin(instance.world), DepthCameraConfig(width=640, height=480)
    camera = DepthCamera(config, seed)
    for number_, look in enumerate(LOOKS):
        twin.data.joint(HEAD_PAN).qpos[0], twin.data.joint(HEAD_TILT).qpos[0] = look.pan, look.tilt
        mujoco.mj_forward(twin.model, twin.data)
        points = points_camera(camera.depth_image(snapshot(twin)), config)
        head = (
            "VERSION 0.7\nFIELDS x y z\nSIZE 4 4 4\nTYPE F F F\nCOUNT 1 1 1\n"
            f"WIDTH {len(points)}\nHEIGHT 1\nVIEWPOINT 0 0 0 1 0 0 0\nPOINTS {len(points)}\nDATA binary\n"
        )
        (folder / f"look_{number_}.pcd").write_bytes(head.encode() + points.astype("<f4").tobytes())
