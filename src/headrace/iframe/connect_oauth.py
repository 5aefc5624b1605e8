"""Pages of a connect flow by OAuth: the wait for the platform, and what came back from it."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request, Response

from headrace.access.authentication import COOKIE_NAME
from headrace.connections import service as connections
from headrace.iframe import connect_sources as sources
from headrace.iframe.connect import (
    Creator,
    Editor,
    Viewer,
    bound_connection,
    bound_source,
    wants_choice,
)
from headrace.kit.sealing import token_digest
from headrace.oauth import finishing, service
from headrace.oauth.finishing import Finisher
from headrace.oauth.models import Authorization, AuthorizationStatus
from headrace.oauth.problems import ProblemCode
from headrace.oauth.schemas import AuthorizationIn
from headrace.pages.page_route import page_router
from headrace.pages.posted import PostedForm
from headrace.pages.rendering import redirect, render
from headrace.pages.visits import WorkspaceVisit
from headrace.rest.ids import Id
from headrace.rest.json_answers import json_response
from headrace.rest.outside import CallsOutside
from headrace.rest.resources import AppResources
from headrace.rest.session import DbSession

router = page_router()


def problems() -> dict[str, Any]:
    """Return what the browser alone can find out, as templates show it."""
    return {
        code.value: service.told(code, "")
        for code in (ProblemCode.POPUP_BLOCKED, ProblemCode.POPUP_CLOSED)
    }


@router.post("/connect/{datasource_name}/authorize")
def authorize(
    datasource_name: str,
    visit: Creator,
    request: Request,
    form: PostedForm,
    session: DbSession,
    resources: AppResources,
    selection: Annotated[str, Query(alias="show_account_selection")] = "",
) -> Response:
    """Begin an authorization; answers the page that waits for it, with the way to the platform."""
    connector = bound_source(visit, datasource_name)
    typed = sources.settings_form(connector).typed(form).body()
    body = AuthorizationIn(settings=typed.get("settings", {}))
    begun = service.begin(
        session,
        visit.scope,
        resources,
        datasource_name,
        body,
        begun_in=presented(visit, request),
        wants_choice=wants_choice(visit, selection),
    )
    return _waiting(visit, begun.authorization, begun.authorize_url)


@router.post("/reconnect/{connection_id}/authorize")
def authorize_again(
    connection_id: Id,
    visit: Editor,
    request: Request,
    session: DbSession,
    resources: AppResources,
) -> Response:
    """Begin an authorization that gives a connection new credentials."""
    bound_connection(visit, connection_id)
    name = connections.get(session, visit.scope, connection_id).datasource_name
    body = AuthorizationIn(connection_id=connection_id)
    begun = service.begin(
        session, visit.scope, resources, name, body, begun_in=presented(visit, request)
    )
    return _waiting(visit, begun.authorization, begun.authorize_url)


@router.get("/connecting/{authorization_id}")
def show_authorization(authorization_id: UUID, visit: Viewer, session: DbSession) -> Response:
    """Answer how far an authorization is: the wait, the choice of accounts, or how it ended."""
    return _outcome(visit, service.get(session, visit.scope, authorization_id))


@router.get("/connecting/{authorization_id}/status")
def tell_status(authorization_id: UUID, visit: Viewer, session: DbSession) -> Response:
    """Answer the status alone, as JSON, for the page that waits."""
    row = service.get(session, visit.scope, authorization_id)
    answer = json_response({"status": service.status_of(row)})
    answer.headers["Cache-Control"] = "no-store"
    return answer


@router.post("/connecting/{authorization_id}")
def finish(
    authorization_id: UUID,
    visit: Viewer,
    request: Request,
    form: PostedForm,
    session: DbSession,
    resources: AppResources,
    calls: CallsOutside,
) -> Response:
    """Finish an authorization whose way back this page was handed, in the session that began it."""
    row = service.get(session, visit.scope, authorization_id)
    needed = service.needed_by(row)
    if not visit.may(needed):
        return _outcome(visit, row)
    receipt = form.raw("receipt")
    if receipt and service.status_of(row) == AuthorizationStatus.RETURNED:
        finisher = Finisher(session, visit.scope, resources, calls)
        row = finishing.finish(finisher, row.id, receipt, presented(visit, request))
    return redirect(visit, f"/connecting/{row.id}")


def presented(visit: WorkspaceVisit, request: Request) -> str:
    """Return the digest of the credential by which this visit is here."""
    if visit.frame is not None:
        return visit.frame.credential
    return token_digest(request.cookies.get(COOKIE_NAME, ""))


def _waiting(
    visit: WorkspaceVisit, row: Authorization, authorize_url: str | None = None
) -> Response:
    connector = connections.connector_named(row.datasource_name)
    here = visit.link(f"/connecting/{row.id}")
    return render(
        visit,
        "connect/waiting.html",
        authorization=row,
        source=sources.source(connector),
        authorize_url=authorize_url,
        finish=f"{visit.base}/connecting/{row.id}",
        goes_on=here,
        back=_begin_again(visit, row),
        problems=problems(),
    )


def _outcome(visit: WorkspaceVisit, row: Authorization) -> Response:
    status = service.status_of(row)
    if status == AuthorizationStatus.CONNECTED:
        again = "1" if row.is_reconnect else None
        return redirect(visit, f"/connected/{row.connection_id}", again=again)
    if status == AuthorizationStatus.CHOOSING and row.draft_id is not None:
        return redirect(visit, f"/choosing/{row.draft_id}", authorization=row.id)
    problem = service.problem_of(row)
    if problem is None:
        return _waiting(visit, row)
    connector = connections.connector_named(row.datasource_name)
    is_alone = visit.frame is not None and visit.frame.datasource_name is not None
    return render(
        visit,
        "connect/outcome.html",
        source=sources.source(connector),
        problem=problem,
        again=_begin_again(visit, row),
        others=None if is_alone or row.is_reconnect else visit.link("/connect"),
    )


def _begin_again(visit: WorkspaceVisit, row: Authorization) -> str:
    if row.is_reconnect:
        return visit.link(f"/reconnect/{row.connection_id}")
    selection = "True" if row.wants_choice and visit.frame is not None else None
    return visit.link(f"/connect/{row.datasource_name}", show_account_selection=selection)
