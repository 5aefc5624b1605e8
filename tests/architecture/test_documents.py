"""Documents say what is so, and the repository names no machine it was made on."""

import re
import runpy

import pytest

from architecture.house import ROOT, files
from headrace.app import create_app
from headrace.doctor import described_settings
from headrace.rest.openapi import api_routes
from headrace.rest.paths import plain_path
from headrace.settings import Settings

PAGES = [path for path in files(suffix=".md") if "fixtures" not in path.parts]
_MENTIONED = re.compile(r"/api/v3(?:\.1)?/[A-Za-z0-9_\-{}$<>/.]*[A-Za-z0-9}>]")


def test_every_setting_is_described() -> None:
    for name, description, _ in described_settings():
        assert len(description) > 20, name
        assert description[0].isupper(), name
        assert description.rstrip().endswith("."), name


def test_the_settings_page_is_fresh() -> None:
    page = runpy.run_path(str(ROOT / "tools" / "write_settings_page.py"))["page"]()
    assert (ROOT / "docs" / "settings.md").read_text() == page, "run: make settings-page"


def test_pages_name_settings_that_exist() -> None:
    known = {name for name, _, _ in described_settings()}
    unknown = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in PAGES
        for name in re.findall(r"HEADRACE_[A-Z][A-Z_]*[A-Z]", path.read_text())
        if name not in known
    }
    assert not unknown


def _shape(path: str) -> str:
    """Every id, placeholder and shell variable of a path as `*`."""
    parts = plain_path(path).split("/")
    return "/".join("*" if re.fullmatch(r"\d+|[{<$].*", part) else part for part in parts)


def test_pages_name_operations_that_exist() -> None:
    routes = create_app(Settings.model_construct()).routes
    patterns = [_shape(route.path_format) for route in api_routes(routes)]
    known = [re.compile(re.escape(item).replace(r"\*", "[^/]+")) for item in patterns]
    unknown = {
        f"{path.relative_to(ROOT)}: {mentioned}"
        for path in PAGES
        for mentioned in _MENTIONED.findall(path.read_text())
        if not any(pattern.fullmatch(_shape(mentioned)) for pattern in known)
    }
    assert not unknown


def test_links_between_pages_lead_somewhere() -> None:
    broken = {
        f"{path.relative_to(ROOT)}: {target}"
        for path in PAGES
        for target in re.findall(r"\]\(([^)#\s]+)", path.read_text())
        if not re.match(r"[a-z]+:", target) and not (path.parent / target).exists()
    }
    assert not broken


# Written apart, so that this file does not hold what it looks for.
_HOSTS = ["py" + "pi.org", "files.python" + "hosted.org", "npm" + "js.org", "index" + "-url"]
_PATHS = [r"/ro" + r"ot/", r"/ho" + r"me/[a-z]", r"/wo" + r"rk/", r"/Us" + r"ers/"]


@pytest.mark.parametrize("unwanted", [re.escape(host) for host in _HOSTS] + _PATHS)
def test_nothing_of_one_machine_is_written_down(unwanted: str) -> None:
    pattern = re.compile(rf"(?<![\w/.:-]){unwanted}" if unwanted in _PATHS else unwanted)
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in files()
        if path.suffix not in {".parquet", ".gz", ".png", ".lock"} or unwanted not in _PATHS
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1)
        if pattern.search(line)
    ]
    assert not found
