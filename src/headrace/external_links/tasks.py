"""What the worker does for links: mailing them, so that no request waits for a mail server."""

from uuid import UUID

from sqlalchemy.orm import Session

from headrace.connections import service as connections
from headrace.external_links import letters, queries, service
from headrace.external_links.letters import Request
from headrace.external_links.models import ExternalAuthLink, LinkStatus, MailStatus
from headrace.kit import mail
from headrace.kit.outcomes import OutsideError, Refused
from headrace.runs import service as runs
from headrace.runs.context import RunContext
from headrace.runs.kinds import RunKind, register


def send_mail(context: RunContext) -> None:
    """Send one link's mail, unless the link is of no use any more.

    A worker that dies between sending and recording lets the mail be sent again: rather twice than
    never.
    """
    server = context.resources.settings.mail_server
    if server is None:
        raise Refused("This server sends no mail any more: HEADRACE_SMTP_URL is not set.")
    with context.step() as session:
        link = queries.held_link(session, context.scope, UUID(context.subject_id))
        waiting = link is not None and _is_to_be_sent(link)
        asked = _request(context, session, link) if link is not None and waiting else None
        recipient = link.email if link is not None else None
    if asked is not None and recipient is not None:
        subject, text = letters.subject(asked), letters.text(asked)
        mail.send(server, mail.written(server.sender, recipient, subject, text))
    with context.step() as session:
        link = queries.held_link(session, context.scope, UUID(context.subject_id))
        if link is not None:
            link.sealed_secret = None
            if asked is not None:
                link.mail_status = MailStatus.SENT
        runs.succeed(context.hold(session), context.now(session))


def _is_to_be_sent(link: ExternalAuthLink) -> bool:
    is_pending = service.status_of(link) is LinkStatus.PENDING
    return is_pending and link.sealed_secret is not None


def _request(context: RunContext, session: Session, link: ExternalAuthLink) -> Request:
    assert link.sealed_secret is not None
    secret = context.resources.vault.open(link.sealed_secret, service.place(link))
    username, agency_title = queries.asker(session, link.created_by)
    return Request(
        asker=username,
        agency_title=agency_title,
        platform=connections.connector_named(link.datasource_name).spec.title,
        message=link.message,
        is_reconnect=link.is_reconnect,
        url=service.link_url(context.resources.settings.public_address, secret),
        expires_at=link.expires_at,
    )


def mail_failed(context: RunContext, session: Session, error: OutsideError) -> None:
    """Record that a mail could not be sent; the link itself stays good."""
    link = queries.held_link(session, context.scope, UUID(context.subject_id))
    if link is not None:
        link.mail_status = MailStatus.FAILED
        link.mail_error = str(error)
        link.sealed_secret = None


register(RunKind(service.MAIL, carry_out=send_mail, failed=mail_failed))
