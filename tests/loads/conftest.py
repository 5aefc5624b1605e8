"""A destination in memory, a connection to it, and a data table to deliver."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from httpx import Response

from fakes.callers import WorkspaceFake
from fakes.memory_loader import NAME, MemoryLoader
from headrace.db.engine import transaction
from headrace.destinations.models import DestinationConnection
from headrace.destinations.presentation import destination_named
from headrace.loaders.registry import loaders
from loads.tables import FilledTable, days

CONNECTIONS = "/api/v3/destinations/memory/connections"
LOADS = "/api/v3/loads"


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> Iterator[MemoryLoader]:
    """An empty destination in memory, offered like any other."""
    loader = MemoryLoader()
    monkeypatch.setitem(loaders(), NAME, loader)
    yield loader
    destination_named.cache_clear()


@dataclass
class Deliveries:
    """A workspace's destination connection, the loads into it, and their runs."""

    workspace: WorkspaceFake
    connection_id: str

    @classmethod
    def connect(cls, workspace: WorkspaceFake, place: str = "here", **body: Any) -> "Deliveries":
        mode = body.pop("load_mode", "replace")
        params = {"place": place, "password": "p4ss", "load_mode": mode}
        made = workspace.post(CONNECTIONS, body | {"connection_params": params})
        workspace.run_everything()
        return cls(workspace, made["id"])

    def body(self, table: FilledTable, **body: Any) -> dict[str, Any]:
        return {"data_table_id": table.id, "destination_connection_id": self.connection_id} | body

    def create(self, table: FilledTable, **body: Any) -> int:
        load_id: int = self.workspace.post(LOADS, self.body(table, **body))["id"]
        return load_id

    def ask(self, load_id: int, verb: str = "run", **body: Any) -> Response:
        return self.workspace.call("PUT", f"{LOADS}/{load_id}/{verb}", json=body or None)

    def deliver(self, load_id: int, **body: Any) -> dict[str, Any]:
        """Run a load to its end and return it."""
        answer = self.ask(load_id, **body)
        assert answer.status_code == 200, answer.text
        self.workspace.run_everything()
        return self.load(load_id)

    def load(self, load_id: int) -> dict[str, Any]:
        found: dict[str, Any] = self.workspace.get(f"{LOADS}/{load_id}")
        return found

    def set_status(self, status: str) -> None:
        """Let the connection have another status, as a check would."""
        with transaction(self.workspace.resources.sessions) as session:
            connection = session.get_one(DestinationConnection, UUID(self.connection_id))
            connection.status = status

    def runs(self, load_id: int) -> list[dict[str, Any]]:
        """The runs of a load, newest first."""
        listed: list[dict[str, Any]] = self.workspace.get(f"{LOADS}/{load_id}/runs")["results"]
        return listed


@pytest.fixture
def deliveries(memory: MemoryLoader, workspace: WorkspaceFake) -> Deliveries:
    """An active connection to the destination in memory."""
    return Deliveries.connect(workspace)


@pytest.fixture
def table(workspace: WorkspaceFake) -> FilledTable:
    """A data table of two accounts with rows on the days 0 to 9."""
    made = FilledTable.create(workspace)
    made.fill(days(0, 9), [(n, "x", n) for n in range(10)])
    made.fill(days(0, 9), [(n, "y", n) for n in range(10)], account="two")
    return made
