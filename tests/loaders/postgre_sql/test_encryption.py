"""Certificates: the right one passes, any other is refused, and nothing falls back to plain text."""

from collections.abc import Callable
from pathlib import Path

import pytest
from psycopg import conninfo

from fakes.tls_front import tls_front
from headrace.kit.outcomes import Refused
from headrace.loaders.targets.postgre_sql import LOADER, connection
from headrace.loaders.targets.postgre_sql.connection import connected
from loaders.postgre_sql.loader_case import access_of


@pytest.fixture
def url(make_database: Callable[[], str]) -> str:
    return make_database()


def port_of(url: str) -> int:
    return int(str(conninfo.conninfo_to_dict(url.replace("+psycopg", ""))["port"]))


@pytest.mark.parametrize("mode", ["prefer", "require", "verify-ca", "verify-full"])
def test_a_certificate_that_is_vouched_for_passes(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    with tls_front(port_of(url), tmp_path) as front:
        monkeypatch.setenv("SSL_CERT_FILE", str(front.certificate))
        access = access_of(url, port=front.port, ssl_mode=mode)
        with connected(access) as (session, _):
            assert session.pgconn.ssl_in_use
        LOADER.check(access)


@pytest.mark.parametrize("mode", ["verify-ca", "verify-full"])
def test_a_certificate_nobody_vouches_for_is_refused(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:  # S80
    other = tmp_path / "other"
    other.mkdir()
    with tls_front(port_of(url), tmp_path) as front, tls_front(1, other) as stranger:
        monkeypatch.setenv("SSL_CERT_FILE", str(stranger.certificate))
        with pytest.raises(Refused, match="certificate"):
            LOADER.check(access_of(url, port=front.port, ssl_mode=mode))


def test_a_certificate_of_another_host_is_refused(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # S80
    with tls_front(port_of(url), tmp_path, address="127.0.0.2") as front:
        monkeypatch.setenv("SSL_CERT_FILE", str(front.certificate))
        with pytest.raises(Refused, match="certificate"):
            LOADER.check(access_of(url, port=front.port, ssl_mode="verify-full"))


def test_without_authorities_verification_is_refused(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere")
    monkeypatch.setattr(connection, "_CA_FILES", ())
    with pytest.raises(Refused, match="authorities"):
        LOADER.check(access_of(url, ssl_mode="verify-full"))
