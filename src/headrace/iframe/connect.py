"""Pages on which a data source is connected: choosing it, its form or its OAuth, and what came of it."""

from typing import Annotated

from fastapi import Query, Response

from headrace.access.errors import PermissionMissing
from headrace.access.permissions import Permission
from headrace.connections import drafts
from headrace.connections import service as connections
from headrace.connections.schemas import ConnectionIn, ReauthorizeIn
from headrace.connector_settings.service import client_of
from headrace.connectors.contract import AuthKind, Connector
from headrace.connectors.registry import connectors
from headrace.iframe import connect_sources as sources
from headrace.pages.forms import Form
from headrace.pages.guards import page_visit
from headrace.pages.languages import N_
from headrace.pages.page_route import page_router, shown_again
from headrace.pages.posted import PostedForm
from headrace.pages.refusals import Refusal
from headrace.pages.rendering import redirect, render
from headrace.pages.visits import WorkspaceVisit
from headrace.rest.errors import NotFound
from headrace.rest.ids import Id
from headrace.rest.outside import CallsOutside
from headrace.rest.resources import AppResources, Resources
from headrace.rest.session import DbSession

router = page_router()
Creator = Annotated[WorkspaceVisit, page_visit(Permission.CONNECTION_CREATE)]
Editor = Annotated[WorkspaceVisit, page_visit(Permission.CONNECTION_EDIT)]
Viewer = Annotated[WorkspaceVisit, page_visit(Permission.CONNECTION_VIEW)]
Selection = Annotated[str, Query(alias="show_account_selection")]


@router.get("/connect")
def choose_source(
    visit: Creator, search: str = "", category: str = "", selection: Selection = ""
) -> Response:
    """Answer the data sources there are, to choose one."""
    named = visit.frame.datasource_name if visit.frame else None
    if named is not None and visit.frame and visit.frame.connection_id is None:
        return redirect(visit, f"/connect/{named}", show_account_selection=selection or None)
    tabs = [
        (visit.language.gettext(name), visit.here(category=name), category.lower() == name.lower())
        for name in sources.categories()
    ]
    return render(
        visit,
        "connect/choose.html",
        sources=sources.found(search, category),
        categories=sources.categories(),
        tabs=tabs,
        search=search,
        category=category,
        selection=selection or None,
    )


@router.get("/connect/{datasource_name}")
def show_source(
    datasource_name: str,
    visit: Creator,
    session: DbSession,
    resources: AppResources,
    selection: Selection = "",
) -> Response:
    """Answer how a data source is connected: by OAuth, or by a form of its credentials."""
    connector = bound_source(visit, datasource_name)
    return _source_page(visit, session, resources, connector, selection=selection)


@router.post("/connect/{datasource_name}")
def connect_source(
    datasource_name: str,
    visit: Creator,
    form: PostedForm,
    session: DbSession,
    resources: AppResources,
    calls: CallsOutside,
    selection: Selection = "",
) -> Response:
    """Connect with the credentials that were typed in; with a choice of accounts, go on to it."""
    connector = bound_source(visit, datasource_name)
    typed = sources.credentials_form(connector).typed(form)

    def again(refusal: Refusal) -> Response:
        return _source_page(
            visit, session, resources, connector, typed.refused(refusal), selection, refusal.status
        )

    with shown_again(again):
        body = ConnectionIn.model_validate(typed.body())
        if wants_choice(visit, selection):
            draft = drafts.prepare(session, visit.scope, resources, datasource_name, body, calls)
            return redirect(visit, f"/choosing/{draft.id}")
        made = connections.create(session, visit.scope, resources, datasource_name, body, calls)
    return redirect(visit, f"/connected/{made['id']}")


@router.get("/reconnect/{connection_id}")
def show_reconnect(
    connection_id: Id, visit: Editor, session: DbSession, resources: AppResources
) -> Response:
    """Answer how a connection gets new credentials."""
    connector = _connector_of(visit, session, connection_id)
    return _source_page(visit, session, resources, connector, connection_id=connection_id)


@router.post("/reconnect/{connection_id}")
def reconnect(
    connection_id: Id,
    visit: Editor,
    form: PostedForm,
    session: DbSession,
    resources: AppResources,
    calls: CallsOutside,
) -> Response:
    """Give a connection the credentials that were typed in; its id and its accounts stay."""
    connector = _connector_of(visit, session, connection_id)
    typed = sources.credentials_form(connector).typed(form)

    def again(refusal: Refusal) -> Response:
        refused = typed.refused(refusal)
        return _source_page(
            visit, session, resources, connector, refused, "", refusal.status, connection_id
        )

    with shown_again(again):
        given = typed.body()
        body = ReauthorizeIn(
            credentials=given.get("credentials", {}), settings=given.get("settings")
        )
        connections.reauthorize(session, visit.scope, resources, connection_id, body, calls)
    return redirect(visit, f"/connected/{connection_id}", again="1")


@router.get("/connected/{connection_id}")
def show_connected(
    connection_id: Id, visit: Viewer, session: DbSession, again: str = ""
) -> Response:
    """Answer that a connection is made; in an iframe this tells the host page."""
    row = connections.row(session, visit.scope, connection_id)
    shown = sources.source(connections.connector_named(row["datasource_name"]))
    is_reconnect = bool(again)
    return render(
        visit, "connect/connected.html", connection=row, source=shown, is_reconnect=is_reconnect
    )


def first_page(visit: WorkspaceVisit) -> str | None:
    """Return the page an iframe begins with that is for one data source or connection; else None."""
    frame = visit.frame
    if frame is None or frame.datasource_name is None:
        return None
    if frame.connection_id is not None:
        return f"/reconnect/{frame.connection_id}"
    return f"/connect/{frame.datasource_name}"


def bound_source(visit: WorkspaceVisit, datasource_name: str) -> Connector:
    """Return a data source's connector, if this visit is for it.

    Raises:
        NotFound: if there is none, or the iframe was opened for another one (S42).
    """
    frame = visit.frame
    if frame is not None and frame.datasource_name not in (None, datasource_name):
        raise NotFound("Data source")
    if datasource_name not in connectors():
        raise NotFound("Data source")
    return connections.connector_named(datasource_name)


def wants_choice(visit: WorkspaceVisit, selection: str) -> bool:
    """Whether accounts are chosen before there is a connection.

    In an iframe that is for whoever shows it to say (contract 4.3); our own pages always ask.
    """
    return visit.frame is None or selection.lower() in {"true", "1"}


def bound_connection(visit: WorkspaceVisit, connection_id: int) -> None:
    """Refuse a connection other than the one an iframe was opened for.

    Raises:
        PermissionMissing: if it is another one.
    """
    frame = visit.frame
    if frame is not None and frame.connection_id not in (None, connection_id):
        raise PermissionMissing(Permission.CONNECTION_EDIT)


def _connector_of(visit: WorkspaceVisit, session: DbSession, connection_id: int) -> Connector:
    bound_connection(visit, connection_id)
    connection = connections.get(session, visit.scope, connection_id)
    return bound_source(visit, connection.datasource_name)


def _source_page(
    visit: WorkspaceVisit,
    session: DbSession,
    resources: Resources,
    connector: Connector,
    form: Form | None = None,
    selection: str = "",
    status: int = 200,
    connection_id: int | None = None,
) -> Response:
    spec = connector.spec
    client = client_of(session, resources, visit.scope.agency_id, spec)
    chosen = {"show_account_selection": selection or None}
    is_again = connection_id is not None
    path = f"/reconnect/{connection_id}" if is_again else f"/connect/{spec.name}"
    shown = sources.settings_form(connector) if client else sources.credentials_form(connector)
    if is_again and client:
        shown = Form(())  # its settings stay as they are
    title, lead = _words(visit, spec.title, is_again=is_again)
    is_alone = visit.frame is not None and visit.frame.datasource_name is not None
    return render(
        visit,
        "connect/source.html",
        status=status,
        title=title,
        lead=lead,
        source=sources.source(connector),
        form=form or shown,
        by_oauth=client is not None,
        client_missing=client is None and spec.auth.kind is AuthKind.OAUTH2,
        action=visit.link(path, **chosen),
        authorize=visit.link(f"{path}/authorize", **chosen),
        back=None if is_again or is_alone else visit.link("/connect", **chosen),
        problem=None,
    )


def _words(visit: WorkspaceVisit, platform: str, *, is_again: bool) -> tuple[str, str]:
    """The page's title and the sentence below it."""
    say = visit.language.gettext
    if not is_again:
        return say(N_("Connect %(platform)s")) % {"platform": platform}, ""
    lead = say(N_("What was read stays; reading goes on with the new access."))
    return say(N_("Reconnect %(platform)s")) % {"platform": platform}, lead
