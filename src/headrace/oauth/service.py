"""The rules of authorizations: beginning one, and what its way back may be."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from headrace.access.permissions import Permission
from headrace.connections import service as connections
from headrace.connections.forms import filled
from headrace.connector_settings.service import OAuthClient, client_of, redirect_uri
from headrace.connectors.contract import AuthKind, Connector, ConnectorSpec
from headrace.kit import clock
from headrace.kit.sealing import random_token, token_digest
from headrace.oauth import protocol, queries
from headrace.oauth.errors import ClientMissing, NotByOAuth, StateUnknown
from headrace.oauth.exchange import address
from headrace.oauth.models import Authorization, AuthorizationStatus
from headrace.oauth.problems import PROBLEMS, ProblemCode
from headrace.oauth.schemas import AuthorizationIn
from headrace.rest.errors import NotFound
from headrace.rest.origins import origin_of
from headrace.rest.resources import Resources
from headrace.settings import Settings
from headrace.tenancy.scope import WorkspaceScope

LIFETIME = timedelta(minutes=10)
_UNDER_WAY = {
    AuthorizationStatus.PENDING,
    AuthorizationStatus.RETURNED,
    AuthorizationStatus.CONNECTING,
}


def needed(body: AuthorizationIn) -> Permission:
    """Return the permission that an authorization takes."""
    is_reconnect = body.connection_id is not None
    return Permission.CONNECTION_EDIT if is_reconnect else Permission.CONNECTION_CREATE


def needed_by(row: Authorization) -> Permission:
    """Return the permission that finishing an authorization takes."""
    return Permission.CONNECTION_EDIT if row.is_reconnect else Permission.CONNECTION_CREATE


@dataclass(frozen=True)
class Begun:
    """An authorization that was just begun, and where to send the person's browser."""

    authorization: Authorization
    authorize_url: str


def begin(
    session: Session,
    scope: WorkspaceScope,
    resources: Resources,
    datasource_name: str,
    body: AuthorizationIn,
    *,
    begun_in: str,
    wants_choice: bool = False,
    link_id: UUID | None = None,
) -> Begun:
    """Begin an authorization in the name of the caller.

    begun_in: digest of the credential the caller presents. wants_choice: whether accounts are to be
    chosen before there is a connection. link_id: of the external authentication link it is for.

    Raises:
        DataSourceUnknown, FieldMissing, FieldUnfit, NotByOAuth, ClientMissing: as their names say.
        NotFound: if the connection to reconnect is not one of this workspace and data source.
    """
    assert scope.user_id is not None
    connector = connections.connector_named(datasource_name)
    spec = connector.spec
    client = _client(session, scope, resources, spec)
    _check(session, scope, spec, body)
    state, verifier = random_token(), protocol.new_verifier()
    row = Authorization(
        id=uuid4(),
        workspace_id=scope.workspace_id,
        created_by=scope.user_id,
        begun_in=begun_in,
        external_auth_link_id=link_id,
        datasource_name=spec.name,
        connection_id=body.connection_id,
        is_reconnect=body.connection_id is not None,
        title=body.title,
        settings=dict(body.settings),
        wants_choice=wants_choice and body.connection_id is None,
        client_id=client.client_id,
        state_digest=token_digest(state),
        status=AuthorizationStatus.PENDING,
        expires_at=clock.now() + LIFETIME,
    )
    row.sealed_verifier = resources.vault.seal(verifier, place(row, "verifier"))
    session.add(row)
    session.flush()
    url = protocol.authorize_url(
        browser_address(resources.settings, connector),
        spec.auth,
        client_id=client.client_id,
        redirect_uri=redirect_uri(resources.settings.public_address, spec.name),
        state=state,
        verifier=verifier,
    )
    return Begun(row, url)


def _client(
    session: Session, scope: WorkspaceScope, resources: Resources, spec: ConnectorSpec
) -> OAuthClient:
    if spec.auth.kind is not AuthKind.OAUTH2 or not spec.auth.authorize_url:
        raise NotByOAuth(spec.title)
    client = client_of(session, resources, scope.agency_id, spec)
    if client is None:
        raise ClientMissing(spec.title, spec.name)
    return client


def _check(
    session: Session, scope: WorkspaceScope, spec: ConnectorSpec, body: AuthorizationIn
) -> None:
    """Refuse what could not be connected after the person has been to the platform."""
    if body.connection_id is None:
        filled(spec.settings, body.settings)
    elif connections.get(session, scope, body.connection_id).datasource_name != spec.name:
        raise NotFound("Connection")


def browser_address(settings: Settings, connector: Connector) -> str:
    """Return the platform's authorization page as a browser reaches it.

    The demo network is this very server: we reach it on this machine, browsers by its public name.
    """
    spec = connector.spec
    whole = address(spec.auth.authorize_url, settings.source_urls.get(spec.name, spec.base_url))
    own = f"http://127.0.0.1:{settings.port}/"
    if whole.startswith(own):
        return f"{settings.public_address}/{whole.removeprefix(own)}"
    return whole


@dataclass(frozen=True)
class Returned:
    """Somebody's way back from a platform. receipt: what finishes it; None where it failed."""

    authorization: Authorization
    receipt: str | None


def returned(
    session: Session, resources: Resources, datasource_name: str, given: Mapping[str, str]
) -> Returned:
    """Take a person back from a platform: the state is spent by this, whatever it brings.

    given: the query of the redirect. This only notes the code: who finishes has yet to prove that it
    is whoever began (`finishing`).

    Raises:
        StateUnknown: if the state is missing, unknown, used or expired (S57).
    """
    state = given.get("state", "")
    row = queries.by_state(session, token_digest(state)) if state else None
    if row is None or status_of(row) != AuthorizationStatus.PENDING:
        raise StateUnknown
    problem = _problem(resources.settings, row, datasource_name, given)
    if problem is not None:
        fail(row, *problem)
        session.flush()
        return Returned(row, None)
    receipt = random_token()
    row.status = AuthorizationStatus.RETURNED
    row.receipt_digest = token_digest(receipt)
    row.sealed_code = resources.vault.seal(given["code"], place(row, "code"))
    session.flush()
    return Returned(row, receipt)


def _problem(
    settings: Settings, row: Authorization, datasource_name: str, given: Mapping[str, str]
) -> tuple[ProblemCode, str] | None:
    """What is wrong with a way back whose state is good."""
    if row.datasource_name != datasource_name:  # S59
        return ProblemCode.PROVIDER_MIXED_UP, f"The state was issued for {row.datasource_name}."
    connector = connections.connector_named(datasource_name)
    expected = connector.spec.auth.issuer or origin_of(browser_address(settings, connector))
    if given.get("iss") not in (None, expected):  # S59, RFC 9207
        return ProblemCode.ISSUER_MISMATCH, f"iss is not {expected}."
    if given.get("error"):
        said = protocol.plain(given.get("error_description") or given["error"])
        is_denial = given["error"] in {"access_denied", "user_denied"}
        return ProblemCode.PROVIDER_DENIED if is_denial else ProblemCode.PROVIDER_ERROR, said
    if not given.get("code"):
        return ProblemCode.PROVIDER_ERROR, "The platform sent no code."
    return None


def fail(row: Authorization, code: ProblemCode, message: str) -> None:
    """Record that an authorization came to nothing, and why; what it held is forgotten."""
    is_denial = code is ProblemCode.PROVIDER_DENIED
    row.status = AuthorizationStatus.DENIED if is_denial else AuthorizationStatus.FAILED
    row.error_code, row.error_message = code, message
    row.sealed_code = row.sealed_verifier = None


def get(session: Session, scope: WorkspaceScope, authorization_id: UUID) -> Authorization:
    """Return an authorization of the workspace.

    Raises:
        NotFound: if there is none.
    """
    row = queries.authorization(session, scope, authorization_id)
    if row is None:
        raise NotFound("Authorization")
    return row


def status_of(row: Authorization) -> str:
    """How far an authorization is; `expired` where it was not finished in time."""
    if row.status in _UNDER_WAY and row.expires_at <= clock.now():
        return "expired"
    return row.status


def shown(row: Authorization) -> dict[str, Any]:
    """An authorization as `AuthorizationOut`."""
    return {
        "id": row.id,
        "datasource_name": row.datasource_name,
        "status": status_of(row),
        "is_reconnect": row.is_reconnect,
        "connection_id": row.connection_id,
        "expires_at": row.expires_at,
        "error": problem_of(row),
    }


def problem_of(row: Authorization) -> dict[str, Any] | None:
    """Why an authorization came to nothing, as `AuthorizationProblem`; None if it did not."""
    code, message = row.error_code, row.error_message or ""
    if status_of(row) == "expired":
        code, message = ProblemCode.EXPIRED, "The authorization was not finished in ten minutes."
    return told(ProblemCode(code), message) if code else None


def told(code: ProblemCode, message: str) -> dict[str, Any]:
    """A problem with all that is said of it."""
    problem = PROBLEMS[code]
    return {
        "error_type": problem.error_type,
        "error_code": code,
        "error_message": message,
        "display_message": problem.display_message,
        "retryable": problem.retryable,
    }


def place(row: Authorization, column: str) -> str:
    """Where a secret of an authorization is sealed for."""
    return f"workspace/{row.workspace_id}/oauth_authorization/{row.id}/{column}"
