"""Pages of destinations: where data goes, and whether it can be written there."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import Response

from headrace.access.permissions import Permission
from headrace.destinations import queries, service
from headrace.destinations.models import DestinationConnection
from headrace.destinations.params import form as declared_params
from headrace.destinations.schemas import DestinationConnectionIn, DestinationReauthorizeIn
from headrace.iframe import statuses
from headrace.loaders.contract import Category, LoaderSpec
from headrace.loaders.registry import loaders
from headrace.pages.forms import BOOLEAN, Field, Form
from headrace.pages.guards import page_visit
from headrace.pages.languages import N_
from headrace.pages.listing import listed
from headrace.pages.page_route import page_router, shown_again
from headrace.pages.posted import PostedForm
from headrace.pages.refusals import Refusal
from headrace.pages.rendering import redirect, render
from headrace.pages.said import say
from headrace.pages.visits import WorkspaceVisit
from headrace.rest.resources import AppResources, Resources
from headrace.rest.session import DbSession
from headrace.tenancy.scope import owned_columns

say(checking=N_("It is being checked whether data can be written there."))
router = page_router()
Viewer = Annotated[WorkspaceVisit, page_visit(Permission.DESTINATION_VIEW)]
Creator = Annotated[WorkspaceVisit, page_visit(Permission.DESTINATION_CREATE)]
Editor = Annotated[WorkspaceVisit, page_visit(Permission.DESTINATION_EDIT)]
CATEGORIES = {
    Category.WAREHOUSE: N_("Warehouses"),
    Category.DATABASE: N_("Databases"),
    Category.FILE_STORAGE: N_("Files"),
    Category.BI: N_("Business intelligence"),
}
_TITLE = Field("title", N_("Name"), description=N_("By which you tell it from others."))
_EVERY_TABLE = Field(
    "create_load_for_new_tables", N_("Deliver every new data table there by itself"), BOOLEAN
)


@router.get("/destinations")
def show_destinations(visit: Viewer, session: DbSession) -> Response:
    """Answer the destinations that are connected."""
    columns = (*queries.SHOWN, DestinationConnection.error_told)
    rows = owned_columns(DestinationConnection, visit.scope, *columns)
    found = listed(session, visit, rows.order_by(DestinationConnection.created_at.desc()))
    return render(
        visit,
        "destinations/list.html",
        list=found,
        titles={name: loader.spec.title for name, loader in loaders().items()},
        is_live=any(row.status == "initializing" for row in found.rows),
        statuses=statuses,
    )


@router.get("/destinations/new")
def choose_destination(visit: Creator) -> Response:
    """Answer the kinds of destinations there are, to choose one."""
    return render(visit, "destinations/choose.html", specs=_specs(), categories=CATEGORIES)


@router.get("/destinations/new/{destination_name}")
def show_form(destination_name: str, visit: Creator) -> Response:
    """Answer the form of a destination."""
    spec = service.loader_named(destination_name).spec
    return _form_page(visit, spec, _form(spec))


@router.post("/destinations/new/{destination_name}")
def connect(
    destination_name: str,
    visit: Creator,
    session: DbSession,
    resources: AppResources,
    posted: PostedForm,
) -> Response:
    """Connect a destination; it is checked in the background."""
    spec = service.loader_named(destination_name).spec
    typed = _form(spec).typed(posted)
    with shown_again(lambda refusal: _form_page(visit, spec, typed.refused(refusal))):
        body = DestinationConnectionIn.model_validate(typed.body())
        made = service.create(session, visit.scope, resources, destination_name, body)
    return redirect(visit, f"/destinations/{made.id}", said="checking")


@router.get("/destinations/{connection_id}")
def show_destination(connection_id: str, visit: Viewer, session: DbSession) -> Response:
    """Answer one destination and whether it can be written to."""
    found = service.get(session, visit.scope, connection_id)
    return render(
        visit,
        "destinations/one.html",
        connection=found,
        title=service.loader_named(found.destination_name).spec.title,
        statuses=statuses,
    )


@router.post("/destinations/{connection_id}/recheck")
def recheck(connection_id: str, visit: Editor, session: DbSession) -> Response:
    """Check again whether it can be written to."""
    found = service.get(session, visit.scope, connection_id)
    service.recheck(session, visit.scope, found.destination_name, connection_id)
    return redirect(visit, f"/destinations/{connection_id}", said="checking")


@router.get("/destinations/{connection_id}/edit")
def edit_destination(
    connection_id: str, visit: Editor, session: DbSession, resources: AppResources
) -> Response:
    """Answer the parameters of a destination; secrets are not shown."""
    found = service.get(session, visit.scope, connection_id)
    spec = service.loader_named(found.destination_name).spec
    form = _filled(spec, resources, found)
    return _form_page(visit, spec, form, connection_id)


@router.post("/destinations/{connection_id}/edit")
def save_destination(
    connection_id: str,
    visit: Editor,
    session: DbSession,
    resources: AppResources,
    posted: PostedForm,
) -> Response:
    """Give a destination new parameters; a secret that is left empty stays."""
    found = service.get(session, visit.scope, connection_id)
    spec = service.loader_named(found.destination_name).spec
    typed = _filled(spec, resources, found).typed(posted)
    with shown_again(
        lambda refusal: _form_page(visit, spec, typed.refused(refusal), connection_id)
    ):
        params = service.shown_params(resources, found) | typed.body().get("connection_params", {})
        body = DestinationReauthorizeIn(
            title=typed.values["title"] or None, connection_params=params
        )
        service.reauthorize(
            session, visit.scope, resources, found.destination_name, connection_id, body
        )
    return redirect(visit, f"/destinations/{connection_id}", said="checking")


def _specs() -> Sequence[LoaderSpec]:
    return sorted((one.spec for one in loaders().values()), key=lambda spec: spec.title.casefold())


def _form(spec: LoaderSpec) -> Form:
    params = [Field.of_param(item, "connection_params") for item in declared_params(spec)]
    return Form.of((_TITLE, *params, _EVERY_TABLE), {"title": spec.title})


def _filled(spec: LoaderSpec, resources: Resources, found: DestinationConnection) -> Form:
    shown = service.shown_params(resources, found)
    params = [
        Field.of_param(item, "connection_params", is_kept=item.secret and item.name in shown)
        for item in declared_params(spec)
    ]
    values: dict[str, Any] = {f"connection_params.{name}": value for name, value in shown.items()}
    return Form.of((_TITLE, *params), values | {"title": found.title})


def _form_page(
    visit: WorkspaceVisit, spec: LoaderSpec, form: Form, connection_id: str | None = None
) -> Response:
    refusal: Refusal | None = form.refusal
    action = (
        f"/destinations/{connection_id}/edit" if connection_id else f"/destinations/new/{spec.name}"
    )
    return render(
        visit,
        "destinations/form.html",
        status=refusal.status if refusal else 200,
        spec=spec,
        form=form,
        action=action,
        back=f"/destinations/{connection_id}" if connection_id else "/destinations/new",
        is_new=connection_id is None,
    )
