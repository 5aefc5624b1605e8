"""What a PostgreSQL destination asks for, and what it makes of the answers."""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from headrace.kit.outcomes import Refused
from headrace.kit.told import told
from headrace.loaders.contract import Category, LoaderSpec, Param, ParamType, WriteMode

DEFAULT_PORT = 5432
DEFAULT_SCHEMA = "public"
SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
MAX_NAME_BYTES = 63  # NAMEDATALEN - 1; the server cuts longer names without a word

SPEC = LoaderSpec(
    name="postgre_sql",
    title="PostgreSQL",
    category=Category.DATABASE,
    params=(
        Param("host", "Host", required=True, description="Host name or address of the server."),
        Param("port", "Port", ParamType.INTEGER, initial_value=DEFAULT_PORT),
        Param("database", "Database", required=True),
        Param(
            "schema",
            "Schema",
            initial_value=DEFAULT_SCHEMA,
            description="Must exist; the user needs the right to create tables in it.",
        ),
        Param("user", "User", required=True),
        Param("password", "Password", required=True, secret=True),
        Param(
            "ssl_mode",
            "SSL mode",
            ParamType.SELECT,
            initial_value="prefer",
            choices=SSL_MODES,
            description="verify-full also checks the server's certificate and name.",
        ),
    ),
    write_modes=(WriteMode.APPEND, WriteMode.REPLACE, WriteMode.UPSERT),
    max_name_length=MAX_NAME_BYTES,
)

_HOST_NAME = re.compile(
    r"(?=.{1,253}\.?\Z)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.?)+\Z", re.IGNORECASE
)


@dataclass(frozen=True)
class Server:
    """Where a PostgreSQL destination is and how to enter it."""

    host: str
    port: int
    database: str
    schema: str
    user: str
    password: str = field(repr=False)
    ssl_mode: str

    def __str__(self) -> str:
        return f"{self.host}:{self.port}, database {self.database!r}"


def server_of(params: Mapping[str, Any]) -> Server:
    """Read connection parameters.

    Raises:
        Refused: at a parameter that is missing or cannot be, socket paths among them.
    """
    ssl_mode = _text(params, "ssl_mode", "prefer")
    if ssl_mode not in SSL_MODES:
        raise Refused(
            told(
                "The SSL mode {ssl_mode!r} is not one of {known}.",
                ssl_mode=ssl_mode,
                known=", ".join(SSL_MODES),
            )
        )
    return Server(
        host=_host(_text(params, "host")),
        port=_port(params.get("port")),
        database=_text(params, "database"),
        schema=_text(params, "schema", DEFAULT_SCHEMA),
        user=_text(params, "user"),
        password=_text(params, "password"),
        ssl_mode=ssl_mode,
    )


def _text(params: Mapping[str, Any], name: str, default: str | None = None) -> str:
    value = params.get(name)
    if value is None or value == "":
        if default is None:
            raise Refused(
                told("The connection parameter {name!r} is missing; fill it in.", name=name)
            )
        return default
    if not isinstance(value, str) or "\0" in value:
        raise Refused(
            told(
                "The connection parameter {name!r} must be text without NUL characters.", name=name
            )
        )
    return value


def _host(host: str) -> str:
    """Let through one host name or address: libpq would also take paths, lists and sockets."""
    host = host.strip()
    try:
        return str(ipaddress.ip_address(host.removeprefix("[").removesuffix("]").partition("%")[0]))
    except ValueError:
        pass
    if not _HOST_NAME.match(host):
        raise Refused(
            told(
                "The host {host!r} is not a host name or address. Sockets, paths, URLs and lists "
                "of hosts are not accepted.",
                host=host[:80],
            )
        )
    return host


def _port(value: Any) -> int:
    if value is None or value == "":
        return DEFAULT_PORT
    try:
        port = int(value)
    except (TypeError, ValueError):
        port = 0
    if not 1 <= port <= 65535 or isinstance(value, bool | float):
        raise Refused(
            told("The port {value!r} is not a number from 1 to 65535.", value=str(value)[:20])
        )
    return port
