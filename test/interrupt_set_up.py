"""Kill the real set-up of a fresh clone again and again and see that what there is in the end is whole; run by hand.

    python3.11 test/interrupt_set_up.py "/tmp/Ein Ordner mit Ümläuten/f2p" 2 10 30 60 20

Each number is how many seconds set-up has until it is killed, alone and with all that it started in turn.
"""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LONGEST_S = 1800.0
REWRITTEN = (".cmake", ".pyc")
"""Endings of files that set-up or Python writes anew after the installation."""


def killed(clone: Path, after_s: float, alone: bool) -> str:
    """Run set-up for some time; the last that it said, or "ended" where it was through before."""
    with subprocess.Popen(
        [str(clone / "setup/run")], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as running:
        try:
            running.wait(after_s)
        except subprocess.TimeoutExpired:
            os.kill(running.pid, signal.SIGKILL) if alone else os.killpg(running.pid, signal.SIGKILL)
        assert running.stderr is not None
        said = running.stderr.read().strip().splitlines()
    return "ended" if running.returncode == 0 else said[-1] if said else "nothing"


def damaged(site_packages: Path) -> list[str]:
    """Files of installed packages that are missing or of no size that pip noted (`lark` comes with two packages)."""
    noted: dict[str, set[str]] = {}
    for record in site_packages.glob("*.dist-info/RECORD"):
        for name, _hash, size in csv.reader(record.read_text().splitlines()):
            noted.setdefault(name, set()).add(size)
    return sorted(name for name, sizes in noted.items() if _is_damaged(site_packages / name, sizes))


def _is_damaged(path: Path, sizes: set[str]) -> bool:
    if not path.exists():
        return True
    return "" not in sizes and path.suffix not in REWRITTEN and str(path.stat().st_size) not in sizes


def main() -> None:
    """Clone, kill, end, and print what was found as JSON."""
    clone, waits = Path(sys.argv[1]), [float(text) for text in sys.argv[2:]]
    if not clone.exists():
        subprocess.run(["git", "clone", "-q", str(ROOT), str(clone)], check=True)
    hits = [killed(clone, after_s, alone=number % 2 == 0) for number, after_s in enumerate(waits)]
    start, before = time.monotonic(), os.times()
    end = killed(clone, LONGEST_S, alone=False)
    after = os.times()
    script = "import open3d, rclpy, torch; from f2p_msgs.msg import Lease; print('imported')"
    command = ["bash", "-c", 'source "$1/setup/env.sh" && python -c "$2"', "bash", str(clone), script]
    imports = subprocess.run(command, capture_output=True, text=True, check=False)
    found = {
        "killed in": hits,
        "last run": end,
        "seconds": round(time.monotonic() - start, 1),
        "cpu seconds": round(
            after.children_user + after.children_system - before.children_user - before.children_system, 1
        ),
        "damaged files": damaged(clone / ".venv/lib/python3.11/site-packages"),
        "imports": imports.stdout.strip() or imports.stderr[-300:],
    }
    print(json.dumps(found, ensure_ascii=False))
    sys.exit(found["last run"] != "ended" or bool(found["damaged files"]) or found["imports"] != "imported")


if __name__ == "__main__":
    main()
