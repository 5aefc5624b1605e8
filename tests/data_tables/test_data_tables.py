"""Data tables through the API."""

from fakes.pipelines import PipelineFake


def test_detail_names_system_fields(pipeline: PipelineFake) -> None:
    table = pipeline.workspace.get(f"/api/v3/data-tables/{pipeline.data_table_id}/")
    assert table["workspace"] == pipeline.workspace.id
    assert table["freshness"] is not None
    system = [item["name"] for item in table["fields"] if item["is_system"]]
    assert system == ["account_id", "account_name", "__insert_date"]
    types = {item["name"]: item["field_type"] for item in table["fields"]}
    assert (types["day"], types["spend"], types["campaign"]) == ("date", "number", "string")


def test_lists_are_filtered(pipeline: PipelineFake) -> None:
    workspace = pipeline.workspace
    assert workspace.get("/api/v3/data-tables?datasource_name=file_import&search=ORD")["count"] == 1
    assert workspace.get("/api/v3/data-tables?datasource_name=facebook")["count"] == 0


def test_selected_fields_govern_what_loads_deliver(pipeline: PipelineFake) -> None:
    workspace, path = pipeline.workspace, f"/api/v3/data-tables/{pipeline.data_table_id}"
    answer = workspace.call("PUT", path, json={"selected_fields": ["day", "campaign", "clicks"]})
    assert answer.status_code == 200, answer.text
    selected = [item["name"] for item in answer.json()["fields"] if item["is_selected"]]
    assert selected == ["account_id", "account_name", "__insert_date", "day", "campaign", "clicks"]
    columns = [item["name"] for item in workspace.get(f"{path}/rows")["columns"]]
    assert "spend" not in columns


def test_dimensions_and_unknown_fields_are_refused(pipeline: PipelineFake) -> None:
    workspace, path = pipeline.workspace, f"/api/v3/data-tables/{pipeline.data_table_id}"
    for fields, words in ((["day", "clicks"], "campaign"), (["nonsense"], "nonsense")):
        answer = workspace.call("PUT", path, json={"selected_fields": fields})
        assert answer.status_code == 400
        assert words in answer.json()["details"]
    table = workspace.get(path)
    assert all(item["is_selected"] for item in table["fields"])


def test_titles_are_unique(pipeline: PipelineFake) -> None:
    workspace = pipeline.workspace
    body = {
        "data_table_title": "Second",
        "template_id": pipeline.template_id,
        "accounts": [pipeline.account_id],
    }
    second = workspace.post("/api/v3.1/extracts/", body)[0]["data_table"]["id"]
    taken = workspace.call("PUT", f"/api/v3/data-tables/{second}", json={"title": "Orders"})
    assert taken.status_code == 400
    renamed = workspace.call("PUT", f"/api/v3/data-tables/{second}", json={"title": "Third"})
    assert renamed.json()["title"] == "Third"


def test_rows_are_paged_and_counted(pipeline: PipelineFake) -> None:
    workspace, path = pipeline.workspace, f"/api/v3/data-tables/{pipeline.data_table_id}/rows"
    second = workspace.get(f"{path}?limit=1&page=2")
    assert (second["count"], [row["campaign"] for row in second["rows"]]) == (2, ["b"])
    assert workspace.get(f"{path}?limit=1&page=3")["rows"] == []
    assert workspace.call("GET", f"{path}?limit=1001").status_code == 400


def test_coverage_tells_what_was_read(pipeline: PipelineFake) -> None:
    path = f"/api/v3/data-tables/{pipeline.data_table_id}/coverage"
    covered = pipeline.workspace.get(path)
    assert covered == [
        {
            "account_id": pipeline.file.name,
            "ranges": [
                {
                    "date_from": None,
                    "date_to": None,
                    "state": "final",
                    "kept": None,
                    "run_id": None,
                    "is_doubted": False,
                }
            ],
        }
    ]
