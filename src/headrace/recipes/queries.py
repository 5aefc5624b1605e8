"""All SQL of recipes."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, Select, any_, func, literal, select
from sqlalchemy.orm import Session

from headrace.data_tables.models import DataTable, DataTableField
from headrace.recipes.models import EnabledRecipe, Recipe, RecipeStep
from headrace.tenancy.models import Workspace
from headrace.tenancy.scope import AgencyScope, WorkspaceScope, owned, owned_columns

KIND = "recipe_build"


# Of an agency.


def recipe(session: Session, scope: AgencyScope, recipe_id: int) -> Recipe | None:
    """Return a recipe of the agency."""
    return session.scalar(_recipes(scope).where(Recipe.id == recipe_id))


def locked_recipe(session: Session, scope: AgencyScope, recipe_id: int) -> Recipe | None:
    """Return a recipe as it is now, held against others who change it or its steps."""
    return session.scalar(
        _recipes(scope)
        .where(Recipe.id == recipe_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def _recipes(scope: AgencyScope) -> Select[Recipe]:
    return select(Recipe).where(Recipe.agency_id == scope.agency_id)


def recipe_rows(scope: AgencyScope) -> Select[Any]:
    """Select recipes in id order, as `RecipeOut`."""
    count = select(func.count()).where(RecipeStep.recipe_id == Recipe.id)
    columns: list[Any] = [
        Recipe.id,
        Recipe.title,
        Recipe.description,
        Recipe.state,
        Recipe.is_active,
        count.correlate(Recipe).scalar_subquery().label("steps_count"),
        Recipe.created_at,
        Recipe.updated_at,
    ]
    return select(*columns).where(Recipe.agency_id == scope.agency_id).order_by(Recipe.id)


def id_of_title(session: Session, scope: AgencyScope, title: str) -> int | None:
    """Return the id of the agency's recipe of that title."""
    return session.scalar(
        select(Recipe.id).where(Recipe.agency_id == scope.agency_id, Recipe.title == title)
    )


def steps(session: Session, recipe_id: int) -> Sequence[RecipeStep]:
    """Return the steps of a recipe, in order."""
    return session.scalars(
        select(RecipeStep)
        .where(RecipeStep.recipe_id == recipe_id)
        .order_by(RecipeStep.position, RecipeStep.id)
    ).all()


def enabled_rows(scope: AgencyScope, recipe_id: int) -> Select[Any]:
    """Select where a recipe of the agency is enabled, as `WorkspaceRecipeOut`."""
    columns: list[Any] = [
        EnabledRecipe.workspace_id,
        Workspace.title.label("workspace_title"),
        EnabledRecipe.recipe_id,
        EnabledRecipe.data_table_id,
        EnabledRecipe.last_build_at,
        EnabledRecipe.error_text,
    ]
    return (
        select(*columns)
        .select_from(EnabledRecipe)
        .join(Workspace, Workspace.id == EnabledRecipe.workspace_id)
        .where(Workspace.agency_id == scope.agency_id, EnabledRecipe.recipe_id == recipe_id)
        .order_by(EnabledRecipe.workspace_id)
    )


def workspaces_of(session: Session, scope: AgencyScope, recipe_id: int) -> list[tuple[int, str]]:
    """Return id and title of the workspaces that a recipe is enabled in."""
    rows = session.execute(
        select(Workspace.id, Workspace.title)
        .join(EnabledRecipe, EnabledRecipe.workspace_id == Workspace.id)
        .where(Workspace.agency_id == scope.agency_id, EnabledRecipe.recipe_id == recipe_id)
        .order_by(Workspace.id)
    )
    return [(row.id, row.title) for row in rows]


# Of a workspace.


def enabled(session: Session, scope: WorkspaceScope, recipe_id: int) -> EnabledRecipe | None:
    """Return a recipe as it is enabled in the workspace."""
    return session.scalar(owned(EnabledRecipe, scope).where(EnabledRecipe.recipe_id == recipe_id))


def enabled_by_id(session: Session, scope: WorkspaceScope, enabled_id: int) -> EnabledRecipe | None:
    """Return an enabled recipe of the workspace."""
    return session.scalar(owned(EnabledRecipe, scope).where(EnabledRecipe.id == enabled_id))


def recipe_of(session: Session, scope: WorkspaceScope, recipe_id: int) -> Recipe | None:
    """Return a recipe of the workspace's agency."""
    return session.scalar(
        select(Recipe).where(Recipe.agency_id == scope.agency_id, Recipe.id == recipe_id)
    )


def active_readers(
    session: Session, scope: WorkspaceScope, data_table_id: int
) -> Sequence[EnabledRecipe]:
    """Return the enabled recipes that are active and read a data table."""
    return session.scalars(
        owned(EnabledRecipe, scope)
        .join(Recipe, Recipe.id == EnabledRecipe.recipe_id)
        .where(
            Recipe.is_active,
            literal(data_table_id, BigInteger) == any_(EnabledRecipe.input_table_ids),
        )
        .order_by(EnabledRecipe.id)
    ).all()


def inputs_of_tables(session: Session, scope: WorkspaceScope) -> dict[int, list[int]]:
    """Return, by data table that a recipe builds, the data tables that the recipe reads."""
    rows = session.execute(
        owned_columns(
            EnabledRecipe, scope, EnabledRecipe.data_table_id, EnabledRecipe.input_table_ids
        ).where(EnabledRecipe.data_table_id.is_not(None))
    )
    return {row.data_table_id: row.input_table_ids for row in rows}


def table_id_named(session: Session, scope: WorkspaceScope, sql_name: str) -> int | None:
    """Return the id of the workspace's data table of that name; names are told apart as SQL does."""
    found: int | None = session.scalar(
        owned_columns(DataTable, scope, DataTable.id).where(
            func.lower(DataTable.sql_name) == sql_name.lower()
        )
    )
    return found


def tables_of_report(
    session: Session, scope: WorkspaceScope, datasource_name: str, report: str
) -> Sequence[str]:
    """Return the names of the workspace's data tables of a report."""
    return session.scalars(
        owned_columns(DataTable, scope, DataTable.sql_name)
        .where(DataTable.datasource_name == datasource_name, DataTable.report == report)
        .order_by(DataTable.id)
    ).all()


def has_table(session: Session, scope: WorkspaceScope, title: str) -> bool:
    """Whether the workspace has a data table of that title."""
    mine = owned_columns(DataTable, scope, DataTable.id).where(DataTable.title == title)
    return bool(session.scalar(select(mine.exists())))


def table_fields(session: Session, data_table_id: int) -> Sequence[DataTableField]:
    """Return the fields of a data table, in order."""
    return session.scalars(
        select(DataTableField)
        .where(DataTableField.data_table_id == data_table_id)
        .order_by(DataTableField.position)
    ).all()
