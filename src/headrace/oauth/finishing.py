"""Finishing an authorization: the code becomes credentials, those become a connection."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from headrace.access.authentication import member_scope
from headrace.connections import drafts
from headrace.connections import service as connections
from headrace.connections.schemas import ConnectionIn, ReauthorizeIn
from headrace.connector_settings.service import client_of, redirect_uri
from headrace.connectors.abilities import Grant
from headrace.kit.outcomes import OutsideError
from headrace.kit.sealing import token_digest
from headrace.oauth import queries
from headrace.oauth.errors import ReceiptUnknown
from headrace.oauth.exchange import CodeInHand, ExchangeFailed, exchanged
from headrace.oauth.models import Authorization, AuthorizationStatus
from headrace.oauth.problems import ProblemCode
from headrace.oauth.service import fail, needed_by, place, status_of
from headrace.rest.errors import AppError
from headrace.rest.outside import OutsideCalls
from headrace.rest.resources import Resources
from headrace.tenancy.scope import WorkspaceScope, bind

_PATIENCE_SECONDS = 60.0


@dataclass(frozen=True)
class Granted:
    """What a finished authorization is worth."""

    credentials: Mapping[str, Any] = field(repr=False)
    settings: Mapping[str, Any]
    title: str
    grant_digest: str


@dataclass(frozen=True)
class Finisher:
    """Who finishes an authorization, with what."""

    session: Session
    scope: WorkspaceScope
    resources: Resources
    calls: OutsideCalls


Ending = Callable[[Finisher, Authorization, Granted], int | None]
"""What becomes of credentials: returns the connection's id, or None where accounts are to be chosen."""


def connect(finisher: Finisher, row: Authorization, granted: Granted) -> int | None:
    """Make a connection, or a draft where accounts are to be chosen, or reconnect the one named."""
    session, scope, resources = finisher.session, finisher.scope, finisher.resources
    digest, calls = granted.grant_digest, finisher.calls
    credentials, settings = dict(granted.credentials), dict(granted.settings)
    if row.is_reconnect:
        assert row.connection_id is not None
        again = ReauthorizeIn(credentials=credentials, settings=settings or None)
        connections.reauthorize(session, scope, resources, row.connection_id, again, calls, digest)
        return row.connection_id
    body = ConnectionIn(title=granted.title, credentials=credentials, settings=settings)
    name = row.datasource_name
    if row.wants_choice:
        draft = drafts.prepare(session, scope, resources, name, body, calls, digest)
        row.draft_id = draft.id
        return None
    made = connections.create(session, scope, resources, name, body, calls, digest)
    return int(made["id"])


def finish(
    finisher: Finisher,
    authorization_id: UUID,
    receipt: str,
    begun_in: str | None,
    ending: Ending = connect,
) -> Authorization:
    """Finish an authorization whose way back somebody brought; look at its status for the outcome.

    The code is spent before the platform is asked: of two who come at once one connects (F50). What
    the platform refuses is recorded; nothing half-made stays.

    begun_in: digest of the credential that is presented now; None where whoever came back has said
    yes to being connected for whom the page named.

    Raises:
        ReceiptUnknown: if it is not theirs to finish, or not any more.
    """
    session = finisher.session
    row = queries.authorization(session, finisher.scope, authorization_id, is_held=True)
    if row is None or not _may_finish(row, receipt, begun_in):
        raise ReceiptUnknown
    row.status = AuthorizationStatus.CONNECTING
    row.receipt_digest = None
    session.flush()
    settings, title = dict(row.settings), row.title
    try:
        grant = _grant(finisher, row)
        digest = _digest(row, grant)
        granted = Granted(grant.credentials, settings, title, digest)
        connection_id = ending(finisher, row, granted)
    except ExchangeFailed as error:
        return _failed(finisher, authorization_id, error.code, str(error))
    except AppError as error:
        return _failed(finisher, authorization_id, ProblemCode.CONNECTION_REFUSED, error.details)
    return _ended(finisher, row, connection_id)


def finish_by_receipt(
    session: Session,
    resources: Resources,
    calls: OutsideCalls,
    receipt: str,
    endings: Callable[[Authorization], Ending],
) -> Authorization:
    """Finish an authorization for whoever came back from the platform and said yes.

    They act in the name of who began it, whose rights are looked at again.

    Raises:
        ReceiptUnknown: if the receipt is not good, any more or at all.
    """
    row = queries.by_receipt(session, token_digest(receipt)) if receipt else None
    if row is None:
        raise ReceiptUnknown
    scope = member_scope(session, row.created_by, row.workspace_id)
    if scope is None or needed_by(row) not in scope.permissions:
        fail(row, ProblemCode.RIGHTS_LOST, "Who began it may not connect here any more.")
        session.flush()
        return row
    bind(session, scope)
    finisher = Finisher(session, scope, resources, calls)
    return finish(finisher, row.id, receipt, None, endings(row))


def chosen(
    session: Session, scope: WorkspaceScope, authorization_id: UUID, connection_id: int
) -> None:
    """Record the connection that came of an authorization whose accounts were chosen."""
    row = queries.authorization(session, scope, authorization_id, is_held=True)
    if row is not None:
        row.status = AuthorizationStatus.CONNECTED
        row.connection_id = connection_id
        session.flush()


def _may_finish(row: Authorization, receipt: str, begun_in: str | None) -> bool:
    return (
        status_of(row) == AuthorizationStatus.RETURNED
        and row.receipt_digest == token_digest(receipt)
        and begun_in in (None, row.begun_in)
    )


def _grant(finisher: Finisher, row: Authorization) -> Grant:
    """Exchange the code, between two transactions."""
    resources, scope = finisher.resources, finisher.scope
    connector = connections.connector_named(row.datasource_name)
    client = client_of(finisher.session, resources, scope.agency_id, connector.spec)
    if client is None or client.client_id != row.client_id:
        raise ExchangeFailed(ProblemCode.CODE_REFUSED, "The OAuth client was changed meanwhile.")
    assert row.sealed_code is not None
    assert row.sealed_verifier is not None
    held = CodeInHand(
        client.client_id,
        client.client_secret,
        resources.vault.open(row.sealed_code, place(row, "code")),
        resources.vault.open(row.sealed_verifier, place(row, "verifier")),
        redirect_uri(resources.settings.public_address, row.datasource_name),
    )
    row.sealed_code = row.sealed_verifier = None
    access = connections.access_with(resources, row.datasource_name, {}, row.settings)
    try:
        return finisher.calls.answer_of(
            lambda: exchanged(connector, access, held),
            key=scope.workspace_id,
            seconds=_PATIENCE_SECONDS,
        )
    except OutsideError as error:
        raise ExchangeFailed(ProblemCode.PROVIDER_UNREACHABLE, str(error)) from None


def _digest(row: Authorization, grant: Grant) -> str:
    """Name the grant that credentials stand on: the person's, where they have one for the client."""
    whose = grant.subject or uuid4().hex
    return token_digest(f"{row.datasource_name}/{row.client_id}/{whose}")


def _ended(finisher: Finisher, row: Authorization, connection_id: int | None) -> Authorization:
    if connection_id is None:
        row.status = AuthorizationStatus.CHOOSING
    else:
        row.status = AuthorizationStatus.CONNECTED
        row.connection_id = connection_id
    finisher.session.flush()
    return row


def _failed(
    finisher: Finisher, authorization_id: UUID, code: ProblemCode, message: str
) -> Authorization:
    """Record a failure, after taking back what the attempt left since the platform was asked."""
    session = finisher.session
    finisher.calls.take_back()
    row = queries.authorization(session, finisher.scope, authorization_id, is_held=True)
    if row is None:
        raise ReceiptUnknown
    fail(row, code, message)
    session.flush()
    return row
