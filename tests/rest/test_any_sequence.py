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
from sqlalchemy import text

from headrace.rest.resources import Resources
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


# Every sequence begins with the same rows and gives the same ids, so that it can be told again.
_SEQUENCES_OF_IDS = text(
    "SELECT format('SELECT setval(%L, %s)', schemaname || '.' || sequencename, "
    "coalesce(last_value, start_value)) FROM pg_sequences WHERE schemaname = 'public'"
)


def test_any_sequence_is_answered_as_documented(
    client: TestClient, everything: Everything, resources: Resources
) -> None:  # F47
    connection = resources.sessions.kw["bind"]
    connection.exec_driver_sql("SET LOCAL ROLE NONE")  # tenants may not look at sequences
    rewind = "; ".join(["SET LOCAL ROLE NONE", *connection.execute(_SEQUENCES_OF_IDS).scalars()])
    schema = schemathesis.openapi.from_asgi("/openapi.json", client.app)
    calls: list[int] = []

    class AnySequence(schema.as_state_machine()):  # type: ignore[misc]
        """Calls operations with what earlier answers held, and with anything else."""

        def setup(self) -> None:
            self.before = connection.begin_nested()
            connection.exec_driver_sql(rewind)

        def teardown(self) -> None:
            self.before.rollback()

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
