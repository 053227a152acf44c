"""What holds the house together: floors, sizes, docstrings, a cheap start, and nothing of a workplace in any file."""

from __future__ import annotations

import ast
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from fogstead.kernel.catalog import Catalog

ROOT = Path(__file__).resolve().parent.parent.parent
SOURCE = ROOT / "src" / "fogstead"
FILE_LINES_MAX = 450
FUNCTION_LINES_MAX = 60
# Imported on first use only: a start that pays for them is a slow one.
LATE = ("botocore", "boto3", "lxml", "cryptography", "rich", "awscrt", "h2")
_GENERATED = "shapes"
# Split, so that these lines do not find themselves.
_WORKPLACES = re.compile(
    "|".join(("/" + "work/", "/" + "home/[a-z]", "/" + "Users/[A-Za-z]", "/" + "root/", "/" + "tmp/" + r"bash"))
)
_REGISTRIES = re.compile(
    "|".join(
        (
            r"https?://(?:[\w-]+\.)*" + "pypi" + r"\.org/simple",
            "files." + r"pythonhosted\.org",
            "registry." + r"npmjs\.org",
            "registry." + r"yarnpkg\.com",
            "proxy." + r"golang\.org",
            r"--(?:extra-)?index-url[ =]",
            r'"resolved":\s*"http',
        )
    )
)
_COVERAGE_ROW = re.compile(r"^\| ([\w-]+) \| (\d+) \| (\d+) \| \d+% \|$", re.MULTILINE)
_NAMED_TEST = re.compile(r"`(tests/[\w/.-]+\.py)(?:::(\w+))?`")


@cache
def _tracked() -> tuple[Path, ...]:
    listed = subprocess.run(["git", "-C", str(ROOT), "ls-files", "-z"], capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        pytest.skip("this is no git repository")
    return tuple(ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file())


def _texts() -> Iterator[tuple[Path, str]]:
    for file in _tracked():
        try:
            yield file, file.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


def _modules() -> Iterator[tuple[Path, str]]:
    for file in sorted(SOURCE.rglob("*.py")):
        if _GENERATED not in file.relative_to(SOURCE).parts[:1]:
            yield file.relative_to(ROOT), file.read_text(encoding="utf-8")


def _found(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{file.relative_to(ROOT)}:{number}: {line.strip()[:100]}"
        for file, text in _texts()
        if pattern.search(text)
        for number, line in enumerate(text.splitlines(), 1)
        if pattern.search(line)
    ]


def test_imports_point_only_down() -> None:
    program = shutil.which("lint-imports", path=str(Path(sys.executable).parent)) or shutil.which("lint-imports")
    if program is None:
        pytest.skip("needs lint-imports, which is not installed")
    checked = subprocess.run([program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_no_file_is_longer_than_one_reads_at_a_sitting() -> None:
    lengths = {str(file): len(text.splitlines()) for file, text in _modules()}
    assert {file: lines for file, lines in lengths.items() if lines > FILE_LINES_MAX} == {}


def test_every_function_fits_a_screen() -> None:
    long = {
        f"{file}:{node.name}": lines
        for file, text in _modules()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (lines := (node.end_lineno or node.lineno) - node.lineno + 1) > FUNCTION_LINES_MAX
    }
    assert long == {}


def test_every_module_says_what_it_is_for() -> None:
    empty_folders = {str(file) for file, text in _modules() if file.name == "__init__.py" and not text.strip()}
    silent = {str(file) for file, text in _modules() if not ast.get_docstring(ast.parse(text))}
    assert silent - empty_folders == set()


def test_every_error_of_a_service_has_a_sentence() -> None:
    for service in Catalog().load_all():
        for code, error in service.errors.items():
            assert error.sentence.strip(), f"{service.name}.{code}"
            assert error.sentence[0].isupper(), f"{service.name}.{code}: {error.sentence}"


def test_starting_imports_nothing_that_is_slow() -> None:
    program = "import json, sys, fogstead.main; print(json.dumps(sorted(sys.modules)))"
    listed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    roots = {name.partition(".")[0] for name in json.loads(listed.stdout)}
    assert sorted(roots & set(LATE)) == []


def test_tracked_files_name_no_workplace() -> None:
    assert _found(_WORKPLACES) == []


def test_tracked_files_name_no_package_registry() -> None:
    assert _found(_REGISTRIES) == []


def test_every_test_that_the_specification_names_exists() -> None:
    named = _NAMED_TEST.findall((ROOT / "SPECIFICATION.md").read_text(encoding="utf-8"))
    assert named, "SPECIFICATION.md names no test"
    missing = []
    for file, function in named:
        path = ROOT / file
        if not path.exists() or (function and f"def {function}(" not in path.read_text(encoding="utf-8")):
            missing.append(f"{file}::{function}" if function else file)
    assert missing == []


@pytest.mark.parametrize("document", ["README.md", "docs/coverage.md"])
def test_the_coverage_in_the_documents_is_current(document: str) -> None:
    """Rows of a service's name, its implemented operations and all it has: `fogstead coverage --write`."""
    text = (ROOT / document).read_text(encoding="utf-8")
    rows = {name: [int(done), int(all_)] for name, done, all_ in _COVERAGE_ROW.findall(text)}
    known = {one.name: [len(one.operations), len(one.model.operation_names)] for one in Catalog().load_all()}
    assert rows == known


def test_tests_do_not_sleep() -> None:
    """But for the short steps of those who look until something has happened."""
    sleeps = re.compile(r"\b(time|asyncio)\.sleep\((?:[1-9]|0?\.[1-9])")
    found = [
        line for line in _found(sleeps) if line.startswith("tests/") and not re.search(r"test_house\.py|script =", line)
    ]
    assert found == []
