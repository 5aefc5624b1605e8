"""The rules of external authentication links: asking, revoking, being answered."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from headrace.connections import presentation, provenance
from headrace.connections import service as connections
from headrace.connections.schemas import ConnectionIn, ReauthorizeIn
from headrace.external_links import queries
from headrace.external_links.errors import (
    AddressUnfit,
    LinkDead,
    LinkEnded,
    LinksOff,
    MailOff,
    NobodyNamed,
)
from headrace.external_links.holding import LinkHolder
from headrace.external_links.models import ExternalAuthLink, LinkStatus, MailStatus
from headrace.external_links.schemas import ExternalAuthIn, ExternalAuthLinksIn
from headrace.kit import clock
from headrace.kit.mail import is_address
from headrace.kit.sealing import Vault, random_token, token_digest
from headrace.rest.errors import NotFound
from headrace.rest.outside import OutsideCalls
from headrace.rest.resources import Resources
from headrace.runs import service as runs
from headrace.runs.service import NewRun
from headrace.tenancy.scope import WorkspaceScope

LIFETIME = timedelta(days=14)
MAIL = "external_auth_mail"
PAGE = "/connect"
# Mails of a workspace share a limit: a mail server takes few at once from one sender.
_LIMIT_KEY = "mail"


def check_allowed(session: Session, scope: WorkspaceScope) -> None:
    """Refuse agencies that may not ask people outside (contract 1.2).

    Raises:
        LinksOff: if the agency is one.
    """
    if not queries.allows_links(session, scope.agency_id):
        raise LinksOff


def create(
    session: Session,
    scope: WorkspaceScope,
    resources: Resources,
    datasource_name: str,
    body: ExternalAuthLinksIn,
) -> list[dict[str, Any]]:
    """Make a link for each recipient, and queue their mails; as `ExternalAuthLinkOut` with `url`.

    Raises:
        LinksOff, DataSourceUnknown: as their names say.
        NobodyNamed, AddressUnfit, MailOff: if the mails that were asked for cannot be sent.
        NotFound: if the connection to reconnect is not one of this workspace and data source.
    """
    check_allowed(session, scope)
    connections.connector_named(datasource_name)
    emails = _recipients(body.emails)
    if body.send_email and not emails:
        raise NobodyNamed
    if body.send_email and resources.settings.mail_server is None:
        raise MailOff
    if body.connection_id is not None:
        connection = connections.get(session, scope, body.connection_id)
        if connection.datasource_name != datasource_name:
            raise NotFound("Connection")
    made = {
        link.id: secret
        for email in emails or [None]
        for link, secret in [
            _new_link(session, scope, resources.vault, datasource_name, email, body)
        ]
    }
    if body.send_email:
        _queue_mails(session, scope, list(made))
    rows = session.execute(
        queries.link_rows(scope, clock.now()).where(ExternalAuthLink.id.in_(made))
    )
    address = resources.settings.public_address
    shown = {row.id: row._asdict() | {"url": link_url(address, made[row.id])} for row in rows}
    return [shown[link_id] for link_id in made]


def link_url(public_address: str, secret: str) -> str:
    """Return a link's URL: the secret is in the fragment, which browsers send to nobody.

    A mail scanner that opens it sees a page that knows of no link, and spends none.
    """
    return f"{public_address}{PAGE}#link={secret}"


def _recipients(emails: list[str]) -> list[str | None]:
    found: dict[str, str | None] = {}
    for given in emails:
        address = given.strip()
        if not is_address(address):
            raise AddressUnfit(given)
        found.setdefault(address.lower(), address)
    return list(found.values())


def _new_link(
    session: Session,
    scope: WorkspaceScope,
    vault: Vault,
    datasource_name: str,
    email: str | None,
    body: ExternalAuthLinksIn,
) -> tuple[ExternalAuthLink, str]:
    assert scope.user_id is not None
    secret = random_token()
    link = ExternalAuthLink(
        id=uuid4(),
        workspace_id=scope.workspace_id,
        datasource_name=datasource_name,
        digest=token_digest(secret),
        created_by=scope.user_id,
        email=email,
        message=body.message,
        send_email=body.send_email,
        mail_status=MailStatus.QUEUED if body.send_email else MailStatus.NONE,
        is_reconnect=body.connection_id is not None,
        connection_id=body.connection_id,
        expires_at=clock.now() + LIFETIME,
    )
    if body.send_email:
        link.sealed_secret = vault.seal(secret, place(link))
    session.add(link)
    session.flush()
    return link, secret


def place(link: ExternalAuthLink) -> str:
    """Where the secret of a link that waits to be mailed is sealed for."""
    return f"workspace/{link.workspace_id}/external_auth_link/{link.id}/secret"


def _queue_mails(session: Session, scope: WorkspaceScope, link_ids: list[UUID]) -> None:
    for link_id in link_ids:
        new = NewRun(kind=MAIL, subject_id=str(link_id), limit_key=_LIMIT_KEY, trigger="create")
        runs.start(session, scope, new)


def revoke(
    session: Session, scope: WorkspaceScope, datasource_name: str, link_id: UUID
) -> dict[str, Any]:
    """Make a pending link worthless, as `ExternalAuthLinkOut`.

    Raises:
        LinksOff, DataSourceUnknown: as their names say.
        NotFound: if the workspace has no such link for this data source.
        LinkEnded: if it is of no use already.
    """
    check_allowed(session, scope)
    connections.connector_named(datasource_name)
    link = queries.held_link(session, scope, link_id)
    if link is None or link.datasource_name != datasource_name:
        raise NotFound("External authentication link")
    status = status_of(link)
    if status is not LinkStatus.PENDING:
        raise LinkEnded(status)
    link.revoked_at = clock.now()
    link.sealed_secret = None
    session.flush()
    statement = queries.link_rows(scope, clock.now()).where(ExternalAuthLink.id == link_id)
    return session.execute(statement).one()._asdict()


def status_of(link: ExternalAuthLink) -> LinkStatus:
    """Whether a link can still be used, and if not, why."""
    if link.used_at is not None:
        return LinkStatus.USED
    if link.revoked_at is not None:
        return LinkStatus.REVOKED
    return LinkStatus.EXPIRED if link.expires_at <= clock.now() else LinkStatus.PENDING


def asked(session: Session, holder: LinkHolder) -> dict[str, Any]:
    """Return what the holder of a link is asked for, as `ExternalAuthRequest`; spends nothing."""
    link = pending(session, holder)
    username, agency_title = queries.asker(session, link.created_by)
    connector = connections.connector_named(link.datasource_name)
    return {
        "requested_by": username,
        "agency_title": agency_title,
        "message": link.message,
        "is_reconnect": link.is_reconnect,
        "expires_at": link.expires_at,
        "datasource": presentation.datasource_detail(connector),
    }


def fulfil(
    session: Session,
    resources: Resources,
    holder: LinkHolder,
    given: ExternalAuthIn,
    calls: OutsideCalls,
    grant_digest: str | None = None,
) -> int:
    """Connect, or reconnect, with what the holder gave, and spend the link; the connection's id.

    The platform is asked between two transactions: of two who come at once, the second to be
    answered finds the link spent, and nothing of what it made is kept. What the platform refuses
    spends nothing. `grant_digest` as in `connections.service.create`.

    Raises:
        LinkDead: if the link was used or revoked meanwhile, or the connection is gone.
        FieldMissing, FieldUnfit, CannotConnect: as connecting does.
    """
    link = pending(session, holder)
    if link.is_reconnect:
        connection_id = _reconnect(
            session, resources, holder.scope, link, given, calls, grant_digest
        )
    else:
        body = ConnectionIn(credentials=given.credentials, settings=given.settings)
        name = link.datasource_name
        made = connections.create(session, holder.scope, resources, name, body, calls, grant_digest)
        connection_id = made["id"]
    link = pending(session, holder)  # again: this is another transaction
    provenance.record_link(session, holder.scope, connection_id, link.id)
    link.connection_id = connection_id
    link.used_at = clock.now()
    link.sealed_secret = None
    session.flush()
    return connection_id


def done(session: Session, holder: LinkHolder) -> dict[str, Any]:
    """Return what a link that was just spent was for, as `ExternalAuthDone`."""
    link = queries.held_link(session, holder.scope, holder.link_id)
    assert link is not None
    return {"status": LinkStatus.USED, "datasource_name": link.datasource_name}


def _reconnect(
    session: Session,
    resources: Resources,
    scope: WorkspaceScope,
    link: ExternalAuthLink,
    given: ExternalAuthIn,
    calls: OutsideCalls,
    grant_digest: str | None,
) -> int:
    assert link.connection_id is not None
    body = ReauthorizeIn(credentials=given.credentials, settings=given.settings or None)
    try:
        connections.reauthorize(
            session, scope, resources, link.connection_id, body, calls, grant_digest
        )
    except NotFound as error:
        raise LinkDead from error
    return link.connection_id


def pending(session: Session, holder: LinkHolder) -> ExternalAuthLink:
    """Return the link that somebody holds, held against changes.

    Raises:
        LinkDead: if it was used or revoked meanwhile.
    """
    link = queries.held_link(session, holder.scope, holder.link_id)
    if link is None or status_of(link) is not LinkStatus.PENDING:
        raise LinkDead
    return link
