"""A workspace with accounts at advertising platforms, and its automated recipes."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import msgspec
from sqlalchemy import text

from fakes.ads_network import AdsNetwork, demo_token
from fakes.callers import WorkspaceFake
from headrace.db.engine import transaction

RECIPES = "/api/v3/automated-recipes"
FIRST_DAY = "2026-11-10"
FIGURES = ("spend", "impressions", "clicks", "conversions", "revenue")


@dataclass
class Advertiser:
    """A workspace with accounts at platforms, and what it asks of automated recipes."""

    workspace: WorkspaceFake
    connections: dict[str, int] = field(default_factory=dict)

    def connect(self, source: str, **body: Any) -> dict[str, int]:
        """Connect a platform; gives the ids of its accounts by the ids they have there."""
        path = f"/api/v3/datasources/{source}/connections"
        self.connections[source] = self.workspace.post(path, body)["id"]
        return self.accounts(source)

    def accounts(self, source: str) -> dict[str, int]:
        """The ids of the accounts of a platform by the ids they have there."""
        path = f"/api/v3/connections/{self.connections[source]}/accounts"
        return {one["account_id"]: one["id"] for one in self.workspace.get(path)["results"]}

    def choice(self, source: str, *remote_ids: str) -> dict[str, Any]:
        """Some accounts of a platform, as a body names them."""
        accounts = self.accounts(source)
        return {
            "connection_id": self.connections[source],
            "accounts": [accounts[one] for one in remote_ids],
        }

    def create(self, *choices: dict[str, Any], status: int = 201, **body: Any) -> Any:
        """Create a recipe; what is not said is chosen."""
        given = {"template_id": 1, "sync_from_date": FIRST_DAY, "connections": list(choices)}
        return self.workspace.post(RECIPES, given | body, status)

    def update(self, recipe: dict[str, Any], status: int = 200, **body: Any) -> Any:
        """Change a recipe."""
        answer = self.workspace.call("PUT", f"{RECIPES}/{recipe['recipe_id']}", json=body)
        assert answer.status_code == status, answer.text
        return answer.json()

    def build(self, recipe: dict[str, Any]) -> dict[str, Any]:
        """Ask for a build."""
        found: dict[str, Any] = self.workspace.post(
            f"{RECIPES}/{recipe['recipe_id']}/build", None, 200
        )
        return found

    def detail(self, recipe: dict[str, Any]) -> dict[str, Any]:
        """The recipe as it stands."""
        found: dict[str, Any] = self.workspace.get(f"{RECIPES}/{recipe['recipe_id']}")
        return found

    def runs(self, recipe: dict[str, Any]) -> list[dict[str, Any]]:
        """Its builds, newest first."""
        found: list[dict[str, Any]] = self.workspace.get(f"{RECIPES}/{recipe['recipe_id']}/runs")[
            "results"
        ]
        return found

    def rows(self, recipe: dict[str, Any]) -> list[dict[str, Any]]:
        """The rows of its table."""
        table_id = self.detail(recipe)["datatable_id"]
        found: list[dict[str, Any]] = self.workspace.get(
            f"/api/v3/data-tables/{table_id}/rows", limit=1000
        )["rows"]
        return found

    def extracts(self) -> list[dict[str, Any]]:
        """The extracts of the workspace."""
        found: list[dict[str, Any]] = self.workspace.get("/api/v3/extracts")["results"]
        return found

    def make_due(self) -> None:
        """Let the time pass that waiting runs wait for."""
        with transaction(self.workspace.resources.sessions) as session:
            session.execute(text("UPDATE run SET due_at = now() WHERE status = 'waiting'"))

    def events(self) -> list[dict[str, Any]]:
        """What was told of transformations in the workspace, in order."""
        statement = text(
            "SELECT body FROM event WHERE workspace_id = :id AND type LIKE 'transformation%' "
            "ORDER BY id"
        )
        with transaction(self.workspace.resources.sessions) as session:
            rows = session.execute(statement, {"id": self.workspace.id})
            return [msgspec.json.decode(row.body) for row in rows]


def network_totals(network: AdsNetwork, account_id: str, day: str) -> dict[str, Decimal]:
    """What the network itself says of an account's day."""
    http, token = network.access().http, demo_token(network)
    answer = http.request(
        "GET",
        f"{network.base_url}/v1/accounts/{account_id}/totals",
        query={"level": "campaign", "date_from": day, "date_to": day},
        headers={"Authorization": f"Bearer {token}"},
    )
    found = msgspec.json.decode(answer.data)
    return {name: Decimal(str(found[name])) for name in FIGURES} | {"rows": Decimal(found["rows"])}
