"""Where platforms send people back to: one address for each data source, in a window of its own."""

from fastapi import Request, Response

from headrace.connections import service as connections
from headrace.external_links.granting import link_ending
from headrace.oauth import finishing, queries, service
from headrace.oauth.finishing import Ending, connect
from headrace.oauth.models import Authorization, AuthorizationStatus
from headrace.pages.guards import AnyoneVisit
from headrace.pages.page_route import page_router
from headrace.pages.posted import PostedForm
from headrace.pages.rendering import render
from headrace.pages.visits import Visit
from headrace.rest.outside import CallsOutside
from headrace.rest.resources import AppResources
from headrace.rest.session import DbSession

router = page_router()


@router.get("/oauth/{datasource_name}/callback")
def show_return(
    datasource_name: str,
    visit: AnyoneVisit,
    request: Request,
    session: DbSession,
    resources: AppResources,
) -> Response:
    """Take somebody back from a platform; the page hands that on to the one that began it.

    Where there is none, it asks: whose workspace this goes to is named, and a click connects it. So a
    link to a platform that somebody was sent connects nothing for the sender behind their back.
    """
    given = {name: value for name, value in request.query_params.items() if len(value) < 8192}
    back = service.returned(session, resources, datasource_name, given)
    return _page(visit, session, back.authorization, back.receipt)


@router.post("/oauth/{datasource_name}/callback")
def confirm_return(
    datasource_name: str,
    visit: AnyoneVisit,
    form: PostedForm,
    session: DbSession,
    resources: AppResources,
    calls: CallsOutside,
) -> Response:
    """Connect for whoever came back and said yes."""
    connections.connector_named(datasource_name)
    receipt = form.raw("receipt")
    row = finishing.finish_by_receipt(session, resources, calls, receipt, _ending)
    return _page(visit, session, row, None)


def _ending(row: Authorization) -> Ending:
    return connect if row.external_auth_link_id is None else link_ending


def _page(visit: Visit, session: DbSession, row: Authorization, receipt: str | None) -> Response:
    workspace, agency = queries.names_of(session, row.workspace_id)
    name = row.datasource_name
    return render(
        visit,
        "connect/returned.html",
        platform=connections.connector_named(name).spec.title,
        authorization=row,
        receipt=receipt,
        problem=service.problem_of(row),
        is_choosing=row.status == AuthorizationStatus.CHOOSING,
        workspace=workspace,
        agency=agency,
        action=f"/oauth/{name}/callback",
    )
