"""The extracts that automated recipes read: found among those there are, or made.

Locks are taken in one order by all: connections, data tables, then extracts.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import groupby

from sqlalchemy.orm import Session

from headrace.access.errors import PermissionMissing
from headrace.access.permissions import Permission
from headrace.automated_recipes import queries
from headrace.automated_recipes.catalogue import RecipeTemplate
from headrace.automated_recipes.choosing import Chosen
from headrace.automated_recipes.errors import NothingToWatch, SyncFromFuture
from headrace.automated_recipes.models import AutomatedExtract
from headrace.connections import service as connections
from headrace.connections.models import Account, Connection
from headrace.connectors.paid_media import PaidMediaMapping
from headrace.data_tables import service as data_tables
from headrace.extracts import creation, starting
from headrace.extracts import service as extracts
from headrace.extracts.creation import Chosen as ExtractChoice
from headrace.extracts.models import Extract
from headrace.extracts.schemas import ExtractPatch, TemplateSettings
from headrace.extracts.windows import default_history, horizon
from headrace.kit import clock
from headrace.loads import service as loads
from headrace.tenancy.scope import WorkspaceScope

TRIGGER = "automated_recipe"


@dataclass(frozen=True)
class Wanted:
    """An account that needs an extract which reads it from a day on."""

    account: Account
    first_day: date


@dataclass
class _Provision:
    """Extracts on the way to being provided.

    there: those of each account, and whether they were made for recipes. found: what will read each
    account. revived: own ones that are to go on, and the first day wanted of them.
    """

    there: dict[int, list[tuple[Extract, bool]]]
    sync_from: date | None
    found: dict[int, int] = field(default_factory=dict)
    revived: list[tuple[Extract, date]] = field(default_factory=list)


def provide(
    session: Session,
    scope: WorkspaceScope,
    template: RecipeTemplate,
    chosen: Chosen,
    sync_from: date | None,
) -> dict[int, int]:
    """See that every chosen account is extracted; return the extract of each account by its id.

    Accounts of a template that watches are left out where they are extracted already.

    Raises:
        SyncFromFuture, NothingToWatch, ConnectionNotActive, AccountClosed: as their names say.
        PermissionMissing: if extracts have to be made, and the caller may not.
    """
    held = {one: connections.held(session, scope, one) for one in sorted(chosen.connections)}
    _check_first_day(chosen.all_accounts, sync_from)
    provision = _Provision(_extracts_by_account(session, scope, chosen), sync_from)
    for one in sorted(held.values(), key=lambda one: (one.datasource_name, one.id)):
        accounts = chosen.accounts[one.id]
        if template.watches:
            accounts = [account for account in accounts if not provision.there[account.id]]
        if accounts:
            _provide_of(session, scope, one, accounts, provision)
    for extract, first_day in provision.revived:
        _revive(session, scope, extract, first_day)
    return provision.found


def _check_first_day(accounts: Iterable[Account], sync_from: date | None) -> None:
    if sync_from is not None and any(
        sync_from > clock.today(account.timezone) for account in accounts
    ):
        raise SyncFromFuture


def _extracts_by_account(
    session: Session, scope: WorkspaceScope, chosen: Chosen
) -> dict[int, list[tuple[Extract, bool]]]:
    by_account: dict[int, list[tuple[Extract, bool]]] = {
        account.id: [] for account in chosen.all_accounts
    }
    for extract, is_own in queries.extracts_of_accounts(session, scope, by_account):
        by_account[extract.account_id].append((extract, is_own))
    return by_account


def _provide_of(
    session: Session,
    scope: WorkspaceScope,
    connection: Connection,
    accounts: Sequence[Account],
    provision: _Provision,
) -> None:
    """Find or make the extracts of some accounts of a connection."""
    mapping = connections.connector_named(connection.datasource_name).spec.paid_media
    if mapping is None:
        raise NothingToWatch(accounts[0].title)
    choice = _choice(session, connection, mapping)
    lacking: list[Wanted] = []
    for account in accounts:
        first_day = _first_day(choice, account, provision.sync_from)
        fit = fitting(choice, provision.there[account.id], first_day)
        if fit is None:
            lacking.append(Wanted(account, first_day))
            continue
        extract, is_own = fit
        provision.found[account.id] = extract.id
        if is_own:
            provision.revived.append((extract, first_day))
    if lacking:
        provision.found |= _make(session, scope, choice, lacking)


def _choice(session: Session, connection: Connection, mapping: PaidMediaMapping) -> ExtractChoice:
    template = queries.extract_template(session, connection.datasource_name, mapping.template)
    asked = TemplateSettings(
        fields=list(mapping.extracted_fields), additional_params=dict(mapping.settings)
    )
    return creation.choose(connection, template, asked)


def _first_day(choice: ExtractChoice, account: Account, sync_from: date | None) -> date:
    """The first day wanted, or the oldest that the source still answers."""
    today = clock.today(account.timezone)
    if sync_from is None:
        return default_history(choice.report, today)
    return max(sync_from, horizon(choice.report, today).first)


def fitting(
    choice: ExtractChoice, there: Sequence[tuple[Extract, bool]], first_day: date
) -> tuple[Extract, bool] | None:
    """Return an extract that reads just what is wanted: one made for recipes before any other's.

    Of others only what goes on and reaches back far enough will do: they are not ours to change.
    """
    same = [
        (extract, is_own)
        for extract, is_own in there
        if extract.template_id == choice.template.id
        and set(extract.fields) == set(choice.fields)
        and extract.settings == choice.settings
        and not extract.hashed_fields
        and not extract.custom_filters
    ]
    own = [pair for pair in same if pair[1]]
    others = [pair for pair in same if not pair[1] and _will_do(pair[0], first_day)]
    return next(iter(own + others), None)


def _will_do(extract: Extract, first_day: date) -> bool:
    history = extract.sync_historical_data
    return not extract.is_paused and history is not None and history <= first_day


def _make(
    session: Session, scope: WorkspaceScope, choice: ExtractChoice, lacking: Sequence[Wanted]
) -> dict[int, int]:
    """Make extracts of accounts into the recipes' own data table of their data source."""
    if Permission.EXTRACT_CREATE not in scope.permissions:
        raise PermissionMissing(Permission.EXTRACT_CREATE)
    creation.require_active(choice.connection)
    for one in lacking:
        creation.require_open(one.account)
    title = _table_title(session, scope, choice.connector.spec.name, choice.connector.spec.title)
    new = creation.new_table(title, choice)
    table, is_new = data_tables.find_or_create(session, scope, new, choice.declared)
    made: dict[int, int] = {}
    lacking = sorted(lacking, key=lambda one: (one.first_day, one.account.id))
    for first_day, group in groupby(lacking, key=lambda one: one.first_day):
        accounts = [one.account for one in group]
        ids = creation.store(session, scope, replace(choice, history=first_day), accounts, table.id)
        made |= zip((account.id for account in accounts), ids, strict=True)
    session.add_all(
        AutomatedExtract(extract_id=one, workspace_id=scope.workspace_id) for one in made.values()
    )
    session.flush()
    if is_new:
        loads.create_for_new_table(session, scope, table.id)
    return made


def _table_title(session: Session, scope: WorkspaceScope, name: str, source_title: str) -> str:
    """The title of the recipes' own table of a data source, which a client may have changed."""
    own = queries.own_table_title(session, scope, name)
    if own is not None:
        return own
    title = f"{source_title}: paid media"
    if queries.has_table(session, scope, title):
        title = data_tables.free_title(session, scope, title)
    return title


def _revive(session: Session, scope: WorkspaceScope, extract: Extract, first_day: date) -> None:
    """Let an extract that was made for recipes go on, from far enough back."""
    was_paused = extract.is_paused
    if was_paused:
        extracts.pause(session, scope, extract.id, is_paused=False)
    history = extract.sync_historical_data
    if history is None or first_day < history:
        change = ExtractPatch(sync_historical_data=first_day)
        extracts.update(session, scope, extract.id, change)
    elif was_paused:
        starting.start(session, scope, extract, TRIGGER)


def release(session: Session, scope: WorkspaceScope, extract_ids: Collection[int]) -> None:
    """Pause those of some extracts that were made for recipes and that none needs any more."""
    for extract_id in queries.unneeded_extracts(session, scope, extract_ids):
        extracts.pause(session, scope, extract_id, is_paused=True)
