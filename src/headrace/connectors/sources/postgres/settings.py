"""The connection settings of a PostgreSQL source, checked once and turned into plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from headrace.connectors.contract import Access
from headrace.connectors.sources.postgres.spec import SSL_MODES
from headrace.kit.outcomes import Reauthorize, Refused
from headrace.kit.told import told

_NOT_IN_HOSTS = set("/\\,@= \t\r\n\0")


@dataclass(frozen=True)
class PostgresSettings:
    """Where to connect and what to read: a table, or a query."""

    host: str
    port: int
    database: str
    user: str
    password: str = field(repr=False)
    ssl_mode: str | None = None
    schema: str = "public"
    table: str | None = None
    query: str | None = None
    date_column: str | None = None

    @classmethod
    def parse(cls, access: Access) -> "PostgresSettings":
        """Read the settings and the password of a connection; empty texts count as absent.

        Raises:
            Refused: if a setting cannot be used; the message names it.
            Reauthorize: if there is no password. (Without one the driver would look for the
                operator's.)
        """
        settings = access.settings
        password = access.credentials.get("password")
        if not password:
            raise Reauthorize(told("The password is missing."))
        table, query = _text(settings, "table"), _query(settings)
        if (table is None) == (query is None):
            raise Refused(told("Give a table or a query, and not both."))
        return cls(
            host=_host(_required(settings, "host")),
            port=_port(settings.get("port")),
            database=_required(settings, "database"),
            user=_required(settings, "user"),
            password=str(password),
            ssl_mode=_ssl_mode(_text(settings, "ssl_mode")),
            schema=_text(settings, "schema") or "public",
            table=table,
            query=query,
            date_column=_text(settings, "date_column"),
        )


def _text(settings: Mapping[str, Any], name: str) -> str | None:
    value = settings.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or "\0" in value:
        raise Refused(told("The setting {name} must be text without NUL characters.", name=name))
    return value if value.strip() else None


def _required(settings: Mapping[str, Any], name: str) -> str:
    value = _text(settings, name)
    if value is None:
        raise Refused(told("The setting {name} is missing.", name=name))
    return value


def _host(value: str) -> str:
    # A path or an @ would name a socket of this machine, a comma a second host.
    if not value.isascii() or _NOT_IN_HOSTS & set(value):
        raise Refused(
            told("The setting host must be one host name or address, and no socket or URL.")
        )
    return value


def _port(value: Any) -> int:
    if value is None or value == "":
        return 5432
    try:
        port = int(value)
    except (TypeError, ValueError):
        port = 0
    if not 1 <= port <= 65535:
        raise Refused(
            told("The setting port is {value!r}; it must be a number from 1 to 65535.", value=value)
        )
    return port


def _ssl_mode(value: str | None) -> str | None:
    known = [choice.value for choice in SSL_MODES]
    if value is not None and value not in known:
        raise Refused(
            told(
                "The setting ssl_mode is {value!r}; use one of {known}.",
                value=value,
                known=", ".join(known),
            )
        )
    return value


def _query(settings: Mapping[str, Any]) -> str | None:
    query = _text(settings, "query")
    return query.rstrip("; \t\r\n") if query is not None else None
