"""Fixtures of webhooks: an authority that is trusted, receivers, endpoints, a dispatcher."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import uvloop

from fakes.callers import WorkspaceFake
from fakes.certificates import Authority, ServerFiles
from fakes.receiver import Receiver, receiving
from headrace import events
from headrace.db.engine import transaction
from headrace.events.catalogue import EVENT_TYPES
from headrace.settings import Settings
from headrace.webhooks import service
from headrace.webhooks.dispatcher import Dispatcher


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Who vouches for receivers."""
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def server_files(authority: Authority) -> ServerFiles:
    """The certificate of receivers on this machine."""
    return authority.server("127.0.0.1", "localhost", "hooks.example.com")


@pytest.fixture
def settings(settings: Settings, authority: Authority) -> Settings:
    """Settings of a server that trusts the authority, and is not patient."""
    return settings.model_copy(update={"ca_bundle": authority.bundle, "webhook_timeout_seconds": 1})


@pytest.fixture(autouse=True)
def _fresh_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each test check endpoints as often as a new process would."""
    fresh = type(service._CHECKS)(per_minute=10, burst=10)
    monkeypatch.setattr(service, "_CHECKS", fresh)


@pytest.fixture
def receiver(server_files: ServerFiles) -> Iterator[Receiver]:
    """A receiver on this machine."""
    with receiving(server_files) as running:
        yield running


@dataclass
class Hooks:
    """A workspace's program, as far as webhooks go."""

    workspace: WorkspaceFake

    def register(self, url: str, *types: str, **more: Any) -> dict[str, Any]:
        """Register an endpoint; it is not verified."""
        body = {"url": url, "event_types": list(types)} | more
        made: dict[str, Any] = self.workspace.post("/api/v3/webhook_endpoints/", body)
        return made

    def verified(self, url: str, *types: str, **more: Any) -> dict[str, Any]:
        """Register an endpoint and let it prove itself."""
        made = self.register(url, *types, **more)
        path = f"/api/v3/webhook_endpoints/{made['id']}/verify/"
        found: dict[str, Any] = self.workspace.post(path, status=200)
        assert found["status"] == "active"
        return found

    def read(self, endpoint: dict[str, Any]) -> dict[str, Any]:
        """Read an endpoint."""
        found: dict[str, Any] = self.workspace.get(f"/api/v3/webhook_endpoints/{endpoint['id']}/")
        return found

    def log(self, **wanted: Any) -> list[dict[str, Any]]:
        """The newest deliveries."""
        found: list[dict[str, Any]] = self.workspace.get("/api/v3/webhook_deliveries", **wanted)[
            "results"
        ]
        return found

    def delivery(self, delivery_id: int) -> dict[str, Any]:
        """One delivery with its attempts."""
        found: dict[str, Any] = self.workspace.get(f"/api/v3/webhook_deliveries/{delivery_id}")
        return found

    def happen(self, name: str = "load_completed", **facts: object) -> None:
        """Let something happen in the workspace."""
        with transaction(self.workspace.resources.sessions) as session:
            given = EVENT_TYPES[name].sample_facts() | facts
            events.publish(session, self.workspace.id, name, given)

    def dispatch(self) -> None:
        """Do what the dispatcher does until nothing is due."""
        uvloop.run(Dispatcher(self.workspace.resources).drain())

    def let_pass(self, seconds: float) -> None:
        """Let that much time pass for what waits in the queue."""
        with transaction(self.workspace.resources.sessions) as session:
            from sqlalchemy import text

            for statement in (
                "UPDATE webhook_queue SET due_at = due_at - make_interval(secs => :s)",
                "UPDATE webhook_endpoint SET hold_until = hold_until - make_interval(secs => :s)",
            ):
                session.execute(text(statement), {"s": seconds})


@pytest.fixture
def hooks(workspace: WorkspaceFake) -> Hooks:
    """The workspace's program."""
    return Hooks(workspace)


@pytest.fixture
def other_hooks(other_workspace: WorkspaceFake) -> Hooks:
    """The program of a workspace of another agency."""
    return Hooks(other_workspace)
