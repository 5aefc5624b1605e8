"""All SQL of dashboards."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Row
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from headrace.connections.models import Account
from headrace.dashboards.models import PictureLinks
from headrace.data_tables.models import DataTable, DataTableField
from headrace.extracts.models import Extract
from headrace.tenancy.scope import WorkspaceScope, owned_columns


def accounts_extracted(
    session: Session, scope: WorkspaceScope, datasource_names: Collection[str]
) -> Sequence[Row[Any]]:
    """Return the extracts from some data sources with what a dashboard reads of them."""
    columns: list[Any] = [
        Extract.data_table_id,
        Extract.settings,
        Extract.custom_filters,
        Extract.is_paused,
        DataTable.title.label("table_title"),
        DataTable.report,
        DataTable.date_field,
        DataTable.datasource_name,
        Account.remote_id,
        Account.title.label("account_title"),
        Account.currency,
        Account.timezone,
    ]
    return session.execute(
        owned_columns(Extract, scope, *columns)
        .join(DataTable, DataTable.id == Extract.data_table_id)
        .join(Account, Account.id == Extract.account_id)
        .where(DataTable.datasource_name.in_(datasource_names))
        .order_by(Extract.data_table_id, Account.id)
    ).all()


def table_fields(
    session: Session, scope: WorkspaceScope, table_ids: Collection[int]
) -> Sequence[Row[Any]]:
    """Return name and type of the fields of some data tables, loaded or not."""
    columns: list[Any] = [DataTableField.data_table_id, DataTableField.name, DataTableField.type]
    return session.execute(
        owned_columns(DataTable, scope, *columns)
        .join(DataTableField, DataTableField.data_table_id == DataTable.id)
        .where(DataTable.id.in_(table_ids), ~DataTableField.is_system)
    ).all()


def link_generation(session: Session, scope: WorkspaceScope) -> int:
    """Return the generation that links to pictures of the workspace must be of."""
    found: int | None = session.scalar(owned_columns(PictureLinks, scope, PictureLinks.generation))
    return found or 0


def end_links(session: Session, scope: WorkspaceScope) -> None:
    """Let no link to a picture be good that was made before."""
    first = insert(PictureLinks).values(workspace_id=scope.workspace_id, generation=1)
    session.execute(
        first.on_conflict_do_update(
            index_elements=[PictureLinks.workspace_id],
            set_={"generation": PictureLinks.generation + 1},
        )
    )
