"""Which pages may call from a browser: those of listed origins, and of this server."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from fakes.callers import AgencyFake, WorkspaceFake
from headrace.app import create_app
from headrace.rest.origins import origin_of
from headrace.rest.resources import Resources
from headrace.settings import Settings

APP = "https://app.example.com"
STRANGERS = (
    "https://app.example.com.evil.test",
    "http://app.example.com",
    "https://app.example.com:8443",
    "https://evil.test",
    "null",
    "*",
    "",
)


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://elt.example.com", "https://elt.example.com"),
        ("https://elt.example.com:443/base", "https://elt.example.com"),
        ("http://elt.example.com:80", "http://elt.example.com"),
        ("http://elt.example.com:443", "http://elt.example.com:443"),
        ("HTTPS://ELT.Example.COM/", "https://elt.example.com"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://[2001:DB8::1]:8080", "http://[2001:db8::1]:8080"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
    ],
)
def test_origins_are_written_as_browsers_write_them(url: str, origin: str) -> None:
    assert origin_of(url) == origin


@pytest.fixture
def open_client(settings: Settings, resources: Resources) -> Iterator[TestClient]:
    """A client of a server that one page may call."""
    listed = settings.model_copy(
        update={
            "cors_origins": ["https://APP.example.com:443/"],
            "public_url": "https://Elt.test:443",
        }
    )
    with TestClient(create_app(listed, resources), raise_server_exceptions=False) as client:
        yield client


def _preflight(client: TestClient, origin: str, method: str = "PATCH") -> dict[str, str]:
    answer = client.options(
        "/api/v3/extracts/1",
        headers={"Origin": origin, "Access-Control-Request-Method": method},
    )
    return {"status": str(answer.status_code)} | dict(answer.headers)


def test_a_listed_origin_may_call_with_credentials(  # S95
    open_client: TestClient, workspace: WorkspaceFake
) -> None:
    asked = _preflight(open_client, APP)
    assert asked["status"] == "204"
    assert asked["access-control-allow-origin"] == APP
    assert asked["access-control-allow-credentials"] == "true"
    assert "PATCH" in asked["access-control-allow-methods"]
    assert "Idempotency-Key" in asked["access-control-allow-headers"]
    answer = open_client.get("/api/v3/extracts", headers=workspace.headers | {"Origin": APP})
    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == APP
    assert answer.headers["Vary"] == "Origin"
    exposed = answer.headers["Access-Control-Expose-Headers"]
    for name in ("X-Request-Id", "RateLimit", "Retry-After", "Idempotency-Replayed"):
        assert name in exposed


def test_a_listed_origin_can_read_refusals(open_client: TestClient) -> None:
    for path in ("/api/v3/extracts", "/api/v3/nothing"):
        answer = open_client.get(path, headers={"Origin": APP})
        assert answer.status_code in {401, 404}
        assert answer.headers["Access-Control-Allow-Origin"] == APP


@pytest.mark.parametrize("origin", STRANGERS)
def test_other_origins_are_told_nothing(  # S95
    origin: str, open_client: TestClient, workspace: WorkspaceFake
) -> None:
    asked = _preflight(open_client, origin)
    assert asked["status"] == "403"
    answer = open_client.get("/api/v3/extracts", headers=workspace.headers | {"Origin": origin})
    for headers in (asked, dict(answer.headers)):
        assert not [name for name in headers if name.startswith("access-control-")]
        assert headers["vary"] == "Origin"


@pytest.mark.parametrize("origin", [APP, *STRANGERS])
def test_without_a_list_there_is_no_word_of_it(  # S95
    origin: str, client: TestClient, workspace: WorkspaceFake
) -> None:
    assert _preflight(client, origin)["status"] == "405"
    answer = client.get("/api/v3/extracts", headers=workspace.headers | {"Origin": origin})
    assert not [name for name in answer.headers if name.startswith("access-control-")]
    assert "Vary" not in answer.headers


@pytest.mark.parametrize(
    ("origin", "is_let_in"),
    [(APP, True), ("https://elt.test", True)] + [(item, False) for item in STRANGERS],
)
def test_cookies_write_from_listed_pages_alone(  # S51
    origin: str,
    is_let_in: bool,
    open_client: TestClient,
    agency: AgencyFake,
    workspace: WorkspaceFake,
) -> None:
    cookie = agency.call("POST", "/api/v3/session").cookies["dts_session_id"]
    agency.client.cookies.clear()
    headers = {
        "Cookie": f"dts_session_id={cookie}",
        "X-IM-WORKSPACE-ID": str(workspace.id),
        "Origin": origin,
    }
    answer = open_client.delete("/api/v3/extracts/1", headers=headers)
    assert answer.status_code == (404 if is_let_in else 403)
