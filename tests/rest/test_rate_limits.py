"""How often a credential may ask, and what it is told."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.routing import iter_route_contexts
from fastapi.testclient import TestClient

from fakes.callers import AgencyFake, WorkspaceFake
from headrace.app import create_app
from headrace.rest.rate_limits import SCARCE, TokenBuckets
from headrace.rest.resources import Resources
from headrace.settings import Settings

BURST = 5


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_bucket_gives_its_burst_then_its_rate() -> None:  # S90
    clock = Clock()
    buckets = TokenBuckets(per_minute=60, burst=3, now=clock)
    assert [buckets.take(b"a").left for _ in range(3)] == [2, 1, 0]
    refused = buckets.take(b"a")
    assert not refused.granted
    assert refused.wait_seconds == pytest.approx(1.0)
    clock.now += 0.5
    assert buckets.take(b"a").wait_seconds == pytest.approx(0.5)
    clock.now += 0.5
    assert buckets.take(b"a").granted
    assert not buckets.take(b"a").granted


def test_a_refusal_costs_nothing_and_rest_fills_the_bucket() -> None:
    clock = Clock()
    buckets = TokenBuckets(per_minute=60, burst=3, now=clock)
    for _ in range(50):
        buckets.take(b"a")
    clock.now += 3
    assert [buckets.take(b"a").granted for _ in range(4)] == [True, True, True, False]


def test_over_a_minute_the_rate_holds_whatever_the_rhythm() -> None:
    clock = Clock()
    buckets = TokenBuckets(per_minute=600, burst=100, now=clock)
    granted = 0
    for _ in range(6000):
        clock.now += 0.01
        granted += buckets.take(b"a").granted
    assert 600 + 99 <= granted <= 600 + 101  # the rate, and the burst it began with


def test_credentials_do_not_share_buckets() -> None:
    buckets = TokenBuckets(per_minute=60, burst=1, now=Clock())
    assert buckets.take(b"a").granted
    assert not buckets.take(b"a").granted
    assert buckets.take(b"b").granted


def test_full_buckets_are_forgotten() -> None:
    clock = Clock()
    buckets = TokenBuckets(per_minute=600, burst=100, now=clock)
    for number in range(50_000):  # a flood of made-up credentials
        clock.now += 0.001
        buckets.take(b"%d" % number)
    assert len(buckets) < 25_000


@pytest.fixture
def limited(settings: Settings, resources: Resources) -> Iterator[TestClient]:
    """A client of a server with small buckets that fill slowly."""
    few = settings.model_copy(update={"rate_limit_per_minute": 1, "rate_limit_burst": BURST})
    with TestClient(create_app(few, resources), raise_server_exceptions=False) as client:
        yield client


def _asked(client: TestClient, headers: dict[str, str], times: int = 1) -> list[int]:
    return [client.get("/api/v3/extracts", headers=headers).status_code for _ in range(times)]


def test_a_noisy_credential_is_told_to_wait_and_its_neighbour_is_not(  # S90
    limited: TestClient, workspace: WorkspaceFake, other_workspace: WorkspaceFake
) -> None:
    assert _asked(limited, workspace.headers, BURST) == [200] * BURST
    answer = limited.get("/api/v3/extracts", headers=workspace.headers)
    assert answer.status_code == 429
    assert set(answer.json()) == {"details"}
    assert 55 <= int(answer.headers["Retry-After"]) <= 60
    assert answer.headers["X-Request-Id"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert _asked(limited, other_workspace.headers) == [200]


def test_every_answer_says_how_much_is_left(limited: TestClient, workspace: WorkspaceFake) -> None:
    answers = [
        limited.get(path, headers=workspace.headers)
        for path in ("/api/v3/extracts", "/api/v3/extracts/1", "/api/v3/nothing")
    ]
    answers.append(limited.delete("/api/v3/extracts", headers=workspace.headers))
    assert [answer.status_code for answer in answers] == [200, 404, 404, 405]
    for left, answer in zip((4, 3, 2, 1), answers, strict=True):
        seconds = int(answer.headers["X-RateLimit-Reset"])
        assert 60 * (BURST - left) - 5 <= seconds <= 60 * (BURST - left)
        assert answer.headers["X-RateLimit-Limit"] == str(BURST)
        assert answer.headers["X-RateLimit-Remaining"] == str(left)
        assert answer.headers["RateLimit-Policy"] == f'"credential";q={BURST};w={60 * BURST}'
        assert answer.headers["RateLimit"] == f'"credential";r={left};t={seconds}'


def test_a_fault_says_it_too(settings: Settings) -> None:
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        answer = client.get("/api/v3/workspaces")  # there is no database
    assert answer.status_code == 500
    assert answer.headers["X-RateLimit-Remaining"]


def test_one_users_credentials_are_counted_apart(
    limited: TestClient, agency: AgencyFake, workspace: WorkspaceFake
) -> None:
    assert _asked(limited, workspace.headers, BURST + 1)[-1] == 429
    assert limited.get("/api/v3/workspaces", headers=agency.headers).status_code == 200
    cookie = {"Cookie": "other=1; dts_session_id=abc; more=2"}
    assert _asked(limited, cookie, BURST + 1) == [401] * BURST + [429]
    assert _asked(limited, {"Cookie": "dts_session_id=abc"}) == [429]
    assert _asked(limited, {"Cookie": "dts_session_id=abd"}) == [401]


def test_who_shows_nothing_is_counted_by_address(limited: TestClient) -> None:
    assert _asked(limited, {}, BURST + 1) == [401] * BURST + [429]
    assert _asked(limited, {"X-Forwarded-For": "203.0.113.9"}) == [429]  # anyone can say that


def test_health_is_not_limited(limited: TestClient) -> None:
    for _ in range(BURST + 2):
        answer = limited.get("/healthz")
        assert answer.status_code == 200
        assert "X-RateLimit-Limit" not in answer.headers


def test_the_limit_comes_before_the_database(settings: Settings, tmp_path: Path) -> None:
    few = settings.model_copy(update={"rate_limit_per_minute": 1, "rate_limit_burst": 1})
    with TestClient(create_app(few), raise_server_exceptions=False) as client:
        statuses = [client.get("/api/v3/workspaces").status_code for _ in range(2)]
    assert statuses == [500, 429]  # without a database the first one fails


def test_it_can_be_turned_off(settings: Settings, resources: Resources) -> None:
    off = settings.model_copy(update={"rate_limit_per_minute": 0, "rate_limit_burst": 1})
    with TestClient(create_app(off, resources)) as client:
        answers = [client.get("/api/v3/extracts") for _ in range(5)]
    assert {answer.status_code for answer in answers} == {401}
    assert "X-RateLimit-Limit" not in answers[0].headers


def test_costly_operations_are_limited_by_themselves(  # S93
    settings: Settings, resources: Resources, agency: AgencyFake, workspace: WorkspaceFake
) -> None:
    some = settings.model_copy(update={"rate_limit_per_minute": 60, "rate_limit_burst": 100})
    sibling = agency.new_workspace()
    with TestClient(create_app(some, resources)) as client:

        def linked(headers: dict[str, str]) -> int:
            path = "/api/v3/datasources/file_import/external-auth-links"
            return client.post(path, json={"send_email": False}, headers=headers).status_code

        assert [linked(workspace.headers) for _ in range(4)] == [201, 201, 201, 429]
        assert linked(sibling.headers) == 201
        assert client.get("/api/v3/extracts", headers=workspace.headers).status_code == 200
        minted = [client.post("/api/v3/session", headers=agency.headers) for _ in range(4)]
    assert [answer.status_code for answer in minted] == [200, 200, 200, 429]
    assert 1 <= int(minted[-1].headers["Retry-After"]) <= 20
    assert set(minted[-1].json()) == {"details"}


def test_the_operations_limited_by_themselves_exist() -> None:
    routes = create_app(Settings.model_construct()).routes
    # Pages are not in the document, and pictures for mails are none of its operations.
    names = {getattr(each.original_route, "name", "") for each in iter_route_contexts(routes)}
    assert names >= SCARCE
