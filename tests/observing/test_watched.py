"""A whole flow on real processes, as those see it who watch: metrics, traces, logs; no secret."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

import psycopg
import pytest
from prometheus_client.parser import text_string_to_metric_families

from connectors.facebook.asking import campaign_row
from e2e.comparing import days_ago
from fakes.api_callers import RemoteWorkspace, half_a_day_away, wait_for
from fakes.graph_api import TOKEN
from fakes.receiver import Receiver, receiving
from fakes.server import eventually
from headrace.client import ApiError, models
from observing.conftest import CHIEF, Watched

ROWS = 2
PASSWORD = "canary-5d1c-destination"
WRONG_PASSWORD = "canary-77e0-wrong"
WRONG_TOKEN = "EAAcanary91ab"
CANARIES = (TOKEN, PASSWORD, WRONG_PASSWORD, WRONG_TOKEN)
_LABELS = {
    "kind", "state", "outcome", "error_class", "what", "method", "route", "status", "le", "agency_id",
}  # fmt: skip


@dataclass
class Flow:
    """What the flow left, and the secrets that the server made on its way."""

    workspace: RemoteWorkspace
    extract: models.Extract
    load: models.Load
    made_secrets: tuple[str, ...]


@pytest.fixture(scope="module")
def warehouse(make_database: Callable[[], str]) -> Iterator[str]:
    """A database in which the role `loader` may write."""
    url = make_database()
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as owner:
        owner.execute(f"CREATE ROLE loader LOGIN PASSWORD '{PASSWORD}'")
        owner.execute("GRANT ALL ON SCHEMA public TO loader")
        yield url
        owner.execute("DROP OWNED BY loader; DROP ROLE loader")


@pytest.fixture(scope="module")
def receiver(watched: Watched) -> Iterator[Receiver]:
    """A webhook receiver."""
    with receiving(watched.authority.server("127.0.0.1")) as running:
        yield running


@pytest.fixture(scope="module")
def flow(watched: Watched, warehouse: str, receiver: Receiver) -> Flow:
    """From a connection to a delivered event; then what goes wrong when secrets are no longer good."""
    watched.graph.add_rows(
        "111", "campaign",
        [campaign_row(number, date.fromisoformat(days_ago(1))) for number in range(ROWS)],
    )  # fmt: skip
    workspace = watched.server.new_workspace(CHIEF)
    endpoint = workspace.api.create_webhook_endpoint(
        models.WebhookEndpointCreateRequest(url=receiver.url(), event_types=["load_completed"])
    )
    workspace.api.verify_webhook_endpoint(endpoint.id)
    made = workspace.api.create_connection(
        "facebook", models.ConnectionIn(credentials={"access_token": TOKEN})
    )
    account = workspace.api.list_accounts(made.id).results[0]
    template = workspace.template("Campaigns, daily", "facebook")
    (extract,) = workspace.api.create_extracts(
        models.ExtractIn(
            data_table_title="Campaigns",
            template_id=template.id,
            accounts=[account.id],
            template_settings=models.TemplateSettings(
                sync_historical_data=date.fromisoformat(days_ago(2)),
                scheduling=[half_a_day_away()],
            ),
        )
    )
    workspace.wait_extract(extract)
    destination = workspace.connect_destination("postgre_sql", **_params(warehouse, PASSWORD))
    load = workspace.load(extract, destination, "campaigns")
    workspace.run_load(load)
    eventually(lambda: receiver.deliveries, "the event is delivered")
    _go_wrong(watched, workspace, extract, load, warehouse)
    return Flow(workspace, extract, load, (str(endpoint.secret),))


def _params(warehouse: str, password: str) -> dict[str, object]:
    found = psycopg.conninfo.conninfo_to_dict(warehouse.replace("+psycopg", ""))
    return {
        "host": "127.0.0.1", "port": int(str(found["port"])), "database": found["dbname"],
        "schema": "public", "user": "loader", "password": password, "ssl_mode": "disable",
    }  # fmt: skip


def _go_wrong(
    watched: Watched,
    workspace: RemoteWorkspace,
    extract: models.Extract,
    load: models.Load,
    warehouse: str,
) -> None:
    with pytest.raises(ApiError) as refused:
        workspace.api.create_connection(
            "facebook", models.ConnectionIn(credentials={"access_token": WRONG_TOKEN})
        )
    assert WRONG_TOKEN not in str(refused.value)
    with pytest.raises(AssertionError) as unfit:
        workspace.connect_destination("postgre_sql", **_params(warehouse, WRONG_PASSWORD))
    assert WRONG_PASSWORD not in str(unfit.value)
    watched.graph.revoke()  # and its answer repeats the token
    workspace.api.run_extract(extract.id)
    wait_for(lambda: workspace.api.get_extract(extract.id), "error")
    with psycopg.connect(warehouse.replace("+psycopg", ""), autocommit=True) as owner:
        owner.execute("ALTER ROLE loader PASSWORD 'another'")
        workspace.start_load(load, full=True)
        wait_for(lambda: workspace.api.get_load(load.id), "error")
        owner.execute(f"ALTER ROLE loader PASSWORD '{PASSWORD}'")


def test_a_worker_counts_what_it_did(watched: Watched, flow: Flow) -> None:
    value = watched.value
    finished = "headrace_runs_finished_total"
    assert value("worker", finished, kind="extract", outcome="succeeded") == 1
    assert value("worker", finished, kind="extract", outcome="failed") == 1
    assert value("worker", finished, kind="load", outcome="succeeded") == 1
    assert value("worker", "headrace_run_rows_total", kind="extract", what="written") == ROWS
    assert value("worker", "headrace_run_rows_total", kind="load", what="written") == ROWS
    assert value("worker", "headrace_run_bytes_total", kind="extract") > 0
    errors = "headrace_run_errors_total"
    assert value("worker", errors, kind="extract", error_class="Reauthorize") == 1
    assert value("worker", "headrace_run_seconds_count", kind="load") == 2
    assert value("worker", "headrace_run_start_seconds_count", kind="extract") == 2
    delivered = "headrace_webhook_attempts_total"
    assert eventually(lambda: value("worker", delivered, outcome="delivered"), "it is counted") == 1


def test_a_web_process_counts_requests_by_template(watched: Watched, flow: Flow) -> None:
    requests = "headrace_http_requests_total"
    asked = {"route": "/api/v3/extracts/{extract_id}", "method": "GET"}
    before = watched.value("web", requests, status="200", **asked)
    assert before > 0
    flow.workspace.api.get_extract(flow.extract.id)
    with pytest.raises(ApiError):
        flow.workspace.api.get_extract(10**9)
    assert watched.value("web", requests, status="200", **asked) == before + 1
    assert watched.value("web", requests, status="404", **asked) == 1
    assert watched.value("web", "headrace_http_request_seconds_count", **asked) == before + 2


def test_the_state_of_the_whole_shows_at_every_process(watched: Watched, flow: Flow) -> None:
    for process in ("web", "worker"):
        assert watched.value(process, "headrace_database_up") == 1
        assert watched.value(process, "headrace_workers") == 1
        assert watched.value(process, "headrace_queue_age_seconds") == 0
        assert watched.value(process, "headrace_schedule_lag_seconds") == 0
        assert watched.value(process, "headrace_database_connections", state="most") > 0
    ages = watched.value("web", "headrace_freshness_age_seconds")
    assert 0 < ages < 86_400


def test_labels_name_no_customer(watched: Watched, flow: Flow) -> None:  # S99
    for process in ("web", "worker"):
        for family in text_string_to_metric_families(watched.page(process)):
            for sample in family.samples:
                assert set(sample.labels) <= _LABELS, sample
                for label, value in sample.labels.items():
                    is_word = label != "le" and not re.search(r"[0-9]{4}|127|example|Shop", value)
                    assert label == "le" or is_word, sample


def test_a_run_goes_on_the_trace_of_the_request_that_asked_for_it(
    watched: Watched, flow: Flow
) -> None:
    traces = watched.traces
    asked = "POST /api/v3/extracts/{extract_id}/run"
    (request,) = eventually(lambda: traces.named(asked), "the request's span comes")
    assert request.process == "web"
    failed = eventually(
        lambda: [span for span in traces.named("run extract") if span.trace == request.trace],
        "the run's span comes",
    )
    assert [span.is_failed for span in failed] == [True]
    assert failed[0].process == "worker"
    assert failed[0].attributes["error.type"] == "Reauthorize"
    units = eventually(lambda: traces.named("unit"), "the load's spans come")
    assert traces.path_of(units[0])[-2:] == ["run load", "unit"]
    assert traces.path_of(units[0])[0].startswith("PUT /api/v3/loads/{load_id}/run")
    (window,) = (span for span in traces.named("window") if not span.is_failed)
    assert window.attributes["headrace.days"]
    calls = eventually(lambda: traces.named("GET 127.0.0.1"), "calls to the source come")
    assert traces.path_of(calls[0])[0].startswith("POST /api/v3/datasources/")
    assert "url.full" not in calls[0].attributes
    assert eventually(lambda: traces.named("webhook attempt"), "the attempt's span comes")


def test_log_lines_say_whose_they_are(watched: Watched, flow: Flow) -> None:
    lines = [json.loads(line) for line in watched.server.log("worker").splitlines()]
    told = [line for line in lines if line["event"] in ("run started", "run did not finish")]
    assert {"run_id", "workspace_id"} <= set.intersection(*map(set, told))
    assert {line["workspace_id"] for line in told} == {flow.workspace.id}
    assert len({line["trace_id"] for line in told}) > 1


def test_no_secret_is_told_to_anybody(
    watched: Watched, flow: Flow, receiver: Receiver
) -> None:  # S99
    server = watched.server
    told = {
        "logs": server.log("web") + server.log("worker"),
        "metrics": watched.page("web") + watched.page("worker"),
        "traces": "".join(body.decode("latin-1") for body in watched.traces.bodies),
        "events": "".join(got.body.decode() for got in receiver.deliveries),
        "runs": str(server.query("SELECT error_text, params FROM run")),
        "subjects": str(server.query("SELECT error_text FROM extract UNION ALL "
                                     "SELECT error_text FROM load UNION ALL "
                                     "SELECT error_text FROM destination_connection")),
        "audit": str(server.query("SELECT * FROM audit_entry")),
        "deliveries": str(server.query("SELECT * FROM webhook_delivery")),
        "kept events": str(server.query("SELECT * FROM event")),
        "jobs": str(server.query("SELECT args FROM procrastinate_jobs")),
    }  # fmt: skip
    for place, text in told.items():
        assert text, place
        for canary in (*CANARIES, *flow.made_secrets):
            assert canary not in text, f"{place} tell {canary}"
