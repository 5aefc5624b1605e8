"""Opens connections to a vetted address, deaf to the environment of this process."""

import os
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg import pq, sql

from headrace.kit.outbound import HostUnknown, OutboundPolicy, OutboundRefused, vetted_addresses
from headrace.kit.outcomes import Refused, TryLater
from headrace.kit.told import told, told_by
from headrace.loaders.contract import Access
from headrace.loaders.targets.postgre_sql.failures import connect_failure
from headrace.loaders.targets.postgre_sql.settings import Server, server_of

CONNECT_SECONDS = 15
LOCK_SECONDS = 30
_NO_FILE = f"{os.devnull}/none"
_CA_FILES = (
    "/etc/ssl/certs/ca-certificates.crt",  # Debian, Ubuntu, Alpine, Arch
    "/etc/pki/tls/certs/ca-bundle.crt",  # Fedora, Red Hat
    "/etc/ssl/ca-bundle.pem",  # SUSE
    "/etc/ssl/cert.pem",  # macOS, BSD
)

_OPEN_MODES = {"disable", "allow", "prefer"}
_HASHED = "scram-sha-256,md5,none"  # a password itself is sent only where encryption is sure

Connection = psycopg.Connection[tuple[Any, ...]]


@contextmanager
def connected(access: Access) -> Iterator[tuple[Connection, Server]]:
    """Open a connection for a block; each of its transactions is begun explicitly.

    Raises:
        Refused, Reauthorize, TryLater: if there is none to be had.
    """
    server = server_of(access.params)
    connection = _open(server, access.policy)
    try:
        yield connection, server
    finally:
        connection.close()


def limits() -> sql.Composed:
    """The statement that begins each transaction: limits and formats for it alone.

    They are set in the transaction, not in the session, so that a pooler between us and the server
    gives the next client a clean session.
    """
    settings = {
        "lock_timeout": f"{LOCK_SECONDS}s",
        "timezone": "UTC",
        "datestyle": "ISO",
        "extra_float_digits": "1",
        "bytea_output": "hex",
    }
    calls = [
        sql.SQL("set_config({}, {}, true)").format(sql.Literal(name), sql.Literal(value))
        for name, value in settings.items()
    ]
    return sql.SQL("SELECT {}").format(sql.SQL(", ").join(calls))


def _open(server: Server, policy: OutboundPolicy) -> Connection:
    try:
        addresses = vetted_addresses(server.host, server.port, policy)
    except OutboundRefused as error:
        raise Refused(told_by(error)) from error
    except HostUnknown as error:
        raise TryLater(
            told("{error} Check the host of the PostgreSQL destination.", error=told_by(error))
        ) from error
    count = len(addresses)
    options = _neutral_options() | {
        "host": ",".join([server.host] * count),
        "hostaddr": ",".join(addresses),
        "port": ",".join([str(server.port)] * count),
        "dbname": server.database,
        "user": server.user,
        "password": server.password,
        "sslmode": server.ssl_mode,
        "require_auth": _HASHED if server.ssl_mode in _OPEN_MODES else f"{_HASHED},password",
        "sslrootcert": _authorities() if server.ssl_mode.startswith("verify-") else "",
    }
    try:
        return psycopg.connect(autocommit=True, prepare_threshold=None, **options)
    except psycopg.Error as error:
        raise connect_failure(error, server) from error


def _neutral_options() -> dict[str, Any]:
    """Every libpq option that the environment or a service file could fill in, filled in here.

    Client certificates, password files and Kerberos tickets of the account Headrace runs under are
    the operator's, not the customer's.
    """
    defaults = {
        option.keyword.decode(): (option.compiled or b"").decode()
        for option in pq.Conninfo.get_defaults()
        if option.envvar
    }
    defaults.pop("service", None)  # may only be absent; all it could say is said here
    defaults.pop("servicefile", None)
    return defaults | {
        "passfile": _NO_FILE,
        "sslcertmode": "disable",
        "gssencmode": "disable",
        "min_protocol_version": "3.0",
        "max_protocol_version": "3.0",
        "client_encoding": "UTF8",
        "application_name": "headrace",
        "connect_timeout": str(CONNECT_SECONDS),
        # A peer that vanished is noticed after a minute, however long a statement may take.
        "keepalives": "1",
        "keepalives_idle": "30",
        "keepalives_interval": "10",
        "keepalives_count": "3",
        "tcp_user_timeout": "60000",
    }


def _authorities() -> str:
    """The file of certificate authorities of this machine.

    Raises:
        Refused: if there is none: certificates would be accepted or refused at random.
    """
    found = ssl.get_default_verify_paths().cafile
    for path in (found, *_CA_FILES):
        if path and Path(path).is_file():
            return path
    raise Refused(
        told(
            "The server's certificate cannot be verified: no certificate authorities are "
            "installed where Headrace runs (the operator installs ca-certificates or sets "
            "SSL_CERT_FILE)."
        )
    )
