"""What follows a change of a connection in slices above: they register here, and stay unknown."""

from collections.abc import Callable, Sequence

from sqlalchemy.orm import Session

from headrace.connections.models import Connection
from headrace.tenancy.scope import WorkspaceScope

AccountsOpened = Callable[[Session, WorkspaceScope, Connection, Sequence[int]], None]
"""Called in the transaction in which accounts, by id, became fit to be extracted."""

Reconnected = Callable[[Session, WorkspaceScope, Connection], None]
"""Called in the transaction in which a broken connection works again."""

_ACCOUNTS_OPENED: list[AccountsOpened] = []
_RECONNECTED: list[Reconnected] = []


def register(accounts_opened: AccountsOpened, reconnected: Reconnected) -> None:
    """Make what is to follow known to this process; to do so twice changes nothing."""
    if accounts_opened not in _ACCOUNTS_OPENED:
        _ACCOUNTS_OPENED.append(accounts_opened)
        _RECONNECTED.append(reconnected)


def tell_opened(
    session: Session, scope: WorkspaceScope, connection: Connection, account_ids: Sequence[int]
) -> None:
    """Let what is to follow happen for accounts that have opened; the connection is held."""
    if account_ids:
        for follow in _ACCOUNTS_OPENED:
            follow(session, scope, connection, account_ids)


def tell_reconnected(session: Session, scope: WorkspaceScope, connection: Connection) -> None:
    """Let what is to follow happen for a connection that works again; it is held."""
    for follow in _RECONNECTED:
        follow(session, scope, connection)
