"""Pages of the console about the OAuth clients under which customers authorise platforms."""

from typing import Annotated, Any

from fastapi import Response

from headrace.access.permissions import Permission
from headrace.connector_settings import service
from headrace.connector_settings.schemas import ConnectorSettingsIn
from headrace.connectors.contract import AuthKind
from headrace.connectors.registry import connectors
from headrace.pages.forms import SECRET, Field, Form
from headrace.pages.guards import console_visit
from headrace.pages.languages import N_
from headrace.pages.page_route import page_router, shown_again
from headrace.pages.posted import PostedForm
from headrace.pages.rendering import redirect, render
from headrace.pages.visits import ConsoleVisit
from headrace.rest.resources import AppResources
from headrace.rest.session import DbSession

router = page_router()
Chief = Annotated[ConsoleVisit, console_visit(Permission.ADMIN_MANAGE_ROLES)]
ORIGINS = {
    "agency": N_("Your own"),
    "server": N_("The server's"),
    "connector": N_("The platform's, for everyone"),
    "none": N_("None: it cannot be connected by signing in there"),
}


@router.get("/platforms")
def show_platforms(visit: Chief, session: DbSession, resources: AppResources) -> Response:
    """Answer the platforms that people sign in to, and whose client is used there."""
    names = [name for name, one in connectors().items() if one.spec.auth.kind is AuthKind.OAUTH2]
    rows = [service.shown(session, visit.scope, resources, name) for name in sorted(names)]
    return render(visit, "console/platforms.html", rows=rows, titles=_titles(), origins=ORIGINS)


@router.get("/platforms/{datasource_name}")
def show_platform(
    datasource_name: str, visit: Chief, session: DbSession, resources: AppResources
) -> Response:
    """Answer the client of a platform; never its secret."""
    shown = service.shown(session, visit.scope, resources, datasource_name)
    return _page(visit, shown, _form(shown))


@router.post("/platforms/{datasource_name}")
def save_platform(
    datasource_name: str,
    visit: Chief,
    session: DbSession,
    resources: AppResources,
    posted: PostedForm,
) -> Response:
    """Set the agency's own client."""
    shown = service.shown(session, visit.scope, resources, datasource_name)
    typed = _form(shown).typed(posted)
    with shown_again(lambda refusal: _page(visit, shown, typed.refused(refusal))):
        body = ConnectorSettingsIn.model_validate(typed.body())
        service.put(session, visit.scope, resources, datasource_name, body)
    return redirect(visit, "/platforms", said="saved")


@router.post("/platforms/{datasource_name}/delete")
def forget_platform(datasource_name: str, visit: Chief, session: DbSession) -> Response:
    """Forget the agency's own client."""
    service.delete(session, visit.scope, datasource_name)
    return redirect(visit, "/platforms", said="deleted")


def _titles() -> dict[str, str]:
    return {name: one.spec.title for name, one in connectors().items()}


def _form(shown: dict[str, Any]) -> Form:
    is_own = shown["origin"] == "agency"
    fields = (
        Field("client_id", N_("Client id"), required=True),
        Field(
            "client_secret",
            N_("Client secret"),
            SECRET,
            is_kept=is_own and shown["has_client_secret"],
        ),
    )
    return Form.of(fields, {"client_id": shown["client_id"] if is_own else None})


def _page(visit: ConsoleVisit, shown: dict[str, Any], form: Form) -> Response:
    status = form.refusal.status if form.refusal else 200
    return render(
        visit, "console/platform.html", status=status, shown=shown, form=form, titles=_titles()
    )
