"""What a client chooses of connections and accounts: looked up, checked, completed."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from headrace.automated_recipes import queries
from headrace.automated_recipes.catalogue import RecipeTemplate
from headrace.automated_recipes.errors import (
    AccountsNotOfConnection,
    AccountTwice,
    ConnectionsUnknown,
    NothingChosen,
    SourceNotAllowed,
    SourceNotChosen,
    TooManyAccounts,
)
from headrace.automated_recipes.schemas import MOST_ACCOUNTS, ConnectionChoice
from headrace.connections import queries as connection_queries
from headrace.connections.models import Account, Connection
from headrace.extracts.creation import require_open
from headrace.tenancy.scope import WorkspaceScope


@dataclass(frozen=True)
class Chosen:
    """Accounts to read, by connection. sources: names of data sources, theirs among them."""

    sources: list[str]
    accounts: dict[int, list[Account]]
    connections: dict[int, Connection]

    @property
    def all_accounts(self) -> list[Account]:
        """The accounts of all connections."""
        return [account for listed in self.accounts.values() for account in listed]


def resolve(
    session: Session,
    scope: WorkspaceScope,
    template: RecipeTemplate,
    data_sources: Sequence[str] | None,
    asked: Sequence[ConnectionChoice] | None,
    kept: Collection[int] = (),
) -> Chosen:
    """Look up what a client chose; what is left out is all that fits.

    data_sources: None or empty for those of the connections, or all. asked: None for all enabled
        accounts of the data sources' connections that work.
    kept: ids of accounts that were chosen before: they may have been closed meanwhile.

    Raises:
        SourceNotAllowed, SourceNotChosen, ConnectionsUnknown, AccountsNotOfConnection, AccountClosed,
        AccountTwice, NothingChosen, TooManyAccounts: as their names say.
    """
    allowed = template.source_names
    for name in data_sources or ():
        if name not in allowed:
            raise SourceNotAllowed(name, allowed)
    if asked is None:
        found = queries.active_connections(session, scope, data_sources or allowed)
        accounts = {one.id: _all_of(session, scope, one.id) for one in found}
    else:
        choices = _by_connection(asked)
        found = queries.connections_of(session, scope, choices)
        unknown = choices.keys() - {one.id for one in found}
        if unknown:
            raise ConnectionsUnknown(unknown)
        _check_sources(found, data_sources, allowed)
        accounts = {
            one.id: _accounts_of(session, scope, one.id, choices[one.id], kept) for one in found
        }
    sources = list(dict.fromkeys(data_sources or sorted({one.datasource_name for one in found})))
    chosen = Chosen(
        sources,
        {connection_id: listed for connection_id, listed in accounts.items() if listed},
        {one.id: one for one in found if accounts[one.id]},
    )
    _check_accounts(chosen.all_accounts)
    return chosen


def _by_connection(asked: Iterable[ConnectionChoice]) -> dict[int, list[int] | None]:
    """Join what is asked of the same connection; None asks for all its accounts."""
    joined: dict[int, list[int] | None] = {}
    for one in asked:
        before = joined.get(one.connection_id, [])
        joined[one.connection_id] = (
            None if before is None or one.accounts is None else [*before, *one.accounts]
        )
    return joined


def _check_sources(
    connections: Iterable[Connection], data_sources: Sequence[str] | None, allowed: Sequence[str]
) -> None:
    for one in connections:
        if one.datasource_name not in allowed:
            raise SourceNotAllowed(one.datasource_name, allowed)
        if data_sources and one.datasource_name not in data_sources:
            raise SourceNotChosen(one.id, one.datasource_name)


def _all_of(session: Session, scope: WorkspaceScope, connection_id: int) -> list[Account]:
    return list(queries.open_accounts(session, scope, connection_id, MOST_ACCOUNTS + 1))


def _accounts_of(
    session: Session,
    scope: WorkspaceScope,
    connection_id: int,
    ids: Sequence[int] | None,
    kept: Collection[int],
) -> list[Account]:
    if ids is None:
        return _all_of(session, scope, connection_id)
    found = [
        account
        for account in connection_queries.accounts_of(session, scope, set(ids))
        if account.connection_id == connection_id
    ]
    missing = set(ids) - {account.id for account in found}
    if missing:
        raise AccountsNotOfConnection(connection_id, missing)
    for account in found:
        if account.id not in kept:
            require_open(account)
    return found


def _check_accounts(accounts: Sequence[Account]) -> None:
    if not accounts:
        raise NothingChosen
    if len(accounts) > MOST_ACCOUNTS:
        raise TooManyAccounts(MOST_ACCOUNTS)
    seen: set[str] = set()
    for account in accounts:
        if account.remote_id in seen:
            raise AccountTwice(account.remote_id)
        seen.add(account.remote_id)
