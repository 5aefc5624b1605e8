"""What the worker does for webhooks beside deliveries: telling chiefs of disabled endpoints."""

from typing import Any

import structlog
from sqlalchemy.orm import Session

from headrace.kit import mail
from headrace.kit.outcomes import OutsideError, Refused
from headrace.runs import service as runs
from headrace.runs.context import RunContext
from headrace.runs.kinds import RunKind, register
from headrace.webhooks import jobs, letters, queries
from headrace.webhooks.letters import Notice

log = structlog.get_logger(__name__)


def send_mail(context: RunContext) -> None:
    """Mail one chief, unless the endpoint was verified again or deleted meanwhile.

    A worker that dies between sending and recording lets the mail be sent again: rather twice than
    never.
    """
    server = context.resources.settings.mail_server
    if server is None:
        raise Refused("This server sends no mail any more: HEADRACE_SMTP_URL is not set.")
    with context.step() as session:
        told = queries.disabled_endpoint(session, context.scope, **context.params)
    if told is not None:
        notice = _notice(context, told)
        subject, text = letters.subject(notice), letters.text(notice)
        mail.send(server, mail.written(server.sender, told.username, subject, text))
    with context.step() as session:
        runs.succeed(context.hold(session), context.now(session))


def _notice(context: RunContext, told: Any) -> Notice:
    address = context.resources.settings.public_address
    return Notice(
        workspace_title=told.workspace_title,
        endpoint_id=told.id,
        host=told.host,
        reason=told.disabled_reason or "",
        page_url=f"{address}/workspaces/{context.scope.workspace_id}/webhooks/{told.id}",
    )


def mail_failed(context: RunContext, _: Session, error: OutsideError) -> None:
    """Say in the log that a chief could not be told; the page and the event tell it too."""
    log.warning(
        "mail of a disabled webhook endpoint failed",
        endpoint_id=context.params["endpoint_id"],
        details=str(error),
    )


register(RunKind(jobs.MAIL, carry_out=send_mail, failed=mail_failed))
