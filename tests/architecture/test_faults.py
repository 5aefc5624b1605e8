"""The page of faults names, for every case, tests that exist and that name the case themselves."""

import ast
import re

import pytest

from architecture.house import ROOT

_CASES = [f"F{number:02}" for number in (*range(1, 30), *range(39, 50))]
_ROWS = {
    found[1]: re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", found[2])
    for found in re.finditer(
        r"^\| (F\d\d) \|(.*)\|$", (ROOT / "docs" / "faults.md").read_text(), re.MULTILINE
    )
}


def _cited(file: str, name: str) -> set[str]:
    """The cases that a test names at its signature: from its first decorator to its first line."""
    source = (ROOT / file).read_text()
    (test,) = [
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef) and node.name == name
    ]
    first = min(part.lineno for part in (test, *test.decorator_list))
    lines = source.splitlines()[first - 1 : test.body[0].lineno]
    return set(re.findall(r"\bF\d\d\b", "\n".join(lines)))


def test_every_case_stands_once_and_in_order() -> None:
    assert list(_ROWS) == _CASES


@pytest.mark.parametrize("case", _CASES)
def test_its_tests_exist_and_name_it(case: str) -> None:
    assert _ROWS[case] != []
    for file, name in _ROWS[case]:
        assert case in _cited(file, name), f"{file}::{name} does not name {case}"
