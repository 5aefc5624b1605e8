"""What `make connector` and `make loader` write is found, well typed and well formed at once."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from architecture.house import ROOT

# The registries find both, and what is unwritten says so; the cases open.
_LOOK = """
from contract import connector_cases, loader_cases
from headrace.connectors.registry import connectors
from headrace.kit.outcomes import Refused
from headrace.loaders.registry import loaders

connector, loader = connectors()["acme_ads"], loaders()["acme_warehouse_2"]
assert connector.spec.title == "Acme Ads"
assert loader.spec.title == "Acme Warehouse 2"
with connector_cases.open_case_of("acme_ads")(None, None) as case:
    for act in (connector.check, connector.accounts):
        try:
            act(case.access)
        except Refused as error:
            print(error)
with loader_cases.open_case_of("acme_warehouse_2")(None, None) as case:
    try:
        loader.check(case.access)
    except Refused as error:
        print(error)
"""


def _run(
    *command: str, cwd: Path, variables: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command],
        cwd=cwd,
        env=os.environ | (variables or {}),
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the repository with a new connector and a new loader in it."""
    root = tmp_path_factory.mktemp("repository")
    for folder in ("src", "tests/contract", "tests/fakes"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / folder, root / folder, ignore=ignored)
    shutil.copy(ROOT / "pyproject.toml", root)
    for tool, name in (("new_connector", "acme_ads"), ("new_loader", "acme_warehouse_2")):
        done = _run(str(ROOT / "tools" / f"{tool}.py"), name, str(root), cwd=root)
        assert done.returncode == 0, done.stderr
        assert name in done.stdout
    return root


def _new_files(root: Path) -> list[str]:
    return [str(path) for path in root.rglob("*.py") if "acme" in path.parent.name]


def test_they_are_found_and_say_that_they_are_unwritten(copy: Path) -> None:
    paths = os.pathsep.join([str(copy / "src"), str(copy / "tests")])
    done = _run("-c", _LOOK, cwd=copy, variables={"PYTHONPATH": paths})
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 3
    assert all("not written" in line for line in done.stdout.splitlines())


def test_they_pass_format_and_lint(copy: Path) -> None:
    assert len(_new_files(copy)) == 8
    for work in (["check"], ["format", "--check"]):
        done = _run("-m", "ruff", *work, "--no-cache", *_new_files(copy), cwd=copy)
        assert done.returncode == 0, done.stdout


def test_they_pass_strict_types(copy: Path) -> None:
    done = _run(
        "-m", "mypy", "--explicit-package-bases", *_new_files(copy),
        cwd=copy, variables={"MYPYPATH": f"{copy}/src:{copy}/tests"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("tool", ["new_connector", "new_loader"])
@pytest.mark.parametrize("name", ["Acme", "acme-ads", "1acme", "../acme", "acme__ads", ""])
def test_unfit_names_are_refused(tool: str, name: str, tmp_path: Path) -> None:
    done = _run(str(ROOT / "tools" / f"{tool}.py"), name, str(tmp_path), cwd=tmp_path)
    assert done.returncode == 1
    assert "no plugin name" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_written_over(copy: Path) -> None:
    readme = copy / "src/headrace/connectors/sources/acme_ads/README.md"
    readme.write_text("mine")
    done = _run(str(ROOT / "tools" / "new_connector.py"), "acme_ads", str(copy), cwd=copy)
    assert done.returncode == 1
    assert "there already" in done.stderr
    assert readme.read_text() == "mine"
