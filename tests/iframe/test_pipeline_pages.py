"""The pages a pipeline is made and looked after with, as forms send them: no script is needed."""

import re

import duckdb
import pytest
from httpx import Response

from fakes.callers import AgencyFake, WorkspaceFake
from fakes.pipelines import PipelineFake, connect_file
from fakes.visitors import Visitor, in_frame, signed_in
from headrace.settings import Settings


@pytest.fixture
def visitor(agency: AgencyFake, workspace: WorkspaceFake) -> Visitor:
    """The agency's chief, signed in."""
    return signed_in(workspace, agency.username)


def followed(visitor: Visitor, answer: Response) -> Response:
    """The page a form leads to."""
    assert answer.status_code == 303, answer.text
    path = answer.headers["Location"].removeprefix(visitor.base)
    page = visitor.get(path)
    assert page.status_code == 200, page.text
    return page


def _id_in(answer: Response) -> str:
    return re.sub(r"\?.*", "", answer.headers["Location"]).rpartition("/")[2]


@pytest.mark.parametrize("with_frame", [False, True])
def test_every_page_of_a_pipeline(
    agency: AgencyFake, pipeline: PipelineFake, with_frame: bool
) -> None:
    workspace = pipeline.workspace
    one = in_frame(workspace) if with_frame else signed_in(workspace, agency.username)
    run = pipeline.ids()["run_id"]
    expected = {
        "/connections": "1 of 1",
        f"/connections/{pipeline.connection_id}": "Working",
        f"/connections/{pipeline.connection_id}/accounts": "1 account",
        f"/connections/{pipeline.connection_id}/delete": "Its credentials are erased",
        "/extracts": "Up to date",
        f"/extracts/{pipeline.extract_id}": "Every day at",
        f"/extracts/{pipeline.extract_id}/edit": "Time zone",
        f"/extracts/{pipeline.extract_id}/delete": "stay in their data table",
        "/extracts/new": "What do you want to read?",
        f"/extracts/new?connection_id={pipeline.connection_id}"
        f"&template_id={pipeline.template_id}": "Name of the data table",
        "/data-tables": "Orders",
        f"/data-tables/{pipeline.data_table_id}": "How fresh each account is",
        f"/data-tables/{pipeline.data_table_id}/rows": "2.25",
        f"/data-tables/{pipeline.data_table_id}/fields": "campaign",
        "/destinations": "duck",
        "/destinations/new": "PostgreSQL",
        "/destinations/new/postgre_sql": "Password",
        f"/destinations/{pipeline.destination_id}": "Working",
        f"/destinations/{pipeline.destination_id}/edit": "Change DuckDB",
        "/loads": "duck",
        "/loads/new": "Deliver what is there at once",
        f"/loads/{pipeline.load_id}": "Rows in the last run",
        f"/loads/{pipeline.load_id}/edit": "After each extraction",
        f"/loads/{pipeline.load_id}/delete": "Nothing more is delivered",
        "/runs": "Succeeded",
        f"/runs/{run}": "Rows written",
    }
    for path, words in expected.items():
        page = one.get(path)
        assert page.status_code == 200, (path, page.text)
        assert words in page.text, path
        assert f'href="{one.base}/extracts"' in page.text


def test_a_pipeline_by_forms_alone(
    visitor: Visitor, workspace: WorkspaceFake, settings: Settings
) -> None:
    file = settings.file_import_roots[0] / "orders.csv"
    file.write_text("day,campaign,spend\n2026-01-01,a,1.50\n2026-01-02,b,2.25\n")
    connection = connect_file(workspace, file, date_column="day")

    templates = visitor.get(f"/extracts/new?connection_id={connection['id']}").text
    template = re.search(r'name="template_id" value="(\d+)"', templates)
    assert template is not None
    form = {
        "connection_id": str(connection["id"]),
        "template_id": template[1],
        "data_table_title": "Orders",
        "which": "all",
        "interval": "week",
        "weekday": "2",
        "recurrence": "1",
        "hours": "7",
        "minutes": "30",
        "timezone": "Europe/Berlin",
    }
    rows = visitor.post("/extracts/new", form | {"do": "preview"})
    assert "2.25" in rows.text  # nothing is stored yet
    assert workspace.get("/api/v3/extracts")["count"] == 0
    made = visitor.post("/extracts/new", form | {"do": "create"})
    extract_id = _id_in(made)
    assert "Every week on Wednesday at 7:30" in followed(visitor, made).text
    workspace.run_everything()
    assert "Up to date" in visitor.get(f"/extracts/{extract_id}").text

    params = {"title": "Shelf", "connection_params.path": f"shelf-{workspace.id}.duckdb"}
    connected = visitor.post("/destinations/new/duckdb", params)
    assert "Being checked" in followed(visitor, connected).text
    workspace.run_everything()
    destination = _id_in(connected)
    assert "Working" in visitor.get(f"/destinations/{destination}").text

    table = workspace.get(f"/api/v3/extracts/{extract_id}")["data_table"]["id"]
    load = {
        "data_table_id": str(table),
        "destination_connection_id": destination,
        "destination_table": "orders",
        "run_policy": "after_extraction",
        "runs_now": "true",
    }
    created = visitor.post("/loads/new", load)
    assert created.status_code == 303, created.text
    workspace.run_everything()
    assert "Up to date" in visitor.get(f"/loads/{_id_in(created)}").text
    assert settings.local_files_root is not None
    with duckdb.connect(str(settings.local_files_root / f"shelf-{workspace.id}.duckdb")) as shelf:
        found = shelf.execute("SELECT sum(spend) FROM orders").fetchone()
    assert found is not None
    assert float(found[0]) == 3.75


def test_what_a_form_refuses_stands_at_its_field(visitor: Visitor, pipeline: PipelineFake) -> None:
    path = f"/extracts/{pipeline.extract_id}/edit"
    form = {"interval": "day", "recurrence": "1", "hours": "6", "minutes": "0"}
    refused = visitor.post(path, form | {"timezone": "Mars/Olympus"})
    assert refused.status_code == 400
    assert "is not an IANA time zone" in refused.text
    assert "Mars/Olympus" in refused.text
    assert followed(visitor, visitor.post(path, form | {"timezone": "Asia/Tokyo"}))
    found = pipeline.workspace.get(f"/api/v3/extracts/{pipeline.extract_id}")
    assert found["scheduling"][0]["timezone"] == "Asia/Tokyo"


def test_a_refusal_is_said_in_the_visitors_language(
    agency: AgencyFake, pipeline: PipelineFake
) -> None:
    workspace = pipeline.workspace
    visitor = signed_in(workspace, agency.username)
    path = f"/extracts/{pipeline.extract_id}/edit"
    form = {"interval": "day", "recurrence": "x", "hours": "6", "minutes": "0"}
    refused = visitor.post(path, form | {"timezone": "Mars/<Olympus>"}, {"Accept-Language": "de"})
    assert refused.status_code == 400
    problems = re.findall(
        r'<p class="problem" id="(f-\w+)-wrong">.*?</span>(.*?)</p>', refused.text
    )
    assert dict(problems) == {
        "f-recurrence": "Muss eine ganze Zahl sein.",
        "f-timezone": "„Mars/&lt;Olympus&gt;“ ist keine IANA-Zeitzone wie Europe/Berlin.",
    }
    # Whatever language the caller has, the API speaks English.
    answer = workspace.client.patch(
        f"/api/v3/extracts/{pipeline.extract_id}",
        json={"scheduling": [form | {"timezone": "Mars/<Olympus>"}]},
        headers=workspace.headers | {"Accept-Language": "de"},
    )
    assert answer.status_code == 400
    assert answer.json()["errors"] == {
        "scheduling.0.recurrence": [
            "Input should be a valid integer, unable to parse string as an integer"
        ],
        "scheduling.0.timezone": [
            "'Mars/<Olympus>' is not an IANA time zone such as Europe/Berlin"
        ],
    }


def test_a_services_refusal_is_said_in_the_visitors_language(
    agency: AgencyFake, pipeline: PipelineFake
) -> None:
    workspace = pipeline.workspace
    visitor = signed_in(workspace, agency.username)
    paused = workspace.call("PUT", f"/api/v3/loads/{pipeline.load_id}/pause")
    assert paused.status_code == 200, paused.text
    page = visitor.post(f"/loads/{pipeline.load_id}/run", headers={"Accept-Language": "de"})
    assert page.status_code == 400
    assert "Die Lieferung ist angehalten; setzen Sie sie fort, bevor Sie sie starten." in page.text
    answer = workspace.call("PUT", f"/api/v3/loads/{pipeline.load_id}/run", json={})
    assert answer.json() == {
        "details": f"Load {pipeline.load_id} is paused; unpause it before running it."
    }


def test_a_form_changes_the_schedule_it_shows_and_no_other(
    visitor: Visitor, pipeline: PipelineFake
) -> None:
    here = f"/loads/{pipeline.load_id}"
    rules = [{"interval": "day", "hours": 6}, {"interval": "week", "days": 2, "hours": 20}]
    body = {"run_policy": "schedule", "scheduling": rules}
    saved = pipeline.workspace.call("PUT", f"/api/v3{here}", json=body)
    assert saved.status_code == 200, saved.text
    form = {"interval": "day", "recurrence": "1", "hours": "9", "minutes": "0", "timezone": "UTC"}
    answer = visitor.post(here + "/edit", form | {"run_policy": "schedule"})
    followed(visitor, answer)
    after = pipeline.workspace.get(f"/api/v3{here}")["scheduling"]
    assert [one["hours"] for one in after] == [9, 20]
    assert after[1] == saved.json()["scheduling"][1]


def test_acts_on_an_extract(visitor: Visitor, pipeline: PipelineFake) -> None:
    here = f"/extracts/{pipeline.extract_id}"
    assert "Resume" in followed(visitor, visitor.post(here + "/pause")).text
    assert visitor.post(here + "/run").status_code == 400
    assert "Pause" in followed(visitor, visitor.post(here + "/unpause")).text
    reversed_days = visitor.post(
        here + "/run", {"date_from": "2026-02-02", "date_to": "2026-01-01"}
    )
    assert reversed_days.status_code == 400
    assert "must not be after" in reversed_days.text
    assert "Running" in followed(visitor, visitor.post(here + "/run")).text
    run = pipeline.ids()["run_id"]
    assert "Cancelled" in followed(visitor, visitor.post(f"/runs/{run}/cancel")).text
    again = followed(visitor, visitor.post(f"/runs/{run}/retry"))
    assert f"Run {run}" in again.text
    pipeline.workspace.run_everything()
    assert followed(visitor, visitor.post(here + "/delete"))
    assert visitor.get(here).status_code == 404


def test_acts_on_a_load_and_its_table(visitor: Visitor, pipeline: PipelineFake) -> None:
    here = f"/loads/{pipeline.load_id}"
    assert "Resume" in followed(visitor, visitor.post(here + "/pause")).text
    assert "Deliver now" in followed(visitor, visitor.post(here + "/unpause")).text
    form = {"run_policy": "schedule", "interval": "day", "recurrence": "1", "hours": "5"}
    saved = visitor.post(here + "/edit", form | {"minutes": "15", "timezone": "UTC"})
    assert "5:15" in followed(visitor, saved).text
    assert "Running" in followed(visitor, visitor.post(here + "/run", {"full": "true"})).text
    pipeline.workspace.run_everything()
    table = f"/data-tables/{pipeline.data_table_id}/fields"
    followed(visitor, visitor.post(table, {"fields": ["day", "campaign", "spend"]}))
    fields = pipeline.workspace.get(f"/api/v3/data-tables/{pipeline.data_table_id}")["fields"]
    assert "clicks" not in {item["name"] for item in fields if item["is_selected"]}
    followed(visitor, visitor.post(here + "/delete"))
    assert visitor.get(here).status_code == 404


def test_accounts_that_are_not_ticked_are_closed(visitor: Visitor, pipeline: PipelineFake) -> None:
    path = f"/connections/{pipeline.connection_id}/accounts"
    followed(visitor, visitor.post(path, {"shown": [str(pipeline.account_id)]}))
    accounts = pipeline.workspace.get("/api/v3" + path)["results"]
    assert accounts[0]["enabled_for_embedded_extraction"] is False
    assert "No account" not in visitor.get(path + "?show=disabled").text
    both = {"shown": [str(pipeline.account_id)], "enabled": [str(pipeline.account_id)]}
    followed(visitor, visitor.post(path, both))
    assert pipeline.workspace.get("/api/v3" + path)["results"][0]["enabled_for_embedded_extraction"]


def test_deleting_a_connection_asks_first(visitor: Visitor, pipeline: PipelineFake) -> None:
    here = f"/connections/{pipeline.connection_id}"
    assert "Delete" in visitor.get(here).text
    page = followed(visitor, visitor.post(here + "/delete"))
    assert "The connection is deleted" in page.text
    assert visitor.get(here).status_code == 404


def test_a_destinations_secret_stays_where_it_is_left_empty(
    visitor: Visitor, workspace: WorkspaceFake
) -> None:
    params = {"host": "db.example.com", "database": "d", "user": "u", "password": "s3cret-canary"}
    form = {f"connection_params.{name}": value for name, value in params.items()}
    made = visitor.post("/destinations/new/postgre_sql", form | {"title": "Marts"})
    destination = _id_in(made)
    page = visitor.get(f"/destinations/{destination}/edit").text
    assert "s3cret-canary" not in page  # S29
    changed = form | {"title": "Marts", "connection_params.password": ""}
    followed(visitor, visitor.post(f"/destinations/{destination}/edit", changed))
    shown = workspace.get(f"/api/v3/destinations/postgre_sql/connections/{destination}")
    assert shown["connection_params"]["password"] == "********"


def test_another_workspace_sees_nothing_of_it(  # S01 S16
    other_workspace: WorkspaceFake, pipeline: PipelineFake
) -> None:
    stranger = in_frame(other_workspace)
    for path in (
        f"/connections/{pipeline.connection_id}",
        f"/extracts/{pipeline.extract_id}",
        f"/extracts/new?connection_id={pipeline.connection_id}&template_id={pipeline.template_id}",
        f"/data-tables/{pipeline.data_table_id}",
        f"/data-tables/{pipeline.data_table_id}/rows",
        f"/destinations/{pipeline.destination_id}",
        f"/loads/{pipeline.load_id}",
        f"/runs/{pipeline.ids()['run_id']}",
    ):
        page = stranger.get(path)
        assert page.status_code == 404 or "No connection can be read" in page.text, path
        assert "Orders" not in page.text
    assert stranger.post(f"/extracts/{pipeline.extract_id}/delete").status_code == 404
    assert pipeline.workspace.get(f"/api/v3/extracts/{pipeline.extract_id}")


def test_titles_and_errors_are_inert(  # S53
    visitor: Visitor, workspace: WorkspaceFake, settings: Settings
) -> None:
    file = settings.file_import_roots[0] / "<img src=x onerror=alert(1)>.csv"
    file.write_text("a,b\n1,2\n")
    connection = connect_file(workspace, file)
    page = visitor.get(f"/connections/{connection['id']}/accounts").text
    assert "<img src=x" not in page
    assert "&lt;img src=x" in page
