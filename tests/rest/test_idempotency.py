"""`Idempotency-Key`: whatever is sent again, and whatever breaks, is carried out once."""

import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from fastapi.testclient import TestClient
from httpx import Response
from sqlalchemy import func, select

from fakes.callers import AgencyFake, WorkspaceFake
from fakes.pipelines import PipelineFake
from headrace.app import create_app
from headrace.db.engine import plain_dsn, transaction
from headrace.kit import clock
from headrace.rest import idempotency
from headrace.rest.models import IdempotencyRecord
from headrace.rest.resources import Resources, open_resources
from headrace.settings import Settings

KEY = "6f1c9a52-8f1e-4a0e-9d55-0d7a3f6f2f10"
NEW = "/api/v3/workspaces"
_WAITS = "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = %s"


def _post(agency: AgencyFake, path: str, body: Any = None, key: str = KEY) -> Response:
    headers = agency.headers | {"Idempotency-Key": key}
    return agency.client.post(path, json=body, headers=headers)


def _titles(agency: AgencyFake) -> list[str]:
    return [item["title"] for item in agency.call("GET", NEW).json()["results"]]


def test_the_same_request_is_carried_out_once(agency: AgencyFake) -> None:  # F46
    first = _post(agency, NEW, {"title": "Acme"})
    again = _post(agency, NEW, {"title": "Acme"})
    assert first.status_code == again.status_code == 201
    assert again.content == first.content
    assert again.headers["Content-Type"] == first.headers["Content-Type"]
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.headers["X-Request-Id"] != first.headers["X-Request-Id"]
    assert _titles(agency) == ["Acme"]


def test_both_forms_of_a_path_are_one(agency: AgencyFake) -> None:
    _post(agency, NEW, {"title": "Acme"})
    assert _post(agency, NEW + "/", {"title": "Acme"}).headers["Idempotency-Replayed"] == "true"


def test_a_changed_request_is_refused(agency: AgencyFake) -> None:  # F46
    _post(agency, NEW, {"title": "Acme"})
    for path, body in ((NEW, {"title": "Other"}), (NEW + "?x=1", {"title": "Acme"})):
        refused = _post(agency, path, body)
        assert refused.status_code == 422
        assert "another body" in refused.json()["details"]
    assert _titles(agency) == ["Acme"]


def test_without_a_key_nothing_is_kept(agency: AgencyFake, resources: Resources) -> None:
    agency.new_workspace()
    with transaction(resources.sessions) as session:
        assert session.scalar(select(func.count()).select_from(IdempotencyRecord)) == 0


@pytest.mark.parametrize("key", ["", " ", "a b", "ü".encode(), "x" * 256, "a\x7f"])
def test_what_is_no_key_is_refused(key: Any, agency: AgencyFake) -> None:
    headers: Any = {name: value.encode() for name, value in agency.headers.items()}
    given = key if isinstance(key, bytes) else key.encode()
    answer = agency.client.post(
        NEW, json={"title": "Acme"}, headers=headers | {"Idempotency-Key": given}
    )
    assert answer.status_code == 400
    assert "Idempotency-Key" in answer.json()["details"]
    assert _titles(agency) == []


def test_the_longest_key_is_one(agency: AgencyFake) -> None:
    assert _post(agency, NEW, {"title": "Acme"}, key="~" * 255).status_code == 201


def test_keys_belong_to_caller_workspace_method_and_path(
    agency: AgencyFake, workspace: WorkspaceFake, other_workspace: WorkspaceFake
) -> None:  # S14
    tokens = set()
    sibling = agency.new_workspace()
    for caller in (workspace, other_workspace, sibling):
        headers = caller.headers | {"Idempotency-Key": KEY}
        answer = caller.client.delete("/api/v3/loads/1", headers=headers)
        assert answer.status_code == 404
    for asked in (workspace, sibling):
        answer = _post(agency, "/api/v3/token", {"workspace_id": asked.id}, key=str(asked.id))
        tokens.add(answer.json()["token"])
    assert len(tokens) == 2
    made = _post(agency, NEW, {"title": "Acme"}, key=str(workspace.id))
    assert made.status_code == 201
    assert "Idempotency-Replayed" not in made.headers


def test_a_refusal_is_not_kept(agency: AgencyFake, workspace: WorkspaceFake) -> None:
    taken = agency.call("GET", f"{NEW}/{workspace.id}").json()["title"]
    assert _post(agency, NEW, {"title": taken}).status_code == 400
    renamed = agency.call("PUT", f"{NEW}/{workspace.id}", json={"title": "Other"})
    assert renamed.status_code == 200
    assert _post(agency, NEW, {"title": taken}).status_code == 201


def test_an_answer_is_kept_a_day(agency: AgencyFake, resources: Resources) -> None:
    _post(agency, NEW, {"title": "Acme"})
    with clock.shifted(timedelta(hours=23, minutes=59)):
        assert _post(agency, NEW, {"title": "Acme"}).status_code == 201
        with transaction(resources.sessions) as session:
            assert idempotency.delete_expired(session) == 0
    with clock.shifted(timedelta(hours=24, minutes=1)):
        assert _post(agency, NEW, {"title": "Acme"}).status_code == 400  # carried out: it is taken
        assert _post(agency, NEW, {"title": "Acme 2"}).status_code == 201
        with transaction(resources.sessions) as session:
            assert idempotency.delete_expired(session) == 0
    with clock.shifted(timedelta(hours=49)), transaction(resources.sessions) as session:
        assert idempotency.delete_expired(session) == 1


def test_stored_answers_hold_no_secret_to_read(  # S65
    agency: AgencyFake, workspace: WorkspaceFake, resources: Resources
) -> None:
    made = _post(agency, "/api/v3/token", {"workspace_id": workspace.id})
    session_made = _post(agency, "/api/v3/session")
    again = _post(agency, "/api/v3/session")
    assert again.headers["Set-Cookie"] == session_made.headers["Set-Cookie"]
    agency.client.cookies.clear()
    secrets = [made.json()["token"], session_made.cookies["dts_session_id"]]
    with transaction(resources.sessions) as session:
        kept = session.scalars(select(IdempotencyRecord)).all()
        texts = [str(vars(record)) for record in kept]
    assert len(texts) == 2
    assert not [text for text in texts for secret in secrets if secret in text]
    assert _post(agency, "/api/v3/token", {"workspace_id": workspace.id}).json() == made.json()


def test_what_ended_with_no_content_is_answered_so_again(pipeline: PipelineFake) -> None:
    workspace = pipeline.workspace
    headers = workspace.headers | {"Idempotency-Key": KEY}
    path = f"/api/v3/loads/{pipeline.ids()['load_id']}"
    answers = [workspace.client.delete(path, headers=headers) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [204, 204]
    assert answers[1].content == b""
    assert "content-type" not in answers[1].headers
    assert workspace.call("DELETE", path).status_code == 404


def test_a_run_is_started_once(pipeline: PipelineFake) -> None:
    workspace = pipeline.workspace
    for path, method in (("extracts", "POST"), ("loads", "PUT")):
        subject = pipeline.ids()["extract_id" if path == "extracts" else "load_id"]
        before = workspace.get(f"/api/v3/{path}/{subject}/runs")["count"]
        headers = workspace.headers | {"Idempotency-Key": str(uuid.uuid4())}
        run = f"/api/v3/{path}/{subject}/run"
        answers = [workspace.client.request(method, run, headers=headers) for _ in range(3)]
        assert {answer.status_code for answer in answers} == {200}
        assert workspace.get(f"/api/v3/{path}/{subject}/runs")["count"] == before + 1
        assert workspace.client.request(method, run, headers=workspace.headers).status_code == 409


# With a database of its own, where transactions are real.


@pytest.fixture
def own(settings: Settings, committed_database: str) -> Iterator[Resources]:
    """Resources on a database of the test's own."""
    opened = open_resources(settings, committed_database, threads=10)
    yield opened
    opened.engine.dispose()


def _client(own: Resources) -> TestClient:
    return TestClient(create_app(own.settings, own), raise_server_exceptions=False)


def test_twenty_at_once_make_one(own: Resources) -> None:  # F46
    with _client(own) as client, ThreadPoolExecutor(20) as crowd:
        agency = AgencyFake.create(own, client)
        asked = [crowd.submit(_post, agency, NEW, {"title": "Acme"}) for _ in range(20)]
        answers = [each.result() for each in asked]
        assert {answer.status_code for answer in answers} <= {201, 409}
        made = [answer for answer in answers if answer.status_code == 201]
        assert len({answer.content for answer in made}) == 1
        assert len([one for one in made if "Idempotency-Replayed" not in one.headers]) == 1
        for answer in answers:
            if answer.status_code == 409:
                assert answer.headers["Retry-After"] == "1"
        assert _titles(agency) == ["Acme"]
        assert _post(agency, NEW, {"title": "Acme"}).content == made[0].content


def test_a_duplicate_is_told_to_wait_while_the_first_is_at_it(
    own: Resources, committed_database: str
) -> None:  # F46
    with _client(own) as client, ThreadPoolExecutor(1) as pool:
        agency = AgencyFake.create(own, client)
        with psycopg.connect(plain_dsn(committed_database)) as other:
            _hold_title(other, agency)
            first = pool.submit(_post, agency, NEW, {"title": "Acme"})
            _waiting(committed_database)
            duplicate = _post(agency, NEW, {"title": "Acme"})
            assert duplicate.status_code == 409
            assert duplicate.headers["Retry-After"] == "1"
            other.rollback()
        assert first.result().status_code == 201
        assert _post(agency, NEW, {"title": "Acme"}).content == first.result().content


def test_a_crash_before_the_commit_leaves_neither_effect_nor_record(
    own: Resources, committed_database: str
) -> None:  # F46, F39
    with _client(own) as client, ThreadPoolExecutor(1) as pool:
        agency = AgencyFake.create(own, client)
        with psycopg.connect(plain_dsn(committed_database)) as other:
            _hold_title(other, agency)
            asked = pool.submit(_post, agency, NEW, {"title": "Acme"})
            with psycopg.connect(plain_dsn(committed_database), autocommit=True) as watching:
                for pid in _waiting(committed_database):
                    watching.execute("SELECT pg_terminate_backend(%s)", [pid])
            broken = asked.result()
            other.rollback()
        assert broken.status_code == 503
        assert broken.headers["Retry-After"]
        assert _titles(agency) == []
        again = _post(agency, NEW, {"title": "Acme"})
        assert again.status_code == 201
        assert "Idempotency-Replayed" not in again.headers


def test_a_crash_after_the_commit_loses_no_answer(own: Resources) -> None:  # F46
    with _client(own) as client:
        agency = AgencyFake.create(own, client)
        first = _post(agency, NEW, {"title": "Acme"})
    with _client(own) as client:  # another process, which remembers nothing
        agency.client = client
        again = _post(agency, NEW, {"title": "Acme"})
        assert again.content == first.content
        assert again.headers["Idempotency-Replayed"] == "true"


def _hold_title(other: psycopg.Connection[Any], agency: AgencyFake) -> None:
    other.execute(
        "INSERT INTO workspace (agency_id, title, description) VALUES (%s, 'Acme', '')",
        [agency.agency_id],
    )


def _waiting(database: str) -> list[int]:
    """Wait until a request waits for a lock; give the process ids of those that do."""
    with psycopg.connect(plain_dsn(database), autocommit=True) as watching:
        name = watching.info.dbname
        for _ in range(3000):
            if found := watching.execute(_WAITS, [name]).fetchall():
                return [row[0] for row in found]
            watching.execute("SELECT pg_sleep(0.01)")
    raise AssertionError("no request waits")
