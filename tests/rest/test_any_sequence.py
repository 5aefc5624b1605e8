"""Sequences of calls that the document makes possible: never a 500, never an undocumented answer."""

from typing import Any

import schemathesis
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from rest.published import Everything

_CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
_SEQUENCES = 40
_CALLS = 12


def _credentials(case: Any, everything: Everything) -> dict[str, str]:
    """The credentials that the operation takes: Basic where it does, else the workspace's token."""
    security = case.operation.definition.raw.get("security", [])
    takes_basic = any("basic" in scheme for scheme in security)
    return everything.agency.headers if takes_basic else everything.workspace.headers


def test_any_sequence_is_answered_as_documented(client: TestClient, everything: Everything) -> None:
    schema = schemathesis.openapi.from_asgi("/openapi.json", client.app)
    calls: list[int] = []

    class AnySequence(schema.as_state_machine()):  # type: ignore[misc]
        """Calls operations with what earlier answers held, and with anything else."""

        def get_call_kwargs(self, case: Any) -> dict[str, Any]:
            return {"headers": _credentials(case, everything)}

        def validate_response(self, response: Any, case: Any, **_: Any) -> None:
            calls.append(response.status_code)
            case.validate_response(response, checks=_CHECKS)

    AnySequence.run(
        settings=settings(
            max_examples=_SEQUENCES,
            stateful_step_count=_CALLS,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
    )
    assert len(calls) > _SEQUENCES
    assert any(status < 300 for status in calls)
