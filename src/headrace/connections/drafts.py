"""Connections between authorising and choosing: credentials that work, and accounts to choose from.

Where a person chooses accounts first, the connection is made of that choice (contract 4.3): until
then there is a draft, which nobody but the page that made it sees, and which ends by itself.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from headrace.connections import accounts, queries, service
from headrace.connections.errors import DraftGone
from headrace.connections.forms import filled
from headrace.connections.models import Connection, ConnectionDraft, SyncMode
from headrace.connections.schemas import ConnectionIn
from headrace.connectors.contract import Account as RemoteAccount
from headrace.kit import clock
from headrace.rest.outside import OutsideCalls
from headrace.rest.resources import Resources
from headrace.tenancy.scope import WorkspaceScope

LIFETIME = timedelta(hours=1)
PAGE_SIZE = 50
# A choice among more would be no choice; the rest is listed once the connection is made.
_MOST_LISTED = 20_000


@dataclass(frozen=True)
class Choices:
    """A page of a draft's accounts. chosen: those of the page that are; count: of what was found."""

    rows: list[dict[str, Any]]
    chosen: frozenset[str]
    count: int
    page: int
    last_page: int
    chosen_count: int
    total: int


def prepare(
    session: Session,
    scope: WorkspaceScope,
    resources: Resources,
    datasource_name: str,
    body: ConnectionIn,
    calls: OutsideCalls,
    grant_digest: str | None = None,
) -> ConnectionDraft:
    """Check credentials, list the accounts they reach, and keep both for a choice.

    Raises:
        DataSourceUnknown, FieldMissing, FieldUnfit: as their names say.
        CannotConnect: if the source does not accept the credentials; nothing is kept.
    """
    connector = service.connector_named(datasource_name)
    spec = connector.spec
    settings = filled(spec.settings, body.settings)
    filled(spec.auth.fields, body.credentials)
    access = service.access_with(resources, spec.name, body.credentials, settings)

    def look() -> tuple[list[RemoteAccount], bool]:
        connector.check(access)
        listed = connector.accounts(access)
        return list(islice(listed, _MOST_LISTED)), next(listed, None) is None

    found, is_whole = service.asked(calls, scope, spec.title, look)
    draft = ConnectionDraft(
        id=uuid4(),
        workspace_id=scope.workspace_id,
        created_by=scope.user_id,
        datasource_name=spec.name,
        title=body.title or spec.title,
        settings=settings,
        grant_digest=grant_digest,
        accounts=[_kept(item) for item in found],
        is_whole=is_whole,
        chosen=None,
        expires_at=clock.now() + LIFETIME,
    )
    draft.credentials = resources.vault.seal_object(dict(body.credentials), place(draft))
    session.add(draft)
    session.flush()
    return draft


def get(session: Session, scope: WorkspaceScope, draft_id: UUID) -> ConnectionDraft:
    """Return a draft of the caller's own workspace, held against changes.

    Raises:
        DraftGone: if there is none: it was made into a connection, or has ended.
    """
    draft = queries.held_draft(session, scope, draft_id, clock.now())
    if draft is None:
        raise DraftGone
    return draft


def choices(draft: ConnectionDraft, search: str = "", page: int = 1) -> Choices:
    """Return a page of the accounts whose title or id holds a text; of the nearest page there is."""
    wanted = search.casefold().strip()
    found = [
        row
        for row in draft.accounts
        if wanted in row["title"].casefold() or wanted in row["remote_id"].casefold()
    ]
    last = max(1, -(-len(found) // PAGE_SIZE))
    page = min(max(1, page), last)
    rows = found[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]
    chosen = frozenset(
        row["remote_id"] for row in rows if draft.chosen is None or row["remote_id"] in draft.chosen
    )
    total = len(draft.accounts)
    count = total if draft.chosen is None else len(draft.chosen)
    return Choices(rows, chosen, len(found), page, last, count, total)


def choose(draft: ConnectionDraft, shown: Collection[str], chosen: Collection[str]) -> None:
    """Note what was chosen among the accounts that a page showed; the rest stays as it was."""
    known = {row["remote_id"] for row in draft.accounts}
    before = known if draft.chosen is None else set(draft.chosen)
    after = (before - set(shown)) | (set(chosen) & set(shown) & known)
    if draft.chosen is None and after == known:
        return  # nothing was taken out: it stays "all, and those that appear later"
    draft.chosen = sorted(after)


def choose_found(draft: ConnectionDraft, search: str, *, is_chosen: bool) -> None:
    """Choose all accounts that a search finds, or none of them; all of all means later ones too."""
    wanted = search.casefold().strip()
    if not wanted:
        draft.chosen = None if is_chosen else []
        return
    found = {
        row["remote_id"]
        for row in draft.accounts
        if wanted in row["title"].casefold() or wanted in row["remote_id"].casefold()
    }
    choose(draft, found, found if is_chosen else ())


def connect(
    session: Session, scope: WorkspaceScope, resources: Resources, draft: ConnectionDraft
) -> dict[str, Any]:
    """Make a draft into a connection of what was chosen, as `ConnectionOut`; the draft is gone."""
    connection = Connection(
        uid=uuid4(),
        workspace_id=scope.workspace_id,
        datasource_name=draft.datasource_name,
        title=draft.title,
        settings=draft.settings,
        account_sync_mode=SyncMode.ALL if draft.chosen is None else SyncMode.SELECTED,
        created_by=scope.user_id,
        grant_digest=draft.grant_digest,
    )
    credentials = resources.vault.open_object(draft.credentials, place(draft))
    service.replace_credentials(resources, connection, credentials)
    session.add(connection)
    session.flush()
    found = [RemoteAccount(**row) for row in draft.accounts]
    accounts.store(session, connection, found, is_whole=draft.is_whole, enabled=draft.chosen)
    if not draft.is_whole:
        service.go_on_listing(session, scope, connection)
    session.delete(draft)
    session.flush()
    return service.row(session, scope, connection.id)


def discard(session: Session, scope: WorkspaceScope, draft_id: UUID) -> None:
    """Give a draft up; one that is gone already is as good."""
    draft = queries.held_draft(session, scope, draft_id, clock.now())
    if draft is not None:
        session.delete(draft)
        session.flush()


def place(draft: ConnectionDraft) -> str:
    """Where the credentials of a draft are sealed for."""
    return f"workspace/{draft.workspace_id}/connection_draft/{draft.id}/credentials"


def _kept(item: RemoteAccount) -> dict[str, Any]:
    return {
        "remote_id": item.remote_id,
        "title": item.title,
        "currency": item.currency,
        "timezone": item.timezone,
        "item": dict(item.item),
    }
