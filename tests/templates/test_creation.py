"""Templates of an agency's own: what is kept, and every refusal of contract 4.9."""

from typing import Any

import pytest
from sqlalchemy.orm import Session

from fakes.callers import AgencyFake, WorkspaceFake
from fakes.pipelines import connect_file
from headrace.templates.models import ExtractTemplate
from headrace.templates.queries import store_custom
from templates.conftest import TEMPLATES, ConnectedFake, connect

DAILY = {"interval": "day", "hours": 6}


def test_what_is_left_out_is_the_parents_and_mandatory_fields_come_back(
    connected: ConnectedFake,
) -> None:
    made = connected.create(description="What we need")
    assert made["title"] == "Mine"
    assert made["is_wide_template"] is False
    detail = connected.workspace.get(f"{TEMPLATES}/{made['id']}")
    chosen = [item["name"] for item in detail["fields"] if item["selected"]]
    assert set(chosen) == {"date", "campaign_id", "campaign_name", "spend"}  # A12
    assert detail["is_global"] is False
    assert detail["parent_id"] == connected.template("Campaigns by day")
    assert detail["sql_name"] == "demo_ads_mine"
    assert detail["hashed_fields"] == []
    assert detail["historical_data_depth_limit"] == 365
    params = {item["name"]: item["initial_value"] for item in detail["additional_params"]}
    assert params == {"attribution": "7d_click", "conversion_actions": []}
    listed = connected.workspace.get(f"{TEMPLATES}?type=custom")
    assert [item["id"] for item in listed["results"]] == [made["id"]]


def test_everything_that_is_said_is_kept(connected: ConnectedFake) -> None:
    made = connected.create(
        hashed_fields=["campaign_name"],
        historical_data_depth_limit=30,
        additional_params={"attribution": "1d_click"},
        scheduling=[DAILY],
    )
    detail = connected.workspace.get(f"{TEMPLATES}/{made['id']}")
    assert detail["hashed_fields"] == ["campaign_name"]
    assert detail["historical_data_depth_limit"] == 30
    assert detail["additional_params"][0]["initial_value"] == "1d_click"
    assert detail["scheduling"][0]["hours"] == 6


@pytest.mark.parametrize(
    ("body", "field", "says"),
    [
        ({"title": " "}, "title", "at least 1"),
        ({"parent_id": 2**40}, "parent_id", "no global template"),
        ({"fields": ["campaign_id", "cost"]}, "fields", "'cost'"),
        ({"fields": []}, "fields", "at least one"),
        ({"hashed_fields": ["revenue"]}, "hashed_fields", "'revenue'"),
        ({"hashed_fields": ["date"]}, "hashed_fields", "'date' cannot be hashed"),
        ({"additional_params": {"colour": 1}}, "additional_params", "'colour'"),
        ({"additional_params": {"attribution": "9d"}}, "additional_params", "7d_click"),
        ({"scheduling": [DAILY, DAILY]}, "scheduling", "at most 1"),
        ({"scheduling": [{"interval": "week", "days": 9}]}, "scheduling.0", "0 to 6"),
        ({"scheduling": []}, "scheduling", "at least 1"),
        ({"historical_data_depth_limit": 0}, "historical_data_depth_limit", "greater"),
    ],
)
def test_refusals_name_their_field(
    connected: ConnectedFake, body: dict[str, Any], field: str, says: str
) -> None:
    refusal = connected.create(400, **body)
    assert list(refusal["errors"]) == [field]
    assert says in refusal["details"]


def test_a_title_is_taken_once_in_the_agency(
    connected: ConnectedFake, agency: AgencyFake, other_workspace: WorkspaceFake
) -> None:
    connected.create()
    sibling = connect(agency.new_workspace())
    assert "already" in sibling.create(400, title=" Mine ")["details"]
    assert connect(other_workspace).create()["title"] == "Mine"


def test_of_two_at_the_same_moment_one_gets_the_title(
    connected: ConnectedFake, session: Session
) -> None:
    made = session.get_one(ExtractTemplate, connected.create()["id"])
    values = {
        name: getattr(made, name)
        for name in ExtractTemplate.__table__.columns.keys()  # noqa: SIM118 - not a mapping
        if name not in ("id", "created_at")
    }
    assert store_custom(session, values) is None
    assert store_custom(session, values | {"title": "Another"}) is not None


def test_a_parent_is_a_global_one_of_the_same_source(connected: ConnectedFake) -> None:
    own = connected.create()
    assert "parent_id" in connected.create(400, parent_id=own["id"], title="Child")["errors"]
    facebook = "/api/v3/datasources/facebook/extract-templates"
    other = connected.workspace.get(facebook)["results"][0]["id"]
    assert "parent_id" in connected.create(400, parent_id=other)["errors"]


def test_fields_of_some_accounts_are_not_kept(connected: ConnectedFake) -> None:
    path = "/api/v3/datasources/facebook/extract-templates"
    parent = connected.workspace.get(path, search="Campaigns, daily")["results"][0]["id"]
    body = {"parent_id": parent, "title": "Dynamic", "fields": ["actions:anything"]}
    refusal = connected.workspace.post(path, body, 400)
    assert "dynamic_fields" in refusal["errors"]["fields"][0]


def test_depth_needs_days(connected: ConnectedFake) -> None:
    refusal = connected.create(
        400, "Account today", fields=["status"], historical_data_depth_limit=3
    )
    assert "no days" in refusal["details"]


WIDE = "Any dimensions and metrics"


def test_a_wide_template_is_checked_with_its_source(connected: ConnectedFake) -> None:
    fields = ["device", "campaign_name", "spend"]
    made = connected.create(parent=WIDE, fields=fields, connection_id=connected.connection_id)
    assert made["is_wide_template"] is True
    detail = connected.workspace.get(f"{TEMPLATES}/{made['id']}")
    assert detail["is_created_from_wide"] is True
    assert detail["allow_to_select_dimensions"] is False
    refusal = connected.create(
        400,
        WIDE,
        title="Unfit",
        fields=["device", "country", "spend"],
        connection_id=connected.connection_id,
    )
    assert "device and country cannot be combined" in refusal["errors"]["fields"][0]
    assert connected.workspace.get(f"{TEMPLATES}?type=custom")["count"] == 1


def test_a_wide_template_needs_a_good_connection(
    connected: ConnectedFake, other_workspace: WorkspaceFake, imports: Any
) -> None:
    (imports / "a.csv").write_text("day,x\n2026-01-01,1\n")
    file = connect_file(connected.workspace, imports / "a.csv")
    foreign = connect(other_workspace).connection_id
    wrong = {None: "needs a connection", foreign: "no connection", file["id"]: "is of file_import"}
    for connection_id, says in wrong.items():
        refusal = connected.create(
            400, WIDE, fields=["device", "spend"], connection_id=connection_id
        )
        assert says in refusal["errors"]["connection_id"][0]


def test_a_viewer_creates_none(agency: AgencyFake, connected: ConnectedFake) -> None:
    viewer = ConnectedFake(agency.member(connected.workspace, "viewer"), connected.connection_id)
    viewer.create(403)


def test_a_template_is_renamed_and_retired_by_its_agency_alone(
    connected: ConnectedFake, other_workspace: WorkspaceFake
) -> None:
    workspace = connected.workspace
    mine, other = connected.create()["id"], connected.create(title="Other")["id"]
    answer = workspace.call("PATCH", f"{TEMPLATES}/{mine}", json={"title": "Ours"})
    assert answer.json()["title"] == "Ours"
    taken = workspace.call("PATCH", f"{TEMPLATES}/{mine}", json={"title": "Other"})
    assert taken.status_code == 400
    for method in ("PATCH", "DELETE", "GET"):
        options = {"json": {"title": "Theirs"}} if method == "PATCH" else {}
        foreign = other_workspace.call(method, f"{TEMPLATES}/{mine}", **options)
        assert foreign.status_code == 404
        if method != "GET":
            shared = connected.template("Campaigns by day")
            assert workspace.call(method, f"{TEMPLATES}/{shared}", **options).status_code == 403
    assert workspace.call("DELETE", f"{TEMPLATES}/{other}").status_code == 204
    assert workspace.call("GET", f"{TEMPLATES}/{other}").status_code == 404
    connected.create(title="Other")


def test_extracts_take_their_templates_choices(connected: ConnectedFake) -> None:
    made = connected.create(
        hashed_fields=["campaign_name"], scheduling=[DAILY], historical_data_depth_limit=2
    )
    account = connected.accounts["demo-1001"]
    body = {"data_table_title": "Hidden", "template_id": made["id"], "accounts": [account]}
    extract = connected.workspace.post("/api/v3.1/extracts/", body)[0]
    assert extract["scheduling"][0]["hours"] == 6
    connected.workspace.run_everything()
    connected.workspace.call("DELETE", f"{TEMPLATES}/{made['id']}")
    table = extract["data_table"]["id"]
    rows = connected.workspace.get(f"/api/v3/data-tables/{table}/rows")
    assert 0 < rows["count"] <= 3 * 4
    assert all(len(row["campaign_name"]) == 64 for row in rows["rows"])
    again = connected.workspace.get(f"/api/v3/extracts/{extract['id']}")
    assert again["template_id"] == made["id"]
