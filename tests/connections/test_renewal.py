"""Connections that are changed or deleted while their source is being asked."""

from collections.abc import Callable
from typing import Any

import pytest

from fakes.callers import WorkspaceFake
from fakes.pipelines import ROWS, connect_file
from headrace.connections.models import Connection
from headrace.connections.renewal import while_current
from headrace.connectors.contract import Access
from headrace.connectors.registry import connectors
from headrace.db.engine import transaction
from headrace.kit.outcomes import Reauthorize, TryLater
from headrace.settings import Settings

NAME = "file_import"


class MeanwhileConnector:
    """The connector of files; something happens while it checks."""

    def __init__(self) -> None:
        self._inner: Any = connectors()[NAME]
        self.meanwhile: Callable[[], object] = lambda: None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def check(self, access: Access) -> None:
        happens, self.meanwhile = self.meanwhile, lambda: None
        happens()
        self._inner.check(access)


@pytest.fixture
def source(monkeypatch: pytest.MonkeyPatch) -> MeanwhileConnector:
    """A data source that can be interrupted."""
    connector = MeanwhileConnector()
    monkeypatch.setitem(connectors(), NAME, connector)
    return connector


@pytest.fixture
def connection_id(workspace: WorkspaceFake, settings: Settings) -> int:
    """A connection to a file."""
    file = settings.file_import_roots[0] / "a.csv"
    file.write_text(ROWS)
    made: int = connect_file(workspace, file)["id"]
    return made


def _stored(workspace: WorkspaceFake, connection_id: int) -> Connection:
    with transaction(workspace.resources.sessions) as session:
        return session.get_one(Connection, connection_id)


def test_credentials_replaced_in_use_are_a_passing_fault(
    workspace: WorkspaceFake, connection_id: int
) -> None:
    sessions = workspace.resources.sessions
    used = _stored(workspace, connection_id)
    with pytest.raises(Reauthorize), while_current(sessions, used):
        raise Reauthorize("the token was revoked")
    path = f"/api/v3/connections/{connection_id}"
    answer = workspace.call("PUT", path, json={"credentials": {}})
    assert answer.status_code == 200, answer.text
    with pytest.raises(TryLater, match="new credentials"), while_current(sessions, used):
        raise Reauthorize("the token was revoked")
    workspace.call("DELETE", path)
    with pytest.raises(Reauthorize), while_current(sessions, used):
        raise Reauthorize("the token was revoked")


def test_a_connection_deleted_meanwhile_gets_no_credentials_back(
    workspace: WorkspaceFake, connection_id: int, source: MeanwhileConnector
) -> None:
    path = f"/api/v3/connections/{connection_id}"
    source.meanwhile = lambda: workspace.call("DELETE", path)
    answer = workspace.call("PUT", path, json={"credentials": {}})
    assert answer.status_code == 404  # and so all that it did is rolled back


def test_a_check_does_not_speak_of_credentials_it_did_not_try(
    workspace: WorkspaceFake, connection_id: int, source: MeanwhileConnector, settings: Settings
) -> None:
    path = f"/api/v3/connections/{connection_id}"
    file = settings.file_import_roots[0] / "a.csv"

    def renew() -> None:
        assert workspace.call("PUT", path, json={"credentials": {}}).status_code == 200
        file.unlink()

    source.meanwhile = renew
    assert workspace.post(f"{path}/check", status=200)["status"] == "active"
    assert workspace.post(f"{path}/check", status=200)["status"] == "error"
