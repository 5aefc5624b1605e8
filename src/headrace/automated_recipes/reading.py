"""What an automated recipe reads at one moment, as a blueprint of its table."""

from itertools import groupby
from typing import Any

from sqlalchemy.orm import Session

from headrace.automated_recipes import calculating, queries
from headrace.automated_recipes.calculating import AccountRead, TableRead
from headrace.automated_recipes.catalogue import TEMPLATES, Makes, RecipeTemplate
from headrace.automated_recipes.errors import FieldGone
from headrace.automated_recipes.models import AutomatedRecipe
from headrace.connections import service as connections
from headrace.connectors.paid_media import PaidMediaMapping
from headrace.data_tables import queries as data_tables
from headrace.kit import clock
from headrace.kit.outcomes import Refused
from headrace.kit.told import told
from headrace.recipes.building import Blueprint, Result
from headrace.recipes.steps import Step
from headrace.tenancy.scope import WorkspaceScope

DATASOURCE = "automated_recipe"
"""The data source that tables built by automated recipes show."""


def blueprint_of(session: Session, scope: WorkspaceScope, recipe: AutomatedRecipe) -> Blueprint:
    """Return what a recipe is to build from the extracts there are now.

    Raises:
        Refused: if there is nothing to read.
        FieldGone: if a table does not deliver what the template takes from it.
    """
    template = TEMPLATES[recipe.template_id]
    tables = _tables(session, scope, recipe.id)
    if not tables:
        raise Refused(told("None of its accounts is extracted any more; update the recipe."))
    return Blueprint(
        steps=_steps(template, tables, recipe),
        tables={table.name: table.table_id for table in tables},
        accounts={
            table.name: [account.remote_id for account in table.accounts] for table in tables
        },
        result=Result(
            title=recipe.title,
            sql_name=template.code,
            datasource_name=DATASOURCE,
            report=f"{template.code}_{recipe.id}",
            date_column=template.date_column,
            table_id=recipe.data_table_id,
        ),
    )


def _tables(session: Session, scope: WorkspaceScope, recipe_id: int) -> list[TableRead]:
    rows = queries.inputs(session, scope, recipe_id)
    return [
        _table(session, list(group))
        for _, group in groupby(rows, key=lambda row: row.data_table_id)
    ]


def _table(session: Session, rows: list[Any]) -> TableRead:
    first = rows[0]
    fields = data_tables.fields(session, first.data_table_id)
    return TableRead(
        table_id=first.data_table_id,
        title=first.table_title,
        datasource_name=first.datasource_name,
        date_field=first.date_field,
        columns={
            item.name: item.sql_name for item in fields if item.is_selected and not item.is_system
        },
        # One account by way of two connections is one: their rows cannot be told apart.
        accounts=list({row.remote_id: _account(row) for row in rows}.values()),
    )


def _account(row: Any) -> AccountRead:
    return AccountRead(
        row.remote_id, row.account_title, row.currency, clock.today(row.timezone), row.last_sync
    )


def _steps(
    template: RecipeTemplate, tables: list[TableRead], recipe: AutomatedRecipe
) -> list[Step]:
    if template.makes is Makes.FRESHNESS:
        return calculating.freshness(tables)
    mapped = [(table, _mapping(table)) for table in tables]
    for table, mapping in mapped:
        for field in mapping.extracted_fields:
            if field not in table.columns:
                raise FieldGone(table.title, field)
    campaigns = calculating.paid_media(mapped, recipe.sync_from_date)
    if template.makes is Makes.ACCOUNT_DAYS:
        return calculating.account_totals(campaigns)
    return campaigns


def _mapping(table: TableRead) -> PaidMediaMapping:
    mapping = connections.connector_named(table.datasource_name).spec.paid_media
    if mapping is None:
        raise Refused(
            told(
                "{datasource_name} is no longer read as paid media.",
                datasource_name=table.datasource_name,
            )
        )
    return mapping
