"""The page that an external authentication link opens: who asks, for what, and the form to give it.

The secret is in the address's fragment, which no server sees: the page's module presents it with every
step. So a mail scanner that opens the link sees a page that knows of no link, and spends none (S55).
"""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Response

from headrace.connections.service import connector_named
from headrace.connector_settings.service import client_of
from headrace.connectors.contract import AuthKind, Connector
from headrace.external_links import granting, service
from headrace.external_links.holding import LinkHolder, allows_link_holder
from headrace.external_links.schemas import ExternalAuthIn
from headrace.external_links.service import PAGE
from headrace.oauth import finishing
from headrace.oauth import service as oauth
from headrace.oauth.finishing import Finisher
from headrace.oauth.models import Authorization, AuthorizationStatus
from headrace.oauth.problems import ProblemCode
from headrace.pages.forms import Field, Form
from headrace.pages.guards import AnyoneVisit
from headrace.pages.page_route import page_router, shown_again
from headrace.pages.posted import PostedForm
from headrace.pages.refusals import Refusal
from headrace.pages.rendering import render
from headrace.pages.visits import Visit
from headrace.rest.outside import CallsOutside
from headrace.rest.resources import AppResources, Resources
from headrace.rest.session import DbSession

router = page_router()
Holder = Annotated[LinkHolder, allows_link_holder()]


@router.get(PAGE)
def show_link(visit: AnyoneVisit) -> Response:
    """Answer the page; it knows of no link, and no other page may show it (S44)."""
    return render(visit, "external_links/opening.html")


@router.get(f"{PAGE}/ended")
def show_ended(visit: AnyoneVisit) -> Response:
    """Answer what is said of a link that is of no use any more, whichever and why."""
    return render(visit, "external_links/ended.html")


@router.post(f"{PAGE}/form")
def show_form(
    visit: AnyoneVisit, session: DbSession, resources: AppResources, holder: Holder
) -> Response:
    """Answer what the holder of a link is asked for, and by whom; this does not spend the link."""
    return _asked(visit, session, resources, holder)


@router.post(f"{PAGE}/give")
def give(
    visit: AnyoneVisit,
    form: PostedForm,
    session: DbSession,
    resources: AppResources,
    calls: CallsOutside,
    holder: Holder,
) -> Response:
    """Connect with what the holder typed in, and spend the link; what is refused spends nothing."""
    connector = _connector(session, holder)
    typed = _credentials(connector).typed(form)

    def again(refusal: Refusal) -> Response:
        return _asked(visit, session, resources, holder, typed.refused(refusal), refusal.status)

    with shown_again(again):
        body = ExternalAuthIn.model_validate(typed.body())
        service.fulfil(session, resources, holder, body, calls)
    return _thanks(visit, connector)


@router.post(f"{PAGE}/authorize")
def authorize(
    visit: AnyoneVisit,
    form: PostedForm,
    session: DbSession,
    resources: AppResources,
    holder: Holder,
) -> Response:
    """Begin an authorization for the holder; answers the page that waits for it."""
    connector = _connector(session, holder)
    typed = _settings(connector).typed(form).body()
    given = ExternalAuthIn(settings=typed.get("settings", {}))
    begun = granting.begin(session, resources, holder, given)
    codes = (ProblemCode.POPUP_BLOCKED, ProblemCode.POPUP_CLOSED)
    return render(
        visit,
        "external_links/waiting.html",
        authorization=begun.authorization,
        source=_source(connector),
        authorize_url=begun.authorize_url,
        finish=f"{PAGE}/finish/{begun.authorization.id}",
        goes_on=None,
        back=None,
        problems={code.value: oauth.told(code, "") for code in codes},
    )


@router.post(f"{PAGE}/finish/{{authorization_id}}")
def finish(
    authorization_id: UUID,
    visit: AnyoneVisit,
    form: PostedForm,
    session: DbSession,
    resources: AppResources,
    calls: CallsOutside,
    holder: Holder,
) -> Response:
    """Finish an authorization whose way back this page was handed; that spends the link."""
    connector = _connector(session, holder)
    row = oauth.get(session, holder.scope, authorization_id)
    receipt = form.raw("receipt")
    if receipt and oauth.status_of(row) == AuthorizationStatus.RETURNED:
        finisher = Finisher(session, holder.scope, resources, calls)
        begun_in = granting.credential(holder.link_id)
        row = finishing.finish(finisher, row.id, receipt, begun_in, granting.link_ending)
    return _outcome(visit, connector, row)


def _connector(session: DbSession, holder: LinkHolder) -> Connector:
    return connector_named(service.pending(session, holder).datasource_name)


def _asked(
    visit: Visit,
    session: DbSession,
    resources: Resources,
    holder: LinkHolder,
    form: Form | None = None,
    status: int = 200,
) -> Response:
    asked = service.asked(session, holder)
    connector = _connector(session, holder)
    client = client_of(session, resources, holder.agency_id, connector.spec)
    return render(
        visit,
        "external_links/form.html",
        status=status,
        asked=asked,
        source=_source(connector),
        form=form or (_settings(connector) if client else _credentials(connector)),
        by_oauth=client is not None,
        client_missing=client is None and connector.spec.auth.kind is AuthKind.OAUTH2,
        authorize=f"{PAGE}/authorize",
        action=f"{PAGE}/give",
    )


def _outcome(visit: Visit, connector: Connector, row: Authorization) -> Response:
    if oauth.status_of(row) == AuthorizationStatus.CONNECTED:
        return _thanks(visit, connector)
    problem = oauth.problem_of(row) or oauth.told(ProblemCode.PROVIDER_ERROR, "")
    return render(
        visit,
        "external_links/outcome.html",
        source=_source(connector),
        problem=problem,
        action=f"{PAGE}/form",
    )


def _thanks(visit: Visit, connector: Connector) -> Response:
    return render(visit, "external_links/thanks.html", source=_source(connector))


def _source(connector: Connector) -> dict[str, Any]:
    spec = connector.spec
    return {
        "name": spec.name,
        "title": spec.title,
        "icon": f"/datasources/{spec.name}/icon.svg",
        "docs_url": spec.docs_url,
    }


def _settings(connector: Connector) -> Form:
    return Form.of(Field.of_setting(item, "settings") for item in connector.spec.settings)


def _credentials(connector: Connector) -> Form:
    fields = [Field.of_setting(item, "credentials") for item in connector.spec.auth.fields]
    fields += [Field.of_setting(item, "settings") for item in connector.spec.settings]
    return Form.of(fields)
