"""What docs/extending.md shows works as it stands: every module is a plug-in, every program runs with it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SECTIONS = re.split(r"^## ", (ROOT / "docs" / "extending.md").read_text(), flags=re.MULTILINE)[1:]


@pytest.mark.parametrize("section", SECTIONS, ids=lambda text: text.split("\n")[0])
def test_the_worked_example_runs(section: str, tmp_path: Path) -> None:
    blocks = re.findall(r"```python\n(.*?)```", section, re.DOTALL)
    modules = {found[1]: block for block in blocks if (found := re.match(r"# (\w+)\.py\n", block))}
    programs = [block for block in blocks if block not in modules.values()]
    assert modules and len(programs) == 1
    for name, block in modules.items():
        (tmp_path / f"{name}.py").write_text(block)
    path = os.pathsep.join([str(tmp_path), str(ROOT / "src"), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "F2P_PLUGINS": ",".join(modules), "PYTHONPATH": path, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", programs[0]]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
