"""Events: rows of the change they report, in the published form."""

import json
import re
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from sqlalchemy import text
from sqlalchemy.orm import Session

import headrace
from fakes.callers import WorkspaceFake
from headrace import events
from headrace.db.engine import transaction
from headrace.events.catalogue import EVENT_TYPES

SOURCE = Path(headrace.__file__).parent
PUBLISHED = {
    "load_started", "load_completed", "transformation_started", "transformation_completed",
    "extraction_created", "extraction_paused", "extraction_unpaused", "fields_changed",
    "historical_download_started", "load_created", "create_load_changed", "connection_invalidated",
    "connection_accounts_update_error", "connection_accounts_update_fail", "connection_deleted",
    "status_changed", "table_freshness_changed", "recipe_activated", "recipe_deactivated",
    "extraction_completed", "extraction_failed",
}  # fmt: skip


def _stored(session: Session) -> list[dict[str, object]]:
    return [
        json.loads(body) for body in session.scalars(text("SELECT body FROM event ORDER BY id"))
    ]


def test_the_catalogue_has_every_published_type() -> None:
    assert EVENT_TYPES.keys() >= PUBLISHED
    assert len(EVENT_TYPES) == 27


@pytest.mark.parametrize("name", EVENT_TYPES)
def test_samples_fit_their_schemas(name: str) -> None:
    item = EVENT_TYPES[name]
    schema = item.payload_schema()
    Draft202012Validator.check_schema(schema)
    assert not list(Draft202012Validator(schema).iter_errors(item.sample()))
    broken = item.sample() | {"data": {}}
    assert list(Draft202012Validator(schema).iter_errors(broken))


@pytest.mark.parametrize("name", EVENT_TYPES)
def test_every_type_is_published_somewhere(name: str) -> None:
    text_of_slices = "".join(
        path.read_text() for path in SOURCE.rglob("*.py") if "events" not in path.parts
    )
    prefix = "connection_accounts_update_"
    wanted = f'"{name}"' if not name.startswith(prefix) else prefix
    assert wanted in text_of_slices


def test_an_event_has_the_published_form(workspace: WorkspaceFake, session: Session) -> None:
    facts = EVENT_TYPES["load_completed"].sample_facts() | {"rows": 7, "load_id": None}
    events.publish(session, workspace.id, "load_completed", facts)
    (body,) = [item for item in _stored(session) if item["type"] == "load_completed"]
    assert list(body) == ["id", "type", "timestamp", "data"]
    assert re.fullmatch(r"[0-9A-F]{32}", str(body["id"]))
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}", str(body["timestamp"]))
    data = body["data"]
    assert isinstance(data, dict)
    assert all(isinstance(value, str) for value in data.values())
    assert (data["rows"], data["load_id"], data["is_action_log"]) == ("7", "", "1")
    assert data["product_domain_event_inserted_at"] == body["timestamp"]
    assert data["product_domain_event_class"] == "LoadCompleted"
    assert data["workspace_id"] == str(workspace.id)
    schema = EVENT_TYPES["load_completed"].payload_schema()
    assert not list(Draft202012Validator(schema).iter_errors(body))


def test_an_event_exists_if_the_change_committed(workspace: WorkspaceFake) -> None:
    sessions = workspace.resources.sessions
    facts = EVENT_TYPES["load_created"].sample_facts()
    count = text("SELECT (SELECT count(*) FROM event) + (SELECT count(*) FROM event_outbox)")

    def change_and_break() -> None:
        with transaction(sessions) as session:
            events.publish(session, workspace.id, "load_created", facts)
            assert session.scalar(count) == 2
            raise InterruptedError

    with pytest.raises(InterruptedError):
        change_and_break()
    with transaction(sessions) as session:
        assert session.scalar(count) == 0
        events.publish(session, workspace.id, "load_created", facts)
    with transaction(sessions) as session:
        assert session.scalar(count) == 2


@pytest.mark.parametrize(
    ("name", "facts", "error"),
    [
        ("no_such_type", {}, KeyError),
        ("load_created", {}, ValueError),
        ("recipe_activated", {"recipe_id": 1, "recipe_title": "x", "more": 1}, ValueError),
    ],
)
def test_what_the_catalogue_does_not_know_is_refused(
    name: str,
    facts: dict[str, object],
    error: type[Exception],
    workspace: WorkspaceFake,
    session: Session,
) -> None:
    with pytest.raises(error):
        events.publish(session, workspace.id, name, facts)
    assert _stored(session) == []
