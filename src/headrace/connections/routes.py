"""Data sources, connections and accounts over HTTP."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from headrace.access.guards import allows, allows_anyone_known
from headrace.access.permissions import Permission
from headrace.connections import accounts, checking, presentation, queries, service
from headrace.connections.models import Account, Connection
from headrace.connections.schemas import (
    AccountOut,
    AccountPatch,
    AccountsPatch,
    ConnectionIn,
    ConnectionOut,
    DataSourceDetail,
    DataSourceOut,
    ReauthorizeIn,
)
from headrace.connectors.registry import connectors
from headrace.rest.api_route import ApiRoute
from headrace.rest.ids import Id
from headrace.rest.openapi import EXTENSION, answers
from headrace.rest.outside import CallsOutside
from headrace.rest.paging import Page, Paging, page_of_list, page_of_rows
from headrace.rest.resources import AppResources
from headrace.rest.session import DbSession
from headrace.tenancy.scope import WorkspaceScope

router = APIRouter(prefix="/api/v3", tags=["Data sources and connections"], route_class=ApiRoute)
Viewer = Annotated[WorkspaceScope, allows(Permission.CONNECTION_VIEW)]
Creator = Annotated[WorkspaceScope, allows(Permission.CONNECTION_CREATE)]
Editor = Annotated[WorkspaceScope, allows(Permission.CONNECTION_EDIT)]


@router.get(
    "/datasources", response_model=Page[DataSourceOut], dependencies=[allows_anyone_known()]
)
def list_datasources(
    paging: Paging,
    category: Annotated[
        list[str] | None, Query(description="One or more, or a comma list.")
    ] = None,
    search: Annotated[str | None, Query(description="Part of the name or title.")] = None,
) -> Response:
    """List the platforms that can be connected."""
    wanted = {part.strip().lower() for item in category or [] for part in item.split(",")}
    found = [item for item in connectors().values() if presentation.matches(item, search, wanted)]
    return page_of_list(paging, [presentation.datasource(item) for item in found])


@router.get(
    "/datasources/{datasource_name}",
    response_model=DataSourceDetail,
    dependencies=[allows_anyone_known()],
    openapi_extra=EXTENSION,
    responses=answers(400),
)
def get_datasource(datasource_name: str) -> dict[str, Any]:
    """Read one platform with the form to connect it."""
    return presentation.datasource_detail(service.connector_named(datasource_name))


@router.get(
    "/datasources/{datasource_name}/connections",
    response_model=Page[ConnectionOut],
    responses=answers(400),
)
def list_connections(
    datasource_name: str, session: DbSession, scope: Viewer, paging: Paging
) -> Response:
    """List the workspace's connections to one data source."""
    service.connector_named(datasource_name)
    rows = queries.connection_rows(scope).where(Connection.datasource_name == datasource_name)
    return page_of_rows(session, paging, rows.order_by(Connection.id))


@router.post(
    "/datasources/{datasource_name}/connections",
    response_model=ConnectionOut,
    status_code=201,
    openapi_extra=EXTENSION,
    responses=answers(429),
)
def create_connection(
    datasource_name: str,
    body: ConnectionIn,
    session: DbSession,
    resources: AppResources,
    calls: CallsOutside,
    scope: Creator,
) -> dict[str, Any]:
    """Connect a data source with credentials; they are checked at once and stored sealed."""
    return service.create(session, scope, resources, datasource_name, body, calls)


@router.put(
    "/connections/{connection_id}",
    response_model=ConnectionOut,
    openapi_extra=EXTENSION,
    responses=answers(429),
)
def reauthorize_connection(
    connection_id: Id,
    body: ReauthorizeIn,
    session: DbSession,
    resources: AppResources,
    calls: CallsOutside,
    scope: Editor,
) -> dict[str, Any]:
    """Give a connection new credentials; they are checked first, and the old ones stay if refused."""
    return service.reauthorize(session, scope, resources, connection_id, body, calls)


@router.post(
    "/connections/{connection_id}/check",
    response_model=ConnectionOut,
    openapi_extra=EXTENSION,
    responses=answers(429),
)
def check_connection(
    connection_id: Id,
    session: DbSession,
    resources: AppResources,
    calls: CallsOutside,
    scope: Editor,
) -> dict[str, Any]:
    """Ask the data source whether the credentials still work; the answer is in `status`."""
    return checking.check(session, scope, resources, calls, connection_id)


@router.post(
    "/connections/{connection_id}/accounts/refresh",
    response_model=ConnectionOut,
    openapi_extra=EXTENSION,
    responses=answers(409),
)
def refresh_accounts(connection_id: Id, session: DbSession, scope: Editor) -> dict[str, Any]:
    """Start reading the data source's list of accounts anew."""
    return service.start_refresh(session, scope, connection_id)


@router.get("/connections/{connection_id}/accounts", response_model=Page[AccountOut])
def list_accounts(
    connection_id: Id,
    session: DbSession,
    scope: Viewer,
    paging: Paging,
    is_active: Annotated[bool | None, Query(description="Those the source still names.")] = None,
    enabled_for_embedded_extraction: Annotated[
        bool | None, Query(description="Those that extracts may be made of.")
    ] = None,
    search: Annotated[str | None, Query(description="Part of the title or remote id.")] = None,
) -> Response:
    """List a connection's accounts."""
    service.get(session, scope, connection_id)
    rows = queries.account_rows(scope, connection_id)
    rows = queries.filtered(rows, is_active, enabled_for_embedded_extraction, search)
    return page_of_rows(session, paging, rows.order_by(Account.id))


@router.patch("/connections/{connection_id}/accounts", response_model=list[AccountOut])
def update_accounts(
    connection_id: Id, body: AccountsPatch, session: DbSession, scope: Editor
) -> list[dict[str, Any]]:
    """Enable or disable several accounts for extraction: all of them, or none on any error."""
    return accounts.bulk_update(session, scope, connection_id, body)


@router.patch("/connections/{connection_id}/accounts/{account_id}", response_model=AccountOut)
def update_account(
    connection_id: Id, account_id: Id, body: AccountPatch, session: DbSession, scope: Editor
) -> dict[str, Any]:
    """Enable or disable one account for extraction."""
    enabled = body.enabled_for_embedded_extraction
    return accounts.update_one(session, scope, connection_id, account_id, enabled=enabled)
