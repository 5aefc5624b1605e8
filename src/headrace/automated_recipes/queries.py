"""All SQL of automated recipes.

Where a recipe stands is read from its extracts and runs by one expression, `_state`, which lists,
filters and details share; nothing else stores it, so that it cannot outlive its reasons.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, Text, and_, case, cast, delete, exists, func, or_, select
from sqlalchemy.orm import Session

from headrace.automated_recipes.catalogue import WATCHING
from headrace.automated_recipes.models import (
    AutomatedExtract,
    AutomatedRecipe,
    AutomatedRecipeAccount,
    Trigger,
)
from headrace.connections.models import Account, Connection, ConnectionStatus
from headrace.data_tables.models import DataTable
from headrace.extracts.models import Extract
from headrace.extracts.queries import KIND as EXTRACT_KIND
from headrace.runs.models import FINISHED, Run, RunStatus
from headrace.templates.models import ExtractTemplate
from headrace.tenancy.scope import WorkspaceScope, owned, owned_columns

KIND = "automated_recipe_build"
_PUT_OFF = "SlowDown"
"""What a build that waits for extractions shows as its error class."""


def recipe(session: Session, scope: WorkspaceScope, recipe_id: int) -> AutomatedRecipe | None:
    """Return an automated recipe of the workspace."""
    return session.scalar(owned(AutomatedRecipe, scope).where(AutomatedRecipe.id == recipe_id))


def locked_recipe(
    session: Session, scope: WorkspaceScope, recipe_id: int
) -> AutomatedRecipe | None:
    """Return an automated recipe as it is now, held against others who change it."""
    return session.scalar(
        owned(AutomatedRecipe, scope)
        .where(AutomatedRecipe.id == recipe_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def recipe_rows(scope: WorkspaceScope) -> Select[Any]:
    """Select automated recipes in id order, as `service.listed` shows them."""
    columns: list[Any] = [
        cast(AutomatedRecipe.id, Text).label("recipe_id"),
        AutomatedRecipe.template_id,
        AutomatedRecipe.title,
        _state(scope).label("state"),
        AutomatedRecipe.workspace_id,
        AutomatedRecipe.created_at,
        AutomatedRecipe.updated_at,
    ]
    return owned_columns(AutomatedRecipe, scope, *columns).order_by(AutomatedRecipe.id)


def filtered(
    rows: Select[Any], scope: WorkspaceScope, template_ids: Sequence[int], state: str | None
) -> Select[Any]:
    """Narrow a selection of automated recipes; what is empty narrows nothing."""
    if template_ids:
        rows = rows.where(AutomatedRecipe.template_id.in_(template_ids))
    if state is not None:
        rows = rows.where(_state(scope) == state)
    return rows


@dataclass(frozen=True)
class Standing:
    """Where a recipe stands. error_text: of its last build, or of one of its extracts.

    is_pending: some account was never read, and is to be. has_rows: some account was read.
    """

    state: str
    error_text: str | None
    is_pending: bool
    has_rows: bool


def standing(session: Session, scope: WorkspaceScope, recipe_id: int) -> Standing:
    """Tell where a recipe of the workspace stands."""
    row = session.execute(
        owned_columns(
            AutomatedRecipe,
            scope,
            _state(scope).label("state"),
            _error_text(scope).label("error_text"),
            _used(scope, _is_pending(scope)).label("is_pending"),
            _used(scope, Extract.last_sync.is_not(None)).label("has_rows"),
        ).where(AutomatedRecipe.id == recipe_id)
    ).one()
    return Standing(*row)


# What a recipe reads.


def _uses() -> Any:
    """Whether an extract is one that an account of a recipe is read by."""
    return or_(
        Extract.id == AutomatedRecipeAccount.extract_id,
        and_(
            AutomatedRecipe.template_id.in_(WATCHING),
            Extract.account_id == AutomatedRecipeAccount.account_id,
        ),
    )


def _joined(scope: WorkspaceScope, *columns: Any) -> Select[Any]:
    """Select of the extracts that a recipe, of the statement around this, reads."""
    return (
        owned_columns(AutomatedRecipeAccount, scope, *columns)
        .join(Extract, and_(Extract.workspace_id == scope.workspace_id, _uses()))
        .where(AutomatedRecipeAccount.automated_recipe_id == AutomatedRecipe.id)
        .correlate(AutomatedRecipe)
    )


def _used(scope: WorkspaceScope, condition: Any) -> Any:
    """Whether a condition holds for an extract that the recipe reads."""
    return _joined(scope, Extract.id).where(condition).exists()


def _has_run(kind: str, workspace_id: Any, subject_id: Any, *conditions: Any) -> Any:
    return exists().where(
        Run.workspace_id == workspace_id,
        Run.kind == kind,
        Run.subject_id == cast(subject_id, Text),
        Run.status.not_in(FINISHED),
        *conditions,
    )


def _is_busy(scope: WorkspaceScope) -> Any:
    return _has_run(EXTRACT_KIND, scope.workspace_id, Extract.id)


def _is_pending(scope: WorkspaceScope) -> Any:
    """An extract that has not ended once, and is not given up."""
    return and_(
        Extract.last_sync.is_(None),
        ~Extract.is_paused,
        or_(Extract.error_text.is_(None), _is_busy(scope)),
    )


def _state(scope: WorkspaceScope) -> Any:
    """Tell in SQL where a recipe stands (contract section 2)."""
    # A build that waits for extractions has nothing to show but these.
    is_waiting = and_(
        Run.status == RunStatus.WAITING,
        Run.due_at > func.clock_timestamp(),
        func.coalesce(Run.error_class, _PUT_OFF) == _PUT_OFF,
    )
    builds = (KIND, scope.workspace_id, AutomatedRecipe.id)
    is_unbuilt = AutomatedRecipe.built_choice.is_distinct_from(AutomatedRecipe.changed_at)
    return case(
        (_used(scope, _is_pending(scope)), "Extracting Data"),
        (and_(is_unbuilt, _used(scope, _is_busy(scope))), "Extracting Data"),
        (_has_run(*builds, ~is_waiting), "Building"),
        (_error_text(scope).is_not(None), "Error"),
        (~_used(scope, ~Extract.is_paused), "Paused"),
        (is_unbuilt, "Ready to Build"),
        else_="Active",
    )


def _error_text(scope: WorkspaceScope) -> Any:
    of_extract = (
        _joined(scope, Account.title + ": " + Extract.error_text)
        .join(Account, Account.id == Extract.account_id)
        # A table that tells how fresh others are is none the worse for their faults.
        .where(Extract.error_text.is_not(None), AutomatedRecipe.template_id.not_in(WATCHING))
        .order_by(Extract.id)
        .limit(1)
        .scalar_subquery()
    )
    return func.coalesce(AutomatedRecipe.error_text, of_extract, _lost(scope))


def _lost(scope: WorkspaceScope) -> Any:
    """Say of an account that no extract reads it any more."""
    text = Account.title + ": its extract was deleted; update the recipe to have another."
    is_read = exists().where(Extract.workspace_id == scope.workspace_id, _uses())
    return (
        owned_columns(AutomatedRecipeAccount, scope, text)
        .join(Account, Account.id == AutomatedRecipeAccount.account_id)
        .where(
            AutomatedRecipeAccount.automated_recipe_id == AutomatedRecipe.id,
            ~is_read.correlate(AutomatedRecipe, AutomatedRecipeAccount),
        )
        .order_by(Account.id)
        .limit(1)
        .correlate(AutomatedRecipe)
        .scalar_subquery()
    )


def busy_accounts(session: Session, scope: WorkspaceScope, recipe_id: int) -> int:
    """How many extractions that a recipe reads are under way or waiting."""
    busy = _joined(scope, func.count()).where(_is_busy(scope)).scalar_subquery()
    found: int = session.execute(
        owned_columns(AutomatedRecipe, scope, busy).where(AutomatedRecipe.id == recipe_id)
    ).scalar_one()
    return found


def followers_of(session: Session, scope: WorkspaceScope, data_table_id: int) -> Sequence[int]:
    """Return the recipes that build when the rows of a data table are new."""
    return session.scalars(
        owned_columns(AutomatedRecipe, scope, AutomatedRecipe.id)
        .where(
            AutomatedRecipe.trigger == Trigger.ON_EXTRACTION,
            _used(scope, Extract.data_table_id == data_table_id),
        )
        .order_by(AutomatedRecipe.id)
    ).all()


def inputs(session: Session, scope: WorkspaceScope, recipe_id: int) -> Sequence[Row[Any]]:
    """Return the extracts that a recipe reads, with accounts, connections and tables."""
    columns: list[Any] = [
        Extract.data_table_id,
        DataTable.title.label("table_title"),
        DataTable.date_field,
        Connection.datasource_name,
        Account.remote_id,
        Account.title.label("account_title"),
        Account.currency,
        Account.timezone,
        Extract.last_sync,
    ]
    return session.execute(
        owned_columns(AutomatedRecipe, scope, *columns)
        .join(
            AutomatedRecipeAccount,
            AutomatedRecipeAccount.automated_recipe_id == AutomatedRecipe.id,
        )
        .join(Extract, and_(Extract.workspace_id == scope.workspace_id, _uses()))
        .join(Account, Account.id == Extract.account_id)
        .join(Connection, Connection.id == Extract.connection_id)
        .join(DataTable, DataTable.id == Extract.data_table_id)
        .where(AutomatedRecipe.id == recipe_id)
        .order_by(Extract.data_table_id, Account.remote_id)
    ).all()


def chosen_accounts(session: Session, scope: WorkspaceScope, recipe_id: int) -> Sequence[Row[Any]]:
    """Return the accounts of a recipe with their connections and extracts, by connection."""
    columns: list[Any] = [
        Account.connection_id,
        Connection.datasource_name,
        Account.id,
        Account.remote_id,
        AutomatedRecipeAccount.extract_id,
    ]
    return session.execute(
        owned_columns(AutomatedRecipeAccount, scope, *columns)
        .join(Account, Account.id == AutomatedRecipeAccount.account_id)
        .join(Connection, Connection.id == Account.connection_id)
        .where(AutomatedRecipeAccount.automated_recipe_id == recipe_id)
        .order_by(Account.connection_id, Account.id)
    ).all()


def forget_accounts(session: Session, scope: WorkspaceScope, recipe_id: int) -> None:
    """Delete the choice of accounts of a recipe."""
    session.execute(
        delete(AutomatedRecipeAccount).where(
            AutomatedRecipeAccount.workspace_id == scope.workspace_id,
            AutomatedRecipeAccount.automated_recipe_id == recipe_id,
        )
    )


# Connections and accounts to choose from.


def connections_of(
    session: Session, scope: WorkspaceScope, ids: Collection[int]
) -> Sequence[Connection]:
    """Return connections that are not deleted by id, in id order; unknown ids are left out."""
    return session.scalars(
        owned(Connection, scope)
        .where(Connection.id.in_(ids), Connection.deleted_at.is_(None))
        .order_by(Connection.id)
    ).all()


def active_connections(
    session: Session, scope: WorkspaceScope, names: Collection[str]
) -> Sequence[Connection]:
    """Return the connections of some data sources that work."""
    return session.scalars(
        owned(Connection, scope)
        .where(
            Connection.datasource_name.in_(names),
            Connection.deleted_at.is_(None),
            Connection.status == ConnectionStatus.ACTIVE,
        )
        .order_by(Connection.id)
    ).all()


def open_accounts(
    session: Session, scope: WorkspaceScope, connection_id: int, most: int
) -> Sequence[Account]:
    """Return the accounts of a connection that are enabled for extraction, at most so many."""
    return session.scalars(
        owned(Account, scope)
        .where(
            Account.connection_id == connection_id,
            Account.is_active,
            Account.is_listed,
            Account.enabled_for_embedded_extraction,
        )
        .order_by(Account.id)
        .limit(most)
    ).all()


# Extracts.


def extract_template(session: Session, datasource_name: str, code: str) -> ExtractTemplate:
    """Return the global extract template of a data source and code; there is always one."""
    return session.scalars(
        select(ExtractTemplate).where(
            ExtractTemplate.agency_id.is_(None),
            ExtractTemplate.datasource_name == datasource_name,
            ExtractTemplate.code == code,
        )
    ).one()


def extracts_of_accounts(
    session: Session, scope: WorkspaceScope, account_ids: Collection[int]
) -> Sequence[tuple[Extract, bool]]:
    """Return the extracts of some accounts; the flag tells those made for automated recipes."""
    rows = session.execute(
        owned_columns(Extract, scope, Extract, AutomatedExtract.extract_id.is_not(None))
        .outerjoin(AutomatedExtract, AutomatedExtract.extract_id == Extract.id)
        .where(Extract.account_id.in_(account_ids))
        .order_by(Extract.id)
    )
    return [(row[0], row[1]) for row in rows]


def own_table_title(session: Session, scope: WorkspaceScope, datasource_name: str) -> str | None:
    """Return the title of the data table that recipes' own extracts of a data source fill."""
    found: str | None = session.scalar(
        owned_columns(DataTable, scope, DataTable.title)
        .join(Extract, Extract.data_table_id == DataTable.id)
        .join(AutomatedExtract, AutomatedExtract.extract_id == Extract.id)
        .where(DataTable.datasource_name == datasource_name)
        .order_by(DataTable.id)
        .limit(1)
    )
    return found


def unneeded_extracts(
    session: Session, scope: WorkspaceScope, extract_ids: Collection[int]
) -> Sequence[int]:
    """Return those of some extracts that were made for recipes and that none reads any more."""
    is_needed = exists().where(
        AutomatedRecipeAccount.workspace_id == scope.workspace_id,
        AutomatedRecipeAccount.extract_id == AutomatedExtract.extract_id,
    )
    return session.scalars(
        owned_columns(AutomatedExtract, scope, AutomatedExtract.extract_id)
        .where(AutomatedExtract.extract_id.in_(extract_ids), ~is_needed)
        .order_by(AutomatedExtract.extract_id)
    ).all()


def has_table(session: Session, scope: WorkspaceScope, title: str) -> bool:
    """Whether the workspace has a data table of that title."""
    mine = owned_columns(DataTable, scope, DataTable.id).where(DataTable.title == title)
    return bool(session.scalar(select(mine.exists())))


def moment(session: Session) -> datetime:
    """Return the database's clock, which choices and builds are compared by."""
    now: datetime = session.scalars(select(func.clock_timestamp())).one()
    return now
