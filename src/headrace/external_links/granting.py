"""External authentication links answered by OAuth: the grant spends the link."""

from uuid import UUID

from sqlalchemy.orm import Session

from headrace.external_links import queries, service
from headrace.external_links.errors import LinkDead
from headrace.external_links.holding import LinkHolder
from headrace.external_links.schemas import ExternalAuthIn
from headrace.kit.sealing import token_digest
from headrace.oauth import service as oauth
from headrace.oauth.finishing import Finisher, Granted
from headrace.oauth.models import Authorization
from headrace.oauth.schemas import AuthorizationIn
from headrace.oauth.service import Begun
from headrace.rest.errors import NotFound
from headrace.rest.resources import Resources


def begin(
    session: Session, resources: Resources, holder: LinkHolder, given: ExternalAuthIn
) -> Begun:
    """Begin an authorization in place of typing credentials; this does not spend the link.

    Raises:
        LinkDead: if the link is of no use any more, or the connection to reconnect is gone.
        NotByOAuth, ClientMissing, FieldMissing, FieldUnfit: as `oauth.service.begin` does.
    """
    link = service.pending(session, holder)
    connection_id = link.connection_id if link.is_reconnect else None
    body = AuthorizationIn(settings=given.settings, connection_id=connection_id)
    name = link.datasource_name
    try:
        return oauth.begin(
            session,
            holder.scope,
            resources,
            name,
            body,
            begun_in=credential(holder.link_id),
            link_id=link.id,
        )
    except NotFound as error:
        raise LinkDead from error


def credential(link_id: UUID) -> str:
    """Name the link as the credential that an authorization was begun with."""
    return token_digest(f"external authentication link {link_id}")


def link_ending(finisher: Finisher, row: Authorization, granted: Granted) -> int | None:
    """Connect, or reconnect, with what was granted, and spend the link it was granted for.

    Raises:
        LinkDead: if the link is of no use any more, or its agency may not ask people outside.
        AppError: as `service.fulfil` does.
    """
    if row.external_auth_link_id is None or not queries.allows_links(
        finisher.session, finisher.scope.agency_id
    ):
        raise LinkDead
    holder = LinkHolder(finisher.scope, row.external_auth_link_id)
    given = ExternalAuthIn(credentials=dict(granted.credentials), settings=dict(granted.settings))
    return service.fulfil(
        finisher.session, finisher.resources, holder, given, finisher.calls, granted.grant_digest
    )
