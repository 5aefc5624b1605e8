"""Habits of page templates that a machine can check: what the policy forbids, and escapes."""

import re
from pathlib import Path

import pytest
from jinja2 import Environment

from architecture.house import SOURCE
from headrace.pages.rendering import _ENVIRONMENT

TEMPLATES = sorted((SOURCE / "pages" / "templates").rglob("*.html"))
# What need not be escaped, and why.
SAFE = {
    "base.html: {{ look | safe }}": "made of checked colours, sizes and fonts alone (`pages.looks`)",
}


@pytest.fixture(scope="module")
def environment() -> Environment:
    return _ENVIRONMENT


def test_everything_is_escaped_and_nothing_undefined(environment: Environment) -> None:  # S53
    assert environment.autoescape is True
    with pytest.raises(Exception, match="undefined"):
        environment.from_string("{{ nothing }}").render()


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_a_template_keeps_to_the_policy(path: Path, environment: Environment) -> None:  # S53
    text = path.read_text()
    environment.parse(text)
    assert not re.search(r"\s(style|on\w+)\s*=\s*[\"']", text), "no inline style, no handlers"
    for script in re.findall(r"<script[^>]*>", text):
        assert 'nonce="{{ visit.nonce }}"' in script
        assert "src=" in script
    found = [f"{path.name}: {item}" for item in re.findall(r"\{\{[^}]*\| *safe[^}]*\}\}", text)]
    assert set(found) <= SAFE.keys(), "escape it, or say why not"
    assert not re.search(r"(href|action)=\"/(?!\")", text), "use visit.link(...)"
    assert "Markup(" not in text
