"""Pages of connections: their health, and what can be done about it."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Response

from headrace.access.permissions import Permission
from headrace.connections import checking, queries
from headrace.connections import service as connections
from headrace.connections.accounts import bulk_update
from headrace.connections.models import Account, Connection
from headrace.connections.schemas import AccountsPatch
from headrace.extracts import queries as extract_queries
from headrace.extracts import service as extracts
from headrace.extracts.models import Extract
from headrace.iframe import connect_sources as sources
from headrace.iframe import statuses
from headrace.pages.guards import page_visit
from headrace.pages.languages import N_
from headrace.pages.listing import listed
from headrace.pages.page_route import page_router
from headrace.pages.posted import PostedForm
from headrace.pages.rendering import redirect, render
from headrace.pages.said import say
from headrace.pages.visits import WorkspaceVisit
from headrace.rest.ids import Id
from headrace.rest.outside import CallsOutside
from headrace.rest.resources import AppResources
from headrace.rest.session import DbSession

say(
    checked=N_("The platform was asked; what it said is shown below."),
    refreshing=N_("The list of accounts is being read anew."),
    disconnected=N_("The connection is deleted. Its data stays; its extracts are paused."),
    accounts_saved=N_("Your choice of accounts is saved."),
)
router = page_router()
Viewer = Annotated[WorkspaceVisit, page_visit(Permission.CONNECTION_VIEW)]
Editor = Annotated[WorkspaceVisit, page_visit(Permission.CONNECTION_EDIT)]
Deleter = Annotated[WorkspaceVisit, page_visit(Permission.CONNECTION_DELETE)]


@router.get("/connections")
def show_connections(visit: Viewer, session: DbSession) -> Response:
    """Answer the connections of the workspace, those that need somebody first."""
    rows = queries.connection_rows(visit.scope)
    rows = rows.order_by(Connection.status.desc(), Connection.title, Connection.id)
    return render(
        visit,
        "connections/list.html",
        list=listed(session, visit, rows),
        statuses=statuses,
        source_named=_source_named,
    )


@router.get("/connections/{connection_id}")
def show_connection(connection_id: Id, visit: Viewer, session: DbSession) -> Response:
    """Answer one connection: its health, its accounts in numbers, what is extracted from it."""
    found = connections.row(session, visit.scope, connection_id)
    rows = extract_queries.extract_rows(visit.scope).add_columns(Extract.error_told)
    rows = rows.where(Connection.id == connection_id).order_by(Account.title).limit(10)
    return render(
        visit,
        "connections/one.html",
        connection=found,
        source=_source_named(found["datasource_name"]),
        extracts=session.execute(rows).all() if visit.may(Permission.EXTRACT_VIEW) else [],
        statuses=statuses,
    )


@router.post("/connections/{connection_id}/check")
def check_connection(
    connection_id: Id,
    visit: Editor,
    session: DbSession,
    resources: AppResources,
    calls: CallsOutside,
) -> Response:
    """Ask the platform whether the credentials still work."""
    checking.check(session, visit.scope, resources, calls, connection_id)
    return redirect(visit, f"/connections/{connection_id}", said="checked")


@router.post("/connections/{connection_id}/refresh")
def refresh_accounts(connection_id: Id, visit: Editor, session: DbSession) -> Response:
    """Read the platform's list of accounts anew."""
    connections.start_refresh(session, visit.scope, connection_id)
    return redirect(visit, f"/connections/{connection_id}/accounts", said="refreshing")


@router.get("/connections/{connection_id}/delete")
def ask_to_delete(connection_id: Id, visit: Deleter, session: DbSession) -> Response:
    """Say what deleting a connection does, and ask."""
    found = connections.row(session, visit.scope, connection_id)
    return render(visit, "connections/delete.html", connection=found)


@router.post("/connections/{connection_id}/delete")
def delete_connection(
    connection_id: Id,
    visit: Deleter,
    session: DbSession,
    resources: AppResources,
    calls: CallsOutside,
) -> Response:
    """Delete a connection."""
    extracts.delete_connection(session, visit.scope, resources, calls, connection_id, None)
    return redirect(visit, "/connections", said="disconnected")


@router.get("/connections/{connection_id}/accounts")
def show_accounts(
    connection_id: Id, visit: Viewer, session: DbSession, search: str = "", show: str = ""
) -> Response:
    """Answer the accounts of a connection, to choose those that are read."""
    found = connections.row(session, visit.scope, connection_id)
    rows = queries.account_rows(visit.scope, connection_id)
    enabled = {"enabled": True, "disabled": False}.get(show)
    rows = queries.filtered(rows, None, enabled, search or None)
    return render(
        visit,
        "connections/accounts.html",
        connection=found,
        list=listed(session, visit, rows.order_by(Account.title, Account.id), 100),
        search=search,
        show=show,
        statuses=statuses,
    )


@router.post("/connections/{connection_id}/accounts")
def choose_accounts(
    connection_id: Id, visit: Editor, session: DbSession, posted: PostedForm
) -> Response:
    """Enable the accounts that are ticked, and disable the others of those that were shown."""
    chosen = set(posted.all("enabled"))
    changes = [_change(item, item in chosen) for item in posted.all("shown") if item.isdigit()]
    if changes:
        body = AccountsPatch.model_validate({"accounts": changes})
        bulk_update(session, visit.scope, connection_id, body)
    return redirect(visit, f"/connections/{connection_id}/accounts", said="accounts_saved")


def _change(account_id: str, enabled: bool) -> Mapping[str, Any]:
    return {"id": int(account_id), "enabled_for_embedded_extraction": enabled}


def _source_named(name: str) -> sources.Source:
    return sources.source(connections.connector_named(name))
