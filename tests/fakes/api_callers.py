"""A program that works in one workspace of a server, over real HTTP."""

import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx

PASSWORD = "correct horse battery"
_PATIENCE_SECONDS = 180.0
_PAGE = 1000


@dataclass
class RemoteWorkspace:
    """A program with a bearer token of one workspace."""

    http: httpx.Client
    id: int

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Send one request and return what was answered; an error fails the test."""
        answer = self.http.request(method, path, json=body)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def results(self, path: str) -> list[dict[str, Any]]:
        """Return the first page of a list."""
        found: list[dict[str, Any]] = self.call("GET", path)["results"]
        return found

    def wait(self, path: str, member: str, wanted: set[Any]) -> dict[str, Any]:
        """Read an object until a member has one of the values wanted."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while True:
            found: dict[str, Any] = self.call("GET", path)
            if found[member] in wanted:
                return found
            assert time.monotonic() < deadline, f"{path} stays {found[member]}: {found}"
            time.sleep(0.05)

    # Sources.

    def connect_network(self, **settings: Any) -> dict[str, dict[str, Any]]:
        """Connect the demo network; return its accounts by the network's ids."""
        made = self.call(
            "POST",
            "/api/v3/datasources/demo_ads/connections",
            {"title": "Demo", "credentials": {}, "settings": settings},
        )
        listed = self.results(f"/api/v3/connections/{made['id']}/accounts")
        return {account["account_id"]: account for account in listed}

    def extract(
        self,
        account: dict[str, Any],
        since: str,
        title: str = "Ads",
        template: str = "Ads by day",
        **settings: Any,
    ) -> dict[str, Any]:
        """Create an extract of one account's days since a day; its first run starts at once."""
        templates = self.results("/api/v3/datasources/demo_ads/extract-templates")
        template_id = next(each["id"] for each in templates if each["title"] == template)
        body = {
            "data_table_title": title,
            "template_id": template_id,
            "accounts": [account["id"]],
            "template_settings": {
                "sync_historical_data": since,
                "scheduling": [_half_a_day_away()],  # a schedule that fires would disturb
                **settings,
            },
        }
        made: list[dict[str, Any]] = self.call("POST", "/api/v3.1/extracts/", body)
        return made[0]

    def wait_extract(self, extract: dict[str, Any]) -> dict[str, Any]:
        """Wait until an extract has run well."""
        return self._ended(f"/api/v3/extracts/{extract['id']}")

    def run_extract(self, extract: dict[str, Any]) -> None:
        """Run an extract once more, and wait until it has run well."""
        self.call("POST", f"/api/v3/extracts/{extract['id']}/run")
        # The extract shows how its last run ended until this one has begun.
        newest = self.runs("extracts", extract)[0]["id"]
        self.wait(f"/api/v3/runs/{newest}", "status", {"succeeded", "failed"})
        self.wait_extract(extract)

    def runs(self, kind: str, subject: dict[str, Any]) -> list[dict[str, Any]]:
        """The runs of an extract or a load, newest first."""
        return self.results(f"/api/v3/{kind}/{subject['id']}/runs")

    def rows(self, extract: dict[str, Any]) -> list[dict[str, Any]]:
        """Every row of an extract's data table, without the moment it was inserted, sorted."""
        path = f"/api/v3/data-tables/{extract['data_table']['id']}/rows?limit={_PAGE}"
        found: list[dict[str, Any]] = []
        answer = self.call("GET", path)
        while answer["rows"]:
            found += answer["rows"]
            answer = self.call("GET", f"{path}&page={len(found) // _PAGE + 1}")
            if len(found) % _PAGE:
                break
        for row in found:
            row.pop("__insert_date")
        return sorted(found, key=str)

    # Destinations.

    def connect_destination(self, name: str, **params: Any) -> dict[str, Any]:
        """Connect a destination and wait until it was found to work."""
        path = f"/api/v3/destinations/{name}/connections"
        made = self.call("POST", path, {"title": name, "connection_params": params})
        found = self.wait(f"{path}/{made['id']}", "status", {"active", "error"})
        assert found["status"] == "active", found["error_text"]
        return found

    def load(
        self,
        extract: dict[str, Any],
        destination: dict[str, Any],
        table: str,
        run_policy: str = "manual",
        load_mode: str = "replace",
    ) -> dict[str, Any]:
        """Create a load of an extract's data table."""
        made: dict[str, Any] = self.call(
            "POST",
            "/api/v3/loads",
            {
                "data_table_id": extract["data_table"]["id"],
                "destination_connection_id": destination["id"],
                "destination_table": table,
                "run_policy": run_policy,
                "load_mode": load_mode,
            },
        )
        return made

    def start_load(self, load: dict[str, Any], **asked: Any) -> None:
        """Start a run of a load."""
        self.call("PUT", f"/api/v3/loads/{load['id']}/run", asked)

    def wait_load(self, load: dict[str, Any]) -> dict[str, Any]:
        """Wait until a load has run well."""
        return self._ended(f"/api/v3/loads/{load['id']}")

    def run_load(self, load: dict[str, Any], **asked: Any) -> dict[str, Any]:
        """Run a load, and wait until it has run well."""
        self.start_load(load, **asked)
        return self.wait_load(load)

    def _ended(self, path: str) -> dict[str, Any]:
        found = self.wait(path, "status", {"synced", "error"})
        assert found["status"] == "synced", found["error_text"]
        return found


def _half_a_day_away() -> dict[str, Any]:
    return {"interval": "day", "hours": (datetime.now(UTC).hour + 12) % 24}


def enter_workspace(base_url: str, username: str) -> RemoteWorkspace:
    """Make a workspace with an agency's Basic credentials, and act there with a token."""
    basic = httpx.BasicAuth(username, PASSWORD)
    with httpx.Client(base_url=base_url, auth=basic, timeout=_PATIENCE_SECONDS) as agency:
        made = agency.post(
            "/api/v3/workspaces", json={"title": f"Customer {uuid.uuid4()}"}
        ).raise_for_status()
        workspace_id = made.json()["id"]
        answer = agency.post("/api/v3/token", json={"workspace_id": workspace_id})
    token = answer.raise_for_status().json()["token"]
    bearer = {"Authorization": f"Bearer {token}"}
    client = httpx.Client(base_url=base_url, headers=bearer, timeout=_PATIENCE_SECONDS)
    return RemoteWorkspace(client, workspace_id)
