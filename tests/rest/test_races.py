"""Two requests at one moment: one wins, the other is told so."""

from concurrent.futures import ThreadPoolExecutor

import psycopg
from fastapi.testclient import TestClient

from fakes.callers import AgencyFake
from headrace.app import create_app
from headrace.db.engine import plain_dsn
from headrace.rest.resources import open_resources
from headrace.settings import Settings

_WAITS = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = %s"


def _wait_for_a_waiting_request(database: str) -> None:
    with psycopg.connect(plain_dsn(database), autocommit=True) as watching:
        name = watching.info.dbname
        while watching.execute(_WAITS, [name]).fetchone() == (0,):
            watching.execute("SELECT pg_sleep(0.01)")


def test_a_title_taken_meanwhile_is_a_conflict(settings: Settings, committed_database: str) -> None:
    resources = open_resources(settings, committed_database, threads=2)
    app = create_app(settings, resources)
    with TestClient(app, raise_server_exceptions=False) as client, ThreadPoolExecutor() as pool:
        agency = AgencyFake.create(resources, client)
        with psycopg.connect(plain_dsn(committed_database)) as other:
            other.execute(
                "INSERT INTO workspace (agency_id, title, description) VALUES (%s, 'Acme', '')",
                [agency.agency_id],
            )
            asked = pool.submit(agency.call, "POST", "/api/v3/workspaces", json={"title": "Acme"})
            _wait_for_a_waiting_request(committed_database)
        answer = asked.result()
        assert answer.status_code == 409
        assert "at the same moment" in answer.json()["details"]
        again = agency.call("POST", "/api/v3/workspaces", json={"title": "Acme"})
        assert again.status_code == 400
    resources.engine.dispose()
