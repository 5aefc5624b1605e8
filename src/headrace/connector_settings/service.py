"""The rules of connector settings: whose OAuth client is used, and changing the agency's own."""

from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from sqlalchemy.orm import Session

from headrace.connector_settings import queries
from headrace.connector_settings.errors import NoOAuth, SecretMissing
from headrace.connector_settings.models import ConnectorSettings
from headrace.connector_settings.schemas import ConnectorSettingsIn
from headrace.connectors.contract import AuthKind, ConnectorSpec
from headrace.connectors.registry import connectors
from headrace.rest.errors import NotFound
from headrace.rest.resources import Resources
from headrace.tenancy.scope import AgencyScope


@dataclass(frozen=True)
class OAuthClient:
    """A client registered at a platform. origin: whose it is, as in `ConnectorSettingsOut`."""

    client_id: str
    client_secret: str = field(repr=False)
    origin: str


def redirect_uri(public_address: str, datasource_name: str) -> str:
    """Return the one address a platform sends people back to; no request can change it (S60)."""
    return f"{public_address}/oauth/{datasource_name}/callback"


def client_of(
    session: Session, resources: Resources, agency_id: int, spec: ConnectorSpec
) -> OAuthClient | None:
    """Return the client an agency's customers authorise a data source under; None: there is none.

    The agency's own goes before the server operator's, that before one the platform gives everyone.
    """
    if spec.auth.kind is not AuthKind.OAUTH2 or not spec.auth.authorize_url:
        return None
    own = queries.settings_of(session, agency_id, spec.name)
    if own is not None:
        secret = resources.vault.open(own.client_secret, place(agency_id, spec.name))
        return OAuthClient(own.client_id, secret, "agency")
    server = resources.settings.oauth_clients.get(spec.name)
    if server is not None:
        return OAuthClient(server.client_id, server.client_secret.get_secret_value(), "server")
    if spec.auth.shared_client is not None:
        return OAuthClient(*spec.auth.shared_client, "connector")
    return None


def shown(
    session: Session, scope: AgencyScope, resources: Resources, datasource_name: str
) -> dict[str, Any]:
    """Return whose client is used for a data source, as `ConnectorSettingsOut`.

    Raises:
        NotFound: if there is no such data source.
        NoOAuth: if it is not authorised by OAuth.
    """
    spec = _spec(datasource_name)
    client = client_of(session, resources, scope.agency_id, spec)
    own = queries.settings_of(session, scope.agency_id, spec.name)
    return {
        "datasource_name": spec.name,
        "origin": client.origin if client else "none",
        "client_id": client.client_id if client else None,
        "has_client_secret": client is not None,
        "redirect_uri": redirect_uri(resources.settings.public_address, spec.name),
        "scopes": list(spec.auth.scopes),
        "updated_at": own.updated_at if own else None,
    }


def put(
    session: Session,
    scope: AgencyScope,
    resources: Resources,
    datasource_name: str,
    body: ConnectorSettingsIn,
) -> dict[str, Any]:
    """Set the agency's own client, as `ConnectorSettingsOut`; for connections made from now on.

    Raises:
        NotFound, NoOAuth: as `shown` does.
        SecretMissing: if a client that is new, or another one, comes without its secret.
    """
    spec = _spec(datasource_name)
    own = queries.settings_of(session, scope.agency_id, spec.name, is_held=True)
    secret = body.client_secret.get_secret_value() if body.client_secret else ""
    if not secret and (own is None or own.client_id != body.client_id):
        raise SecretMissing
    if own is None:
        own = ConnectorSettings(id=uuid4(), agency_id=scope.agency_id, datasource_name=spec.name)
        session.add(own)
    own.client_id = body.client_id
    if secret:
        own.client_secret = resources.vault.seal(secret, place(scope.agency_id, spec.name))
    session.flush()
    session.refresh(own)
    return shown(session, scope, resources, datasource_name)


def delete(session: Session, scope: AgencyScope, datasource_name: str) -> None:
    """Forget the agency's own client; the server's, if there is one, is used again.

    Raises:
        NotFound: if the agency set none, or there is no such data source.
        NoOAuth: as `shown` does.
    """
    spec = _spec(datasource_name)
    if not queries.delete_settings(session, scope.agency_id, spec.name):
        raise NotFound("Connector settings")


def place(agency_id: int, datasource_name: str) -> str:
    """Where the secret of an agency's client is sealed for."""
    return f"agency/{agency_id}/connector_settings/{datasource_name}/client_secret"


def _spec(datasource_name: str) -> ConnectorSpec:
    connector = connectors().get(datasource_name)
    if connector is None:
        raise NotFound("Data source")
    spec = connector.spec
    if spec.auth.kind is not AuthKind.OAUTH2 or not spec.auth.authorize_url:
        raise NoOAuth(spec.title)
    return spec
