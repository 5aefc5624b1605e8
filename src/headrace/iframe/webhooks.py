"""Pages of webhook endpoints: where events are sent, and what became of each delivery."""

from typing import Annotated, Any

from fastapi import Response
from sqlalchemy.orm import Session

from headrace.access.permissions import Permission
from headrace.events.catalogue import EVENT_TYPES
from headrace.iframe import statuses
from headrace.pages.forms import BOOLEAN, MULTI_SELECT, Field, Form, Option
from headrace.pages.guards import page_visit
from headrace.pages.languages import N_
from headrace.pages.listing import listed
from headrace.pages.page_route import page_router, shown_again
from headrace.pages.posted import PostedForm
from headrace.pages.refusals import Refusal
from headrace.pages.rendering import redirect, render
from headrace.pages.said import say
from headrace.pages.visits import WorkspaceVisit
from headrace.rest.ids import Id
from headrace.rest.outside import CallsOutside
from headrace.rest.resources import AppResources, Resources
from headrace.rest.session import DbSession
from headrace.webhooks import deliveries, presentation, queries, service
from headrace.webhooks.queries import DeliveryFilter
from headrace.webhooks.schemas import (
    RegenerateSecretRequest,
    TryRequest,
    WebhookEndpointCreateRequest,
    WebhookEndpointUpdateRequest,
)

say(
    verified=N_("The receiver answered rightly: deliveries begin."),
    new_secret=N_("There is a new secret; the receiver has to know it."),
    tried=N_("An event was sent to try the receiver."),
    sent_again=N_("It is sent once more, with the same key."),
)
router = page_router()
Viewer = Annotated[WorkspaceVisit, page_visit(Permission.WEBHOOK_VIEW)]
Manager = Annotated[WorkspaceVisit, page_visit(Permission.WEBHOOK_MANAGE)]
_GRACE_SECONDS = 86_400
_LOG_ROWS = 50
_FORM = Form.of(
    (
        Field("url", N_("Address of the receiver"), required=True, description=N_("https only.")),
        Field(
            "event_types",
            N_("Events to send"),
            MULTI_SELECT,
            options=tuple(
                Option(item.name, item.name, item.description) for item in EVENT_TYPES.values()
            ),
        ),
        Field(
            "extended_retries",
            N_("Go on trying for four days when the first four attempts fail"),
            BOOLEAN,
            initial=True,
        ),
    )
)


@router.get("/webhooks")
def show_endpoints(visit: Viewer, session: DbSession) -> Response:
    """Answer the endpoints of the workspace."""
    found = listed(session, visit, queries.endpoint_rows(visit.scope))
    return render(visit, "webhooks/list.html", list=found, statuses=statuses)


@router.get("/webhooks/new")
def show_form(visit: Manager) -> Response:
    """Answer the form of an endpoint."""
    return _form_page(visit, _FORM, None)


@router.post("/webhooks/new")
def create(
    visit: Manager,
    session: DbSession,
    resources: AppResources,
    calls: CallsOutside,
    posted: PostedForm,
) -> Response:
    """Register an endpoint; its page shows the secret and how it is verified."""
    typed = _FORM.typed(posted)
    with shown_again(lambda refusal: _form_page(visit, typed.refused(refusal), None)):
        body = WebhookEndpointCreateRequest.model_validate(typed.body())
        made = service.create(session, visit.scope, resources, calls, body)
    return redirect(visit, f"/webhooks/{made['id']}")


@router.get("/webhooks/{endpoint_id}")
def show_endpoint(
    endpoint_id: Id, visit: Viewer, session: DbSession, resources: AppResources, status: str = ""
) -> Response:
    """Answer one endpoint and what was sent to it of late."""
    return _page(visit, session, resources, endpoint_id, status)


@router.post("/webhooks/{endpoint_id}/verify")
def verify(
    endpoint_id: Id,
    visit: Manager,
    session: DbSession,
    resources: AppResources,
    calls: CallsOutside,
) -> Response:
    """Challenge the receiver."""
    with shown_again(lambda refusal: _page(visit, session, resources, endpoint_id, "", refusal)):
        service.verify(session, visit.scope, resources, calls, endpoint_id)
    return redirect(visit, f"/webhooks/{endpoint_id}", said="verified")


@router.post("/webhooks/{endpoint_id}/secret")
def replace_secret(
    endpoint_id: Id, visit: Manager, session: DbSession, resources: AppResources, posted: PostedForm
) -> Response:
    """Replace the secret, at once or with a day in which both sign."""
    grace = _GRACE_SECONDS if posted.text("grace") else 0
    asked = RegenerateSecretRequest(grace_period_seconds=grace)
    service.regenerate_secret(session, visit.scope, resources, endpoint_id, asked)
    return redirect(visit, f"/webhooks/{endpoint_id}", said="new_secret")


@router.post("/webhooks/{endpoint_id}/test")
def send_test(
    endpoint_id: Id, visit: Manager, session: DbSession, resources: AppResources
) -> Response:
    """Send the sample of an event."""
    with shown_again(lambda refusal: _page(visit, session, resources, endpoint_id, "", refusal)):
        deliveries.send_test(session, visit.scope, endpoint_id, TryRequest())
    return redirect(visit, f"/webhooks/{endpoint_id}", said="tried")


@router.get("/webhooks/{endpoint_id}/edit")
def edit(endpoint_id: Id, visit: Manager, session: DbSession, resources: AppResources) -> Response:
    """Answer what can be changed of an endpoint."""
    found = service.detail(session, visit.scope, resources, endpoint_id)
    return _form_page(visit, _filled(found), endpoint_id)


@router.post("/webhooks/{endpoint_id}/edit")
def save(
    endpoint_id: Id,
    visit: Manager,
    session: DbSession,
    resources: AppResources,
    calls: CallsOutside,
    posted: PostedForm,
) -> Response:
    """Change an endpoint; another address has to be verified anew."""
    typed = _FORM.typed(posted)
    with shown_again(lambda refusal: _form_page(visit, typed.refused(refusal), endpoint_id)):
        change = WebhookEndpointUpdateRequest.model_validate(typed.body())
        service.update(session, visit.scope, resources, calls, endpoint_id, change)
    return redirect(visit, f"/webhooks/{endpoint_id}", said="saved")


@router.get("/webhooks/{endpoint_id}/delete")
def ask_to_delete(
    endpoint_id: Id, visit: Manager, session: DbSession, resources: AppResources
) -> Response:
    """Say what deleting an endpoint does, and ask."""
    found = service.detail(session, visit.scope, resources, endpoint_id)
    return render(visit, "webhooks/delete.html", endpoint=found)


@router.post("/webhooks/{endpoint_id}/delete")
def delete(endpoint_id: Id, visit: Manager, session: DbSession) -> Response:
    """Delete an endpoint with its log."""
    service.delete(session, visit.scope, endpoint_id)
    return redirect(visit, "/webhooks", said="deleted")


@router.get("/deliveries/{delivery_id}")
def show_delivery(delivery_id: Id, visit: Viewer, session: DbSession) -> Response:
    """Answer one delivery with every attempt at it."""
    found = deliveries.detail(session, visit.scope, delivery_id)
    return render(visit, "webhooks/delivery.html", delivery=found, statuses=statuses)


@router.post("/deliveries/{delivery_id}/redeliver")
def send_again(delivery_id: Id, visit: Manager, session: DbSession) -> Response:
    """Send a delivery once more."""
    deliveries.redeliver(session, visit.scope, delivery_id)
    return redirect(visit, f"/deliveries/{delivery_id}", said="sent_again")


def _filled(found: dict[str, Any]) -> Form:
    values = {
        "url": found["url"],
        "event_types": [item["event_type_name"] for item in found["subscriptions"]],
        "extended_retries": found["extended_retries"],
    }
    return Form.of(_FORM.fields, values)


def _form_page(visit: WorkspaceVisit, form: Form, endpoint_id: int | None) -> Response:
    status = form.refusal.status if form.refusal else 200
    return render(visit, "webhooks/form.html", status=status, form=form, endpoint_id=endpoint_id)


def _page(
    visit: WorkspaceVisit,
    session: Session,
    resources: Resources,
    endpoint_id: int,
    wanted: str,
    refusal: Refusal | None = None,
) -> Response:
    found = service.detail(session, visit.scope, resources, endpoint_id)
    if not visit.may(Permission.WEBHOOK_MANAGE):
        found = {name: value for name, value in found.items() if "secret" not in name}
    before = dict(visit.query).get("before", "")
    log = DeliveryFilter(
        endpoint_id=endpoint_id,
        status=wanted if wanted in statuses.OF_DELIVERY else None,
        before=int(before) if before.isascii() and before.isdigit() else None,
    )
    rows = session.execute(queries.filtered(visit.scope, log).limit(_LOG_ROWS + 1)).all()
    return render(
        visit,
        "webhooks/one.html",
        status=refusal.status if refusal else 200,
        endpoint=found,
        message=refusal.message if refusal else None,
        log=[presentation.delivery(row) for row in rows[:_LOG_ROWS]],
        has_more=len(rows) > _LOG_ROWS,
        wanted_status=wanted,
        statuses=statuses,
    )
