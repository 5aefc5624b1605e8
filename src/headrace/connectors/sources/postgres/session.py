"""Opens a read-only session to a vetted address and tells its errors by what should happen next."""

import ipaddress
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql

from headrace.connectors.sources.postgres.settings import PostgresSettings
from headrace.kit.outbound import HostUnknown, OutboundPolicy, OutboundRefused, vetted_addresses
from headrace.kit.outcomes import OutsideError, Reauthorize, Refused, TryLater
from headrace.kit.told import told, told_by

_CONNECT_SECONDS = 10
_SESSION = {
    "statement_timeout": "6h",
    "lock_timeout": "1min",
    "idle_in_transaction_session_timeout": "6h",
    # What the texts of COPY look like depends on these.
    "TimeZone": "UTC",
    "DateStyle": "ISO",
    "extra_float_digits": "1",
    "bytea_output": "hex",
}
_TRANSIENT_CLASSES = {"08", "40", "53", "55", "57", "58", "XX"}
"""SQLSTATE classes of conditions that pass (PostgreSQL manual, appendix "Error Codes")."""
_NOT_LET_IN = ("password authentication failed", "no password supplied", "authentication failed")
_NOT_NOW = ("too many", "starting up", "shutting down", "remaining connection slots", "recovery")


@contextmanager
def read_only_session(
    settings: PostgresSettings, policy: OutboundPolicy
) -> Iterator[psycopg.Connection]:
    """Connect, begin a read-only transaction, and roll it back in the end.

    Raises:
        Reauthorize, Refused, TryLater: as the server answers, here and inside the block.
    """
    connection = _connect(settings, policy)
    try:
        connection.read_only = True
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        for name, value in _SESSION.items():
            connection.execute(
                sql.SQL("SET LOCAL {} = {}").format(sql.Identifier(name), sql.Literal(value))
            )
        yield connection
    except psycopg.Error as error:
        raise _told(error) from None
    finally:
        connection.close()


def _connect(settings: PostgresSettings, policy: OutboundPolicy) -> psycopg.Connection:
    """Connect to the first vetted address that answers.

    The address is handed over beside the name: the driver resolves nothing itself, and TLS still
    checks the name.
    """
    place = f"{settings.host}:{settings.port}"
    try:
        addresses = vetted_addresses(settings.host, settings.port, policy)
    except OutboundRefused as error:
        raise Refused(told_by(error)) from None
    except HostUnknown as error:
        raise TryLater(told_by(error)) from None
    failure: OutsideError = TryLater(told("PostgreSQL at {place} does not answer.", place=place))
    for address in addresses:
        try:
            return _connect_to(address, settings, _ssl_mode(settings, address, policy))
        except psycopg.OperationalError as error:
            failure = _why_not_connected(str(error), place)
        if not isinstance(failure, TryLater):
            break
    raise failure


def _connect_to(address: str, settings: PostgresSettings, ssl_mode: str) -> psycopg.Connection:
    return psycopg.connect(
        host=settings.host,
        hostaddr=address,
        port=settings.port,
        dbname=settings.database,
        user=settings.user,
        password=settings.password,
        sslmode=ssl_mode,
        sslrootcert="system" if ssl_mode == "verify-full" else None,
        sslcertmode="disable",  # never show the operator's own client certificate
        gssencmode="disable",
        connect_timeout=_CONNECT_SECONDS,
        keepalives_idle=60,
        client_encoding="utf8",
        application_name="headrace",
        prepare_threshold=None,
    )


def _ssl_mode(settings: PostgresSettings, address: str, policy: OutboundPolicy) -> str:
    if settings.ssl_mode is not None:
        return settings.ssl_mode
    host = settings.host.rstrip(".").lower()
    is_opened = policy.allows_private(host, ipaddress.ip_address(address.split("%")[0]))
    return "prefer" if is_opened else "require"


def _why_not_connected(message: str, place: str) -> OutsideError:
    """Read the driver's message: it carries no code when a connection fails."""
    said = message.partition("FATAL:")[2].strip().partition("\n")[0]
    if "certificate" in message:
        return Refused(told("PostgreSQL at {place} did not show a valid certificate.", place=place))
    if "SSL was required" in message or "not support SSL" in message:
        return Refused(
            told(
                "PostgreSQL at {place} does not encrypt. Let it, or choose another ssl_mode if the "
                "way there is safe.",
                place=place,
            )
        )
    if not said or any(words in said for words in _NOT_NOW):
        if not said:
            return TryLater(told("PostgreSQL at {place} does not answer.", place=place))
        return TryLater(
            told("PostgreSQL at {place} does not answer: {said}.", place=place, said=said)
        )
    if any(words in said for words in _NOT_LET_IN) or ("role" in said and "exist" in said):
        return Reauthorize(
            told(
                "PostgreSQL at {place} does not accept the user or password: {said}.",
                place=place,
                said=said,
            )
        )
    return Refused(
        told("PostgreSQL at {place} refuses the connection: {said}.", place=place, said=said)
    )


def _told(error: psycopg.Error) -> OutsideError:
    state = error.sqlstate
    said = error.diag.message_primary or type(error).__name__
    if state is None:
        return TryLater(told("The connection to PostgreSQL was lost ({said}).", said=said))
    if state == "57014":
        return Refused(told("PostgreSQL stopped the query because it took too long; narrow it."))
    if state.startswith("28"):
        return Reauthorize(told("PostgreSQL does not accept the user any more: {said}.", said=said))
    if state[:2] in _TRANSIENT_CLASSES:
        return TryLater(told("PostgreSQL could not answer for now: {said}.", said=said))
    return Refused(told("PostgreSQL refuses the query: {said} ({state}).", said=said, state=state))
