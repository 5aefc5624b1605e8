"""What webhooks ask of the worker: mails about endpoints that were disabled."""

from collections.abc import Iterable

from sqlalchemy.orm import Session

from headrace.kit.mail import is_address
from headrace.runs import service as runs
from headrace.runs.service import NewRun
from headrace.webhooks import queries

MAIL = "webhook_disabled_mail"

# Shared with the other mails of a workspace: a mail server takes few at once from one sender.
_LIMIT_KEY = "mail"


def queue_mails(session: Session, endpoint_ids: Iterable[int]) -> None:
    """Queue a mail to each chief of the agencies whose endpoints have just been disabled.

    A run each, in the transaction that disables: sent at least once, retried one by one, and never
    in the way of deliveries. Chiefs whose user name is no address get none.
    """
    runs.start_many(
        session,
        [
            (row.workspace_id, _mail(row.endpoint_id, row.user_id))
            for row in queries.chiefs_of_endpoints(session, endpoint_ids)
            if is_address(row.username)
        ],
    )


def _mail(endpoint_id: int, user_id: int) -> NewRun:
    return NewRun(
        kind=MAIL,
        subject_id=f"{endpoint_id}-{user_id}",
        limit_key=_LIMIT_KEY,
        trigger="event",
        params={"endpoint_id": endpoint_id, "user_id": user_id},
    )
