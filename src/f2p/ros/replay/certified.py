"""From a recording, or a failure's folder with or without one, to its certificate."""

from __future__ import annotations

import hashlib
from pathlib import Path

from f2p.files import read_regular
from f2p.monitor.case import is_case, read_case
from f2p.record.attached import NAME
from f2p.record.bag import open_bag
from f2p.record.certificate import Certificate, ReplayedStep, certificate
from f2p.ros.replay.cases import case_again
from f2p.ros.replay.rerun import ReplayConfig, Rerun
from f2p.sim.protocol import make_simulator

_WORDS = "case.json"
_MOST_BYTES = 256 * 2**20


def certified(path: Path, config: ReplayConfig) -> tuple[Certificate, list[str]]:
    """Run a recording or a failure again.

    Returns:
        The certificate, and what of the recording is lost.

    Raises:
        F2pError, OSError: It cannot be read, or not be run again here.
    """
    steps: list[ReplayedStep] = []
    digests, reasons, recording = [], [], path
    if is_case(path):
        failure = read_case(path)
        steps += case_again(failure, make_simulator(), config.agreement)
        digests.append(hashlib.sha256(read_regular(path / _WORDS, _MOST_BYTES)).hexdigest())  # it has the arrays' own
        recording = path / NAME
    if recording is path or recording.is_dir():
        bag = open_bag(recording)
        rerun = Rerun(bag, config)
        steps += rerun.steps()
        digests.append(rerun.recording.digest)
        reasons = bag.loss.reasons
    return certificate(" ".join(digests), steps), reasons
