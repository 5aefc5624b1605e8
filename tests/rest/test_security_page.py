"""Every security case that touches the API is cited by a test, or docs/security.md says why not."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text()
TENANTS = range(1, 18)
ROLES = range(18, 27)
PROPERTIES = range(27, 31)
AUTHENTICATION = range(31, 41)
BROWSER = range(41, 65)
EXPORTS = range(70, 71)
INJECTION = range(81, 88)
RESOURCES = range(88, 95)
CONFIGURATION = range(95, 101)
IMAGES = range(102, 103)
CASES = [
    f"S{number:02}"
    for section in (
        TENANTS, ROLES, PROPERTIES, AUTHENTICATION, BROWSER, EXPORTS, INJECTION, RESOURCES,
        CONFIGURATION, IMAGES,
    )
    for number in section
]  # fmt: skip
_EXPLAINED = dict(re.findall(r"^- (S\d+) does not apply(.*)", PAGE, re.MULTILINE))
_HELD_BY = re.findall(r"^\| (S\d+) \|.*\| (tests/\S+\.py) \|$", PAGE, re.MULTILINE)


def _cited() -> set[str]:
    found: set[str] = set()
    for path in (ROOT / "tests").rglob("*.py"):
        if path != Path(__file__):
            found |= set(re.findall(r"\bS\d{2,3}\b", path.read_text()))
    return found


def test_every_case_is_cited_or_explained() -> None:
    missing = set(CASES) - _cited() - _EXPLAINED.keys()
    assert not missing, f"cite them in a test, or explain them in docs/security.md: {missing}"


def test_every_case_is_on_the_page_once() -> None:
    listed = [case for case, _ in _HELD_BY] + list(_EXPLAINED)
    assert sorted(listed) == sorted(CASES)


@pytest.mark.parametrize(("case", "name"), _HELD_BY)
def test_the_file_named_for_a_case_cites_it(case: str, name: str) -> None:
    assert re.search(rf"\b{case}\b", (ROOT / name).read_text()), f"{name} does not cite {case}"


def test_explanations_say_why() -> None:
    assert _EXPLAINED
    for case, text in _EXPLAINED.items():
        assert len(text) > 30, case
