"""The served document is what the contract file says, operation by operation and field by field."""

import sys
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from headrace.app import document
from headrace.settings import Settings

sys.path.insert(0, str(Path(__file__).parents[2] / "tools"))
from compare_api import Comparison, read_contract


@pytest.fixture(scope="module")
def served() -> dict[str, Any]:
    return document(Settings.model_construct())


def test_the_served_api_is_the_contract(served: dict[str, Any]) -> None:
    assert Comparison(read_contract(), served).differences() == []


def test_the_contract_has_every_published_operation() -> None:
    assert len(read_contract()["operations"]) == 87


def _changed(served: dict[str, Any], **changes: Any) -> list[str]:
    contract = deepcopy(read_contract())
    for operation, change in changes.items():
        contract["operations"][operation.replace("__", ".")] |= change
    return Comparison(contract, served).differences()


@pytest.mark.parametrize(
    ("operation", "change", "told"),
    [
        ("token__create", {"path": "/api/v3/tokens"}, "is not served"),
        ("token__create", {"auth": ["bearer"]}, "takes ['basic']"),
        ("token__create", {"status": 201}, "no status 201"),
        ("token__create", {"request": {}}, "required, and the contract does not know it"),
        ("token__create", {"request": {"workspace_id": "integer"}}, "workspace_id: required"),
        ("token__create", {"request": {"workspace_id": "date!"}}, "not date"),
        ("token__create", {"response": "Workspace"}, "answer.title: missing"),
        ("extracts__list", {"query": {"colour": "string"}}, "query colour: missing"),
        ("extracts__get", {"response": "Extract[]"}, "no list"),
    ],
)
def test_a_difference_is_told(
    served: dict[str, Any], operation: str, change: dict[str, Any], told: str
) -> None:
    found = _changed(served, **{operation: change})
    name = operation.replace("__", ".")
    assert any(line.startswith(name) and told in line for line in found)


def test_an_operation_of_ours_must_be_marked(served: dict[str, Any]) -> None:
    contract = read_contract()
    del contract["operations"]["roles.get"]
    found = Comparison(contract, served).differences()
    assert found == ["GET /api/v3/roles/{}: neither in the contract nor marked as an extension"]
