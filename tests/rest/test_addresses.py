"""Whose address counts: only what trusted proxies say is believed."""

import ipaddress
from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from headrace.app import create_app
from headrace.rest.addresses import caller_behind, neighbourhood
from headrace.rest.resources import Resources
from headrace.settings import Settings

TRUSTED = [ipaddress.ip_network(item) for item in ("10.0.0.0/8", "fd00::/8")]


@pytest.mark.parametrize(
    ("peer", "forwarded", "caller"),
    [
        ("203.0.113.9", "198.51.100.1", "203.0.113.9"),  # not a proxy of ours
        ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "192.0.2.66, 198.51.100.1", "198.51.100.1"),  # the first was made up
        ("10.0.0.1", "198.51.100.1, 10.0.0.2", "198.51.100.1"),
        ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "unknown", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1, <script>", "10.0.0.1"),
        ("fd00::1", "2001:db8::7", "2001:db8::7"),
        ("testclient", "198.51.100.1", "testclient"),
    ],
)
def test_the_nearest_address_that_no_proxy_stands_for(
    peer: str, forwarded: str, caller: str
) -> None:
    assert caller_behind(peer, forwarded, TRUSTED) == caller


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("testclient", "testclient"),
    ],
)
def test_a_host_cannot_be_many_by_its_own_addresses(address: str, expected: str) -> None:
    assert neighbourhood(address) == expected


@pytest.fixture
def behind_proxy(settings: Settings, resources: Resources) -> Iterator[TestClient]:
    """A client on an address that is a trusted proxy's, of a server with small buckets."""
    few = settings.model_copy(
        update={
            "rate_limit_per_minute": 1,
            "rate_limit_burst": 2,
            "trusted_proxies": ["192.0.2.0/24"],
        }
    )
    with TestClient(create_app(few, resources), client=("192.0.2.1", 50000)) as client:
        yield client


def test_clients_behind_one_proxy_are_counted_apart(behind_proxy: TestClient) -> None:  # S90
    def asked(forwarded: str) -> int:
        headers = {"X-Forwarded-For": forwarded}
        return behind_proxy.get("/api/v3/extracts", headers=headers).status_code

    assert [asked("198.51.100.1") for _ in range(3)] == [401, 401, 429]
    assert [asked("198.51.100.2") for _ in range(3)] == [401, 401, 429]
    assert asked("203.0.113.77, 198.51.100.2") == 429
