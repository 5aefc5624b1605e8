"""The requests shown in the documentation are ones the API knows."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from headrace.app import document
from headrace.settings import Settings

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"```http\n(?P<method>[A-Z]+) (?P<path>\S+)\n(?P<body>.*?)```", re.DOTALL)
DOCUMENT = document(Settings.model_construct())
EXAMPLES = [
    pytest.param(found["method"], found["path"], found["body"], id=f"{page.name} {found['path']}")
    for page in sorted((ROOT / "docs").rglob("*.md"))
    for found in BLOCK.finditer(page.read_text())
]


def operation(method: str, path: str) -> dict[str, Any]:
    for template, item in DOCUMENT["paths"].items():
        pattern = re.sub(r"\{[^}]+\}", "[^/]+", template)
        if re.fullmatch(pattern, path) and method.lower() in item:
            found: dict[str, Any] = item[method.lower()]
            return found
    raise AssertionError(f"the API has no {method} {path}")


@pytest.mark.parametrize(("method", "path", "body"), EXAMPLES)
def test_requests_in_the_documentation_fit_the_document(method: str, path: str, body: str) -> None:
    shown = operation(method, path)
    if body.strip():
        schema = shown["requestBody"]["content"]["application/json"]["schema"]
        whole = schema | {"components": DOCUMENT["components"]}
        given = json.loads(body)
        Draft202012Validator(whole).validate(given)
        members = DOCUMENT["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]["properties"]
        assert given.keys() <= members.keys()


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 3
