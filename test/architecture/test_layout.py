"""The house stays as it is: imports go one way, ROS stays in its package, files and functions keep their budgets."""

from __future__ import annotations

import ast
import functools
import importlib
import pkgutil
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from f2p.cli.codes import HEAD
from f2p.errors import error_table, errors_by_code

from .every import every

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "f2p"
FILES = sorted(SOURCE.rglob("*.py"))
PACKAGES = (
    "shape", "relation", "scene", "action", "model", "plan", "skill", "robot", "monitor", "record", "posterior", "sim",
    "twin",
    "learner", "weights", "loop", "guard", "teleop", "graph", "tasks", "evaluate", "bench", "report", "console", "ros",
    "cli",
)  # fmt: skip
"""In the order of the flow: a package imports from packages before it, and from the files beside the packages."""

ALLOWED = {("skill", "robot"), ("evaluate", "bench")}
"""Imports against the order: a skill speaks to a body's protocol."""

BESIDE = (
    "types",
    "checks",
    "codec",
    "errors",
    "settings",
    "settings_text",
    "registry",
    "plugins",
    "clock",
    "geometry",
    "sources",
    "files",
    "events",
)
ROS_ONLY = re.compile(
    r"^(rclpy|launch|launch_ros|tf2_ros|\w+_msgs|std_srvs|sensor_msgs_py|tf_transformations|rosidl\w*)$"
)
TORCH_PACKAGES = ("model", "posterior", "learner", "weights")
FORBIDDEN_MODULES = {"pickle", "cPickle", "dill", "shelve", "marshal", "cloudpickle", "joblib"}

FUNCTION_LINES, FUNCTION_MOST, FILE_LINES, NODE_LINES = 45, 60, 350, 150


@functools.cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), str(path))


def package_of(path: Path) -> str:
    parts = path.relative_to(SOURCE).parts
    return parts[0] if len(parts) > 1 else ""


def name_of(path: Path) -> str:
    return str(path.relative_to(SOURCE))


@functools.cache
def imports_of(tree: ast.AST) -> tuple[tuple[str, bool], ...]:
    """Return imported modules, and whether each is when the file is (not inside a function or for types only)."""
    typing_only = {
        id(node)
        for branch in ast.walk(tree)
        if isinstance(branch, ast.If) and "TYPE_CHECKING" in ast.dump(branch.test)
        for node in ast.walk(branch)
    }
    inner = {
        id(node)
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
    }
    out: list[tuple[str, bool]] = []
    for node in ast.walk(tree):
        top = id(node) not in typing_only and id(node) not in inner
        if isinstance(node, ast.Import):
            out += ((item.name, top) for item in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            out.append((node.module or "", top))
            if node.module == "f2p":
                out += ((f"f2p.{item.name}", top) for item in node.names)
    return tuple(out)


def functions_of(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


@every(FILES)
def test_a_package_imports_only_from_packages_before_it(path: Path) -> None:
    package = package_of(path)
    for module, _ in imports_of(tree_of(path)):
        if not module.startswith("f2p."):
            continue
        other = module.split(".")[1]
        if other in BESIDE or other == package or (package, other) in ALLOWED or not package:
            continue
        assert other in PACKAGES, f"{module} is no package"
        assert PACKAGES.index(other) < PACKAGES.index(package), (
            f"{name_of(path)} imports {module}, which comes after {package}"
        )


@every(FILES)
def test_ros_is_imported_only_in_its_package(path: Path) -> None:
    if package_of(path) == "ros":
        return
    found = [module for module, _ in imports_of(tree_of(path)) if ROS_ONLY.match(module.split(".")[0])]
    assert not found, f"{name_of(path)} imports {found}; ROS stays in f2p.ros"


@every(FILES)
def test_torch_is_imported_only_where_a_model_lives(path: Path) -> None:
    package = package_of(path)
    for module, top in imports_of(tree_of(path)):
        if module.split(".")[0] == "torch" and package not in TORCH_PACKAGES:
            assert not top, f"{name_of(path)} imports torch when it is imported"


@every(FILES)
def test_open3d_is_imported_only_where_clouds_are_looked_at(path: Path) -> None:
    """It takes two seconds and 150 MB to import: of the scene's files, those that everybody imports stay without it."""
    cloudy = name_of(path).startswith(("scene/cloud/", "scene/objects/", "scene/segment/"))
    assert cloudy or "open3d" not in {module.split(".")[0] for module, _ in imports_of(tree_of(path))}


@every(FILES)
def test_no_code_comes_from_data(path: Path) -> None:
    tree = tree_of(path)
    assert not {module.split(".")[0] for module, _ in imports_of(tree)} & FORBIDDEN_MODULES
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        said = ast.unparse(call.func)
        keywords = {item.arg: ast.unparse(item.value) for item in call.keywords}
        where = f"{name_of(path)}:{call.lineno}"
        assert said not in ("eval", "exec", "torch.load", "yaml.load", "os.system", "os.popen", "time.time"), (
            f"{where}: {said}" if said != "time.time" or path.name != "clock.py" else ""
        )
        assert keywords.get("shell", "False") == "False", f"{where}: shell=True"
        assert keywords.get("allow_pickle", "False") == "False", f"{where}: allow_pickle"


@every(FILES)
def test_files_keep_their_budget_and_say_their_idea_first(path: Path) -> None:
    lines = path.read_text().count("\n")
    most = NODE_LINES if path.parent.name == "nodes" else FILE_LINES
    assert lines <= most, f"{name_of(path)} has {lines} lines, at most {most}"
    text = ast.get_docstring(tree_of(path))
    assert text, f"{name_of(path)} does not say what it is"
    assert text.split("\n")[0].strip().endswith((".", ":")) or "\n" in text, f"{name_of(path)}: one sentence first"


@every(FILES)
def test_functions_are_short_and_wholly_annotated(path: Path) -> None:
    for function in functions_of(tree_of(path)):
        where = f"{name_of(path)}:{function.lineno} {function.name}"
        lines = (function.end_lineno or 0) - function.lineno + 1
        assert lines <= FUNCTION_MOST, f"{where} has {lines} lines"
        given = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
        missing = [item.arg for item in given if item.annotation is None and item.arg not in ("self", "cls")]
        assert not missing, f"{where}: no annotation for {missing}"
        assert function.returns is not None, f"{where}: no annotation of what it returns"


def test_nine_of_ten_functions_are_within_the_smaller_budget() -> None:
    lengths = sorted(
        (function.end_lineno or 0) - function.lineno + 1 for path in FILES for function in functions_of(tree_of(path))
    )
    assert lengths[int(0.9 * len(lengths))] <= FUNCTION_LINES


def test_protocols_have_at_most_four_methods_or_say_why() -> None:
    large = {}
    for path in (path for path in FILES if path.name == "protocol.py"):
        for node in (node for node in ast.walk(tree_of(path)) if isinstance(node, ast.ClassDef)):
            if any(ast.unparse(base).startswith("Protocol") for base in node.bases):
                own = [item.name for item in node.body if isinstance(item, ast.FunctionDef)]
                large[node.name] = [name for name in own if name not in ("parameters", "state_dict")]
    assert large
    assert not {name: methods for name, methods in large.items() if len(methods) > 4}


def test_error_codes_are_unique_and_no_error_is_mute() -> None:
    seen: dict[int, str] = {}
    for path in FILES:
        for node in (node for node in ast.walk(tree_of(path)) if isinstance(node, ast.ClassDef)):
            for item in node.body:
                target = item.targets[0] if isinstance(item, ast.Assign) else getattr(item, "target", None)
                if isinstance(target, ast.Name) and target.id == "code" and isinstance(item.value, ast.Constant):
                    code, name = int(item.value.value), f"{name_of(path)}: {node.name}"
                    if code:
                        assert code not in seen, f"code {code} of {name} is taken by {seen[code]}"
                    seen[code] = name
    assert set(seen) - {0} == set(errors_by_code()), "an error outside the `errors.py` files is in no table"
    blocks = {"relation": 1, "scene": 1, "action": 3, "model": 2, "plan": 3, "skill": 4, "robot": 4, "monitor": 5,
              "record": 5, "posterior": 6, "sim": 6, "learner": 7, "weights": 8, "guard": 9, "graph": 9}  # fmt: skip
    for code, name in seen.items():
        package = name.split("/")[0]
        if package in blocks and code:
            assert code // 100 == blocks[package], f"{name}: code {code} is not in block {blocks[package]}xx"


def test_every_error_is_raised_or_caught_somewhere() -> None:
    text = "\n".join(path.read_text() for path in FILES)
    uses, classes = Counter(re.findall(r"\w+", text)), Counter(re.findall(r"class (\w+)", text))
    for code, error in errors_by_code().items():
        assert uses[error.__name__] > classes[error.__name__], f"nobody uses {error.__name__} ({code})"


def test_the_page_of_error_codes_is_what_the_classes_say() -> None:
    page = (ROOT / "docs" / "errors.md").read_text()
    assert page == HEAD + error_table(), "write it anew: ./f2p codes > docs/errors.md"


def test_every_module_can_be_imported_without_ros() -> None:
    """The core must be testable where no ROS is: nothing outside ros/ may need it, not even indirectly."""
    core = [f"f2p.{package}" for package in PACKAGES if package not in ("ros", "cli", "evaluate", "bench")]
    for package in core:
        if (SOURCE / package.split(".")[1] / "__init__.py").exists():
            loaded = importlib.import_module(package)
            assert [item.name for item in pkgutil.iter_modules(loaded.__path__)]


def test_a_class_name_means_one_class() -> None:
    """Two configs of one name were one import away from each other."""
    homes: dict[str, list[str]] = {}
    for path in FILES:
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.ClassDef):
                homes.setdefault(node.name, []).append(name_of(path))
    twice = {name: files for name, files in homes.items() if len(files) > 1}
    assert not twice, twice
