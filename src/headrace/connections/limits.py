"""What runs share when they use a connection: it, its authorization, the application behind that."""

from collections.abc import Mapping
from typing import Any, TypedDict

import msgspec

from headrace.connections.models import Connection
from headrace.connectors.contract import AuthKind, ConnectorSpec
from headrace.kit.sealing import Vault
from headrace.runs.limits import APP, CONNECTION, CREDENTIAL


class Keys(TypedDict):
    """The limit keys of a run that uses a connection, as `NewRun` takes them."""

    limit_key: str
    credential_key: str | None
    system_key: str | None


def keys_of(connection: Connection) -> Keys:
    """Return under which limits runs that use a connection stand."""
    return Keys(
        limit_key=limit_key(connection.id),
        credential_key=connection.credential_key,
        system_key=connection.app_key,
    )


def limit_key(connection_id: int) -> str:
    """The key under which the runs of one connection are limited."""
    return f"{CONNECTION}:{connection_id}"


def note_authorization(
    connection: Connection,
    spec: ConnectorSpec,
    vault: Vault,
    agency_id: int,
    credentials: Mapping[str, Any],
) -> None:
    """Store by what a connection shares limits with others, from credentials that a person gave.

    Two connections with the same credentials share an authorization; made new by themselves, they
    are still the same. The application is the OAuth client that they belong to; where they do not
    name it, it is taken to be the agency's own. Both are kept as digests.
    """
    known = {name: value for name, value in credentials.items() if value not in (None, "")}
    connection.credential_key = connection.app_key = None
    if known:
        text = msgspec.json.encode(known, order="deterministic").decode()
        connection.credential_key = f"{CREDENTIAL}:{spec.name}:{vault.fingerprint(text)}"
    if spec.auth.kind is AuthKind.OAUTH2:
        client = str(known.get(spec.auth.client_fields[0]) or "")
        owner = vault.fingerprint(client) if client else f"agency-{agency_id}"
        connection.app_key = f"{APP}:{spec.name}:{owner}"
