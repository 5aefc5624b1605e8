"""A workspace with one of everything, made through the API from a small file."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import text

from fakes.callers import WorkspaceFake
from headrace.db.engine import transaction

FRESHNESS = 3
"""The automated recipe template that takes accounts of every data source."""

ROWS = "day,campaign,spend,clicks\n2026-01-01,a,1.50,3\n2026-01-02,b,2.25,4\n"


@dataclass
class PipelineFake:
    """Ids of what a pipeline is made of; the file can be written anew."""

    workspace: WorkspaceFake
    file: Path
    connection_id: int
    account_id: int
    template_id: int
    extract_id: int
    data_table_id: int
    destination_id: str
    load_id: int
    endpoint_id: int
    delivery_id: int
    link_id: str
    automated_recipe_id: int

    def ids(self) -> dict[str, Any]:
        """Ids by the names that path parameters have."""
        run = self.workspace.get(f"/api/v3/extracts/{self.extract_id}/runs")["results"][0]
        return {
            "connection_id": self.connection_id,
            "account_id": self.account_id,
            "extract_id": self.extract_id,
            "data_table_id": self.data_table_id,
            "load_id": self.load_id,
            "destination_connection_id": self.destination_id,
            "run_id": run["id"],
            "endpoint_id": self.endpoint_id,
            "delivery_id": self.delivery_id,
            "link_id": self.link_id,
            "automated_recipe_id": self.automated_recipe_id,
            "recipe_template_id": FRESHNESS,
        }


def connect_file(workspace: WorkspaceFake, file: Path, **settings: Any) -> dict[str, Any]:
    """Connect a file of a folder that the settings opened."""
    given = {"url": file.as_uri(), **settings}
    answer: dict[str, Any] = workspace.post(
        "/api/v3/datasources/file_import/connections", {"settings": given}
    )
    return answer


def accounts_of(workspace: WorkspaceFake, connection_id: int) -> list[dict[str, Any]]:
    """The accounts of a connection."""
    found: list[dict[str, Any]] = workspace.get(f"/api/v3/connections/{connection_id}/accounts")[
        "results"
    ]
    return found


def whole_file_template(workspace: WorkspaceFake) -> int:
    """The id of the template for files."""
    found = workspace.get("/api/v3/datasources/file_import/extract-templates")["results"]
    template_id: int = found[0]["id"]
    return template_id


def new_pipeline(workspace: WorkspaceFake, folder: Path, title: str = "Orders") -> PipelineFake:
    """Connect a file, extract it, and load it into a DuckDB file; everything has run once."""
    file = folder / f"{title}-{workspace.id}.csv"
    file.write_text(ROWS)
    connection = connect_file(workspace, file)
    account = accounts_of(workspace, connection["id"])[0]
    template_id = whole_file_template(workspace)
    extract = workspace.post(
        "/api/v3.1/extracts/",
        {"data_table_title": title, "template_id": template_id, "accounts": [account["id"]]},
    )[0]
    destination = workspace.post(
        "/api/v3/destinations/duckdb/connections",
        {"title": "duck", "conenctions_params": {"path": f"ws{workspace.id}-{title}.duckdb"}},
    )
    workspace.run_everything()
    load = workspace.post(
        "/api/v3/loads",
        {
            "data_table_id": extract["data_table"]["id"],
            "destination_connection_id": destination["id"],
        },
    )
    workspace.call("PUT", f"/api/v3/loads/{load['id']}/run", json={})
    workspace.run_everything()
    return PipelineFake(
        workspace,
        file,
        connection["id"],
        account["id"],
        template_id,
        extract["id"],
        extract["data_table"]["id"],
        destination["id"],
        load["id"],
        *_webhook(workspace),
        _link(workspace),
        _automated_recipe(workspace, connection["id"]),
    )


def _automated_recipe(workspace: WorkspaceFake, connection_id: int) -> int:
    """An automated recipe that watches the file's table, and builds when it is asked to."""
    body = {
        "template_id": FRESHNESS,
        "connections": [{"connection_id": connection_id}],
        "trigger": "manual",
    }
    made = workspace.post("/api/v3/automated-recipes", body)
    return int(made["recipe_id"])


def _link(workspace: WorkspaceFake) -> str:
    """An external authentication link that nobody has used."""
    path = "/api/v3/datasources/file_import/external-auth-links"
    link_id: str = workspace.post(path, {"send_email": False})[0]["id"]
    return link_id


def _webhook(workspace: WorkspaceFake) -> tuple[int, int]:
    """An active endpoint where nobody listens, and a delivery that waits for it."""
    url = f"https://127.0.0.1:9/{uuid4()}"  # a workspace has an endpoint once
    body = {"url": url, "event_types": ["webhook_endpoint_disabled"]}
    endpoint = workspace.post("/api/v3/webhook_endpoints/", body)
    with transaction(workspace.resources.sessions) as session:
        statement = text("UPDATE webhook_endpoint SET status = 'active' WHERE id = :id")
        session.execute(statement, {"id": endpoint["id"]})
    delivery = workspace.post(f"/api/v3/webhook_endpoints/{endpoint['id']}/test")
    return endpoint["id"], delivery["id"]
