"""Data tables over HTTP."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from headrace.access.guards import allows
from headrace.access.permissions import Permission
from headrace.data_tables import queries, rows, service
from headrace.data_tables.schemas import (
    AccountCoverage,
    AccountFreshnessOut,
    DataTableDetail,
    DataTableIn,
    DataTableOut,
    RowsOut,
    SchemaChangeOut,
)
from headrace.rest.api_route import ApiRoute
from headrace.rest.ids import Id
from headrace.rest.json_answers import json_response
from headrace.rest.openapi import EXTENSION, answers
from headrace.rest.paging import Page, Paging, page_of_rows
from headrace.rest.resources import AppResources
from headrace.rest.session import DbSession
from headrace.tenancy.scope import WorkspaceScope

router = APIRouter(prefix="/api/v3/data-tables", tags=["Data tables"], route_class=ApiRoute)
Viewer = Annotated[WorkspaceScope, allows(Permission.DATA_TABLE_VIEW)]
Editor = Annotated[WorkspaceScope, allows(Permission.DATA_TABLE_EDIT)]


@router.get("", response_model=Page[DataTableOut])
def list_data_tables(
    session: DbSession,
    scope: Viewer,
    paging: Paging,
    datasource_name: Annotated[str | None, Query(description="Those of one data source.")] = None,
    search: Annotated[str | None, Query(description="Part of the title.")] = None,
) -> Response:
    """List the workspace's data tables."""
    return page_of_rows(session, paging, queries.table_rows(scope, datasource_name, search))


@router.get("/{data_table_id}", response_model=DataTableDetail)
def get_data_table(data_table_id: Id, session: DbSession, scope: Viewer) -> Mapping[str, Any]:
    """Read one data table with its whole schema."""
    return service.detail(session, service.get(session, scope, data_table_id))


@router.put("/{data_table_id}", response_model=DataTableDetail, responses=answers(409))
def update_data_table(
    data_table_id: Id, body: DataTableIn, session: DbSession, scope: Editor
) -> Mapping[str, Any]:
    """Choose the fields that every load of the table delivers; those not listed are deselected."""
    return service.detail(session, service.update(session, scope, data_table_id, body))


@router.get("/{data_table_id}/rows", response_model=RowsOut, openapi_extra=EXTENSION)
def get_rows(
    data_table_id: Id,
    session: DbSession,
    resources: AppResources,
    scope: Viewer,
    limit: Annotated[int, Query(ge=1, le=1000, description="Rows a page.")] = 100,
    page: Annotated[int, Query(ge=1, le=1_000_000, description="Page number, from 1.")] = 1,
) -> Response:
    """Read a page of the table's rows, by account and day."""
    return json_response(rows.page(session, scope, resources, data_table_id, limit, page))


@router.get(
    "/{data_table_id}/coverage", response_model=list[AccountCoverage], openapi_extra=EXTENSION
)
def get_coverage(data_table_id: Id, session: DbSession, scope: Viewer) -> list[dict[str, Any]]:
    """Read which days of each account were read, and with what outcome."""
    return rows.covered(session, scope, data_table_id)


@router.get(
    "/{data_table_id}/freshness", response_model=list[AccountFreshnessOut], openapi_extra=EXTENSION
)
def get_freshness(data_table_id: Id, session: DbSession, scope: Viewer) -> list[dict[str, Any]]:
    """Read how fresh each account of the table is, and what is missing of it."""
    return rows.fresh(session, scope, data_table_id)


@router.get(
    "/{data_table_id}/schema_changes",
    response_model=Page[SchemaChangeOut],
    openapi_extra=EXTENSION,
)
def list_schema_changes(
    data_table_id: Id, session: DbSession, scope: Viewer, paging: Paging
) -> Response:
    """List what became of the table's columns, newest first."""
    service.get(session, scope, data_table_id)
    return page_of_rows(session, paging, queries.schema_changes(scope, data_table_id))
