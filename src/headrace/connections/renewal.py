"""Credentials that are replaced while a run still uses the old ones."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.orm import Session, sessionmaker

from headrace.connections import queries
from headrace.connections.models import Connection
from headrace.db.engine import transaction
from headrace.kit.outcomes import Reauthorize, TryLater


@contextmanager
def while_current(sessions: sessionmaker[Session], used: Connection) -> Iterator[None]:
    """Let credentials that were replaced while a block used them fail as a passing fault.

    used: the connection as the block opened it.

    Raises:
        TryLater: in place of `Reauthorize`, if the connection has other credentials by then.
    """
    try:
        yield
    except Reauthorize as error:
        with transaction(sessions) as session:
            now = queries.credentials_now(session, used.id)
        if now is None or now == used.credentials:
            raise
        raise TryLater("The connection got new credentials meanwhile.") from error
