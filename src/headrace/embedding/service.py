"""The rules of iframes: who may open one, on what, for which page."""

from collections.abc import Collection
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from headrace.access import embed_codes
from headrace.access.authentication import LIFETIME
from headrace.access.embed_codes import Exchanged
from headrace.access.errors import PermissionMissing
from headrace.access.permissions import Permission
from headrace.connections import service as connections
from headrace.destinations import service as destinations
from headrace.embedding import queries
from headrace.embedding.errors import NotAnEmbedSession, WorkspaceNotNamed
from headrace.embedding.models import EmbedFrame
from headrace.embedding.origins import checked_return_url, host_origin
from headrace.embedding.purposes import Purpose, asked_for, limits
from headrace.embedding.schemas import IframeUrlIn
from headrace.kit import clock
from headrace.kit.sealing import token_digest
from headrace.rest.errors import NotFound
from headrace.tenancy.scope import AgencyScope, WorkspaceScope

PAGE = "/embed/connect"


def mint_url(
    session: Session,
    caller: AgencyScope | WorkspaceScope,
    public_address: str,
    frame_origins: Collection[str],
    body: IframeUrlIn,
) -> dict[str, Any]:
    """Create a URL that opens an iframe once, within 15 minutes, as `IframeUrlOut`.

    The code stands in the fragment, which browsers send to nobody: it is in no log and no Referer.
    Everything else the iframe is about is kept here, so that changing the URL changes nothing.

    Raises:
        WorkspaceNotNamed, NotFound: if no workspace, or none of the caller's, is named.
        DataSourceUnknown, DestinationUnknown, NotFound: if there is no such platform or connection.
        PermissionMissing: if the caller may not do there what the iframe is for.
        OriginUnfit, OriginNotListed, ReturnUrlUnfit: as their names say.
    """
    if isinstance(caller, AgencyScope) and body.workspace_id is None:
        raise WorkspaceNotNamed
    scope = embed_codes.entered(session, caller, body.workspace_id)
    frame = _frame(session, scope, body)
    if needed(body) not in scope.permissions:
        raise PermissionMissing(needed(body))
    frame.origin = host_origin(body.origin, frame_origins)
    checked_return_url(body.return_url, frame.origin, frame_origins)
    widest = limits(_purpose(body), is_reconnect=body.connection_id is not None)
    allowed = [item for item in widest if item in scope.permissions]
    minted = embed_codes.mint_code(session, scope, allowed)
    frame.credential = token_digest(minted.secret)
    session.add(frame)
    session.flush()
    url = f"{public_address}{PAGE}?session={frame.id}#code={minted.secret}"
    return {"url": url, "expires_at": minted.expires_at}


def needed(body: IframeUrlIn) -> Permission:
    """Return the permission that opening an iframe for this takes."""
    return asked_for(_purpose(body), is_reconnect=body.connection_id is not None)


def _purpose(body: IframeUrlIn) -> Purpose:
    if body.destination_name is not None:
        return Purpose.DESTINATION
    if body.datasource_name is not None or body.connection_id is not None:
        return Purpose.DATASOURCE
    return Purpose.WORKSPACE


def _frame(session: Session, scope: WorkspaceScope, body: IframeUrlIn) -> EmbedFrame:
    """Return a frame on what a caller asked for, if that is there for them."""
    frame = EmbedFrame(
        id=uuid4(),
        workspace_id=scope.workspace_id,
        purpose=_purpose(body),
        datasource_name=body.datasource_name,
        destination_name=body.destination_name,
        return_url=body.return_url,
        theme=body.theme,
        lang=body.lang,
    )
    if body.destination_name is not None:
        destinations.loader_named(body.destination_name)
        if body.connection_id is not None:
            name, given = body.destination_name, str(body.connection_id)
            frame.destination_connection_id = destinations.get(session, scope, given, name).id
    if body.datasource_name is not None:
        connections.connector_named(body.datasource_name)
    if isinstance(body.connection_id, int):
        connection = connections.get(session, scope, body.connection_id)
        if body.datasource_name not in (None, connection.datasource_name):
            raise NotFound("Connection")
        frame.datasource_name = connection.datasource_name
        frame.connection_id = connection.id
    return frame


def open_session(session: Session, exchanged: Exchanged) -> dict[str, Any]:
    """Open the session of a frame whose code was just exchanged, as `EmbedSessionOpened`."""
    frame = _of_credential(session, exchanged.scope, exchanged.digest)
    frame.opened_at = clock.now()
    session.flush()
    return _shown(frame, exchanged.scope) | {
        "token": exchanged.secret,
        "expires_in": int(LIFETIME.total_seconds()),
        "expires_at": exchanged.expires_at,
    }


def session_row(session: Session, scope: WorkspaceScope, credential: str) -> dict[str, Any]:
    """Return what the caller's session is for, as `EmbedSessionOut`.

    Raises:
        NotAnEmbedSession: if the credentials are others than an iframe's.
    """
    return _shown(_of_credential(session, scope, credential), scope)


def _of_credential(session: Session, scope: WorkspaceScope, credential: str) -> EmbedFrame:
    frame = queries.frame_of(session, scope, credential)
    if frame is None:
        raise NotAnEmbedSession
    return frame


def _shown(frame: EmbedFrame, scope: WorkspaceScope) -> dict[str, Any]:
    connection_id: int | UUID | None = frame.connection_id or frame.destination_connection_id
    return {
        "session_id": frame.id,
        "workspace_id": frame.workspace_id,
        "purpose": frame.purpose,
        "datasource_name": frame.datasource_name,
        "destination_name": frame.destination_name,
        "connection_id": connection_id,
        "origin": frame.origin,
        "return_url": frame.return_url,
        "theme": frame.theme,
        "lang": frame.lang,
        "permissions": sorted(scope.permissions),
    }
