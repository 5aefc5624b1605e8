"""Sessions that share one transaction, each in a savepoint that ends as its transaction would."""

from typing import Any

from sqlalchemy import Connection, event, text
from sqlalchemy.orm import SessionTransaction

from headrace.db.roles import AGENCY_SETTING, SYSTEM, WORKSPACE_SETTING, HeldSession

_NAMES = ("role", AGENCY_SETTING, WORKSPACE_SETTING)
_NOW = text("SELECT " + ", ".join(f"current_setting('{name}', true)" for name in _NAMES))
_SET = text(
    "SELECT " + ", ".join(f"set_config('{name}', :v{i}, true)" for i, name in enumerate(_NAMES))
)
_FRESH = (SYSTEM, "", "")


class SavepointSession(HeldSession):
    """Begins each transaction as a fresh connection would, and ends it as a commit would.

    What a transaction sets for itself alone outlives the savepoint that stands for it here: the role
    it stepped down to would be the next one's too.
    """

    before: tuple[Any, ...] = _FRESH

    def connection(self, *args: Any, **settings: Any) -> Connection:
        """Give the shared connection, in whose transaction no statement can commit by itself."""
        settings.pop("execution_options", None)
        return super().connection(*args, **settings)

    def begin_held(self, connection: Connection) -> None:
        """Forget what other sessions set, then step down if this one is held to a tenant."""
        self.before = tuple(value or "" for value in connection.execute(_NOW).one())
        _set(connection, _FRESH)
        super().begin_held(connection)


@event.listens_for(SavepointSession, "after_transaction_end")
def _put_back(session: SavepointSession, transaction: SessionTransaction) -> None:
    connection = session.bind
    if (
        transaction.parent is None
        and isinstance(connection, Connection)
        and connection.in_transaction()
    ):
        _set(connection, session.before)


def _set(connection: Connection, values: tuple[Any, ...]) -> None:
    connection.execute(_SET, {f"v{number}": value for number, value in enumerate(values)})
