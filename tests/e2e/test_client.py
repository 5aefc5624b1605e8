"""What the client does by itself, against a real server: tokens, limits, pages; and its page."""

import base64
import re
import secrets
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import httpx
import pytest

from e2e.conftest import CHIEF
from fakes.api_callers import PASSWORD, wait_for
from fakes.held_network import HeldNetwork
from fakes.server import Server
from headrace.client import Headrace, Unauthorized, every, models

_PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "python-client.md"
_BLOCK = re.compile(r"```python\n(.*?)```", re.DOTALL)
_SECRET_BYTES = 32


class _Answers:
    """What was answered, as `METHOD path status`."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.waits: list[str] = []

    def __call__(self, response: httpx.Response) -> None:
        asked = response.request
        self.seen.append(f"{asked.method} {asked.url.path} {response.status_code}")
        if response.status_code == httpx.codes.TOO_MANY_REQUESTS:
            self.waits.append(response.headers["Retry-After"])


def test_an_expired_token_is_replaced(server: Server) -> None:  # S35
    answers = _Answers()
    with Headrace(server.base_url, CHIEF, PASSWORD, on_answer=answers) as headrace:
        made = headrace.agency.create_workspace(models.WorkspaceIn(title="Expires"))
        workspace = headrace.workspace(made.id)
        assert workspace.list_extracts().count == 0
        server.query(
            "UPDATE access_token SET expires_at = now() - interval '1 second' "
            "WHERE workspace_id = %s",
            made.id,
        )
        assert workspace.list_extracts().count == 0
    assert answers.seen[1:] == [
        "POST /api/v3/token 200",
        "GET /api/v3/extracts 200",
        "GET /api/v3/extracts 401",
        "POST /api/v3/token 200",
        "GET /api/v3/extracts 200",
    ]


def test_a_wrong_password_is_tried_once(server: Server) -> None:
    answers = _Answers()
    with (
        Headrace(server.base_url, CHIEF, "wrong", on_answer=answers) as headrace,
        pytest.raises(Unauthorized),
    ):
        headrace.workspace(1).list_extracts()
    assert answers.seen == ["POST /api/v3/token 401"]


def test_every_page_of_a_list_is_read(server: Server) -> None:
    answers = _Answers()
    username = "pages@example.com"
    server.sign_up(username)
    with Headrace(server.base_url, username, PASSWORD, on_answer=answers) as headrace:
        agency = headrace.agency
        titles = [f"Customer {number}" for number in range(5)]
        for title in titles:
            agency.create_workspace(models.WorkspaceIn(title=title))
        found = [item.title for item in every(agency.list_workspaces, page_size=2)]
    assert found == titles
    assert Counter(answers.seen)["GET /api/v3/workspaces 200"] == 3


@pytest.fixture
def strict_server(open_folder: Path, make_database: Callable[[], str]) -> Iterator[Server]:
    """A web process that lets a credential ask twice at once, and then four times a second."""
    server = Server.at(
        open_folder / "strict",
        make_database(),
        secret_key=base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode(),
        rate_limit_per_minute=240,
        rate_limit_burst=2,
    )
    server.start("web")
    server.wait_until_it_answers()
    server.sign_up(CHIEF)
    yield server
    server.stop_everything()


def test_a_limit_is_waited_out(strict_server: Server) -> None:  # S90
    answers = _Answers()
    with Headrace(strict_server.base_url, CHIEF, PASSWORD, on_answer=answers) as headrace:
        counts = [headrace.agency.list_workspaces().count for _ in range(6)]
    assert counts == [0] * 6
    assert Counter(answers.seen)["GET /api/v3/workspaces 200"] == 6
    assert answers.waits != []
    assert set(answers.waits) == {"1"}


def test_the_page_does_what_it_shows(
    server: Server, network: HeldNetwork, capsys: pytest.CaptureFixture[str]
) -> None:
    code = "\n".join(_BLOCK.findall(_PAGE.read_text()))
    for shown, real in (
        ("https://headrace.example.com", server.base_url),
        ("vendor@example.com", "page@example.com"),
        ("the password", PASSWORD),
    ):
        assert shown in code
        code = code.replace(shown, real)
    server.sign_up("page@example.com")
    names: dict[str, Any] = {}
    exec(code, names)
    printed = capsys.readouterr().out
    assert printed.count("synced") == 2
    assert "not found" in printed
    assert "nonsense" in printed
    with Headrace(server.base_url, "page@example.com", PASSWORD) as headrace:
        workspace = headrace.workspace(names["customer"].id)
        load = wait_for(lambda: workspace.get_load(names["load"].id), "synced", "error")
    with duckdb.connect(str(server.files / "acme.duckdb"), read_only=True) as delivered:
        counted = delivered.execute("SELECT count(*) FROM campaigns").fetchone()
    assert counted == (load.uploaded_rows_count,)
    assert counted != (0,)
