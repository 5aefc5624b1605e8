"""The page on which a link to a picture of a dashboard's chart is made, for mails and reports."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Response

from headrace.access.permissions import Permission
from headrace.dashboards import pictures
from headrace.dashboards.asking import chosen, read_filters
from headrace.dashboards.errors import BadFilter
from headrace.dashboards.exporting import DataName
from headrace.dashboards.filters import Filters
from headrace.dashboards.metrics import Metric
from headrace.dashboards.schemas import MOST_IN_A_LINK, PictureLinkIn
from headrace.iframe.dashboards import TITLES, asked_by
from headrace.kit.told import told
from headrace.pages.forms import SELECT, Field, Form, Option
from headrace.pages.guards import page_visit
from headrace.pages.languages import N_
from headrace.pages.page_route import page_router, shown_again
from headrace.pages.posted import PostedForm
from headrace.pages.rendering import render
from headrace.pages.visits import WorkspaceVisit
from headrace.rest.resources import AppResources
from headrace.rest.session import DbSession

router = page_router()
Publisher = Annotated[WorkspaceVisit, page_visit(Permission.DASHBOARD_CREATE)]
_FORM = Form.of(
    (
        Field(
            "title",
            N_("Title"),
            description=N_("Stands above the chart, in the place of the chart's own."),
        ),
        Field(
            "form",
            N_("Form"),
            SELECT,
            required=True,
            initial="png",
            options=(
                Option("png", N_("PNG, for mails")),
                Option("svg", N_("SVG, sharp at every size")),
            ),
        ),
        Field(
            "theme",
            N_("Colours"),
            SELECT,
            required=True,
            initial="light",
            options=(Option("light", N_("Light")), Option("dark", N_("Dark"))),
        ),
        Field(
            "lifetime_days",
            N_("Good for"),
            SELECT,
            required=True,
            initial="90",
            options=(
                Option("7", N_("A week")),
                Option("30", N_("30 days")),
                Option("90", N_("90 days")),
                Option("365", N_("A year")),
            ),
        ),
    )
)


@router.get("/dashboards/{data_name}/picture")
def show_picture_form(data_name: DataName, visit: Publisher) -> Response:
    """Answer the form of a link to a picture of what the dashboard shows."""
    return _page(visit, data_name, _FORM, None)


@router.post("/dashboards/{data_name}/picture")
def create_dashboard_image_link(
    data_name: DataName,
    visit: Publisher,
    session: DbSession,
    resources: AppResources,
    posted: PostedForm,
) -> Response:
    """Make the link and show it, with the day on which it ends."""
    typed = _FORM.typed(posted)
    address = resources.settings.public_address
    with shown_again(lambda refusal: _page(visit, data_name, typed.refused(refusal), None)):
        body = PictureLinkIn.model_validate(typed.body() | _locked(visit))
        made = pictures.link(session, visit.scope, resources.vault, address, data_name, body)
    return _page(visit, data_name, typed, made)


def _locked(visit: WorkspaceVisit) -> dict[str, Any]:
    """What the dashboard was asked for, which the link will show whoever has it.

    Raises:
        BadFilter: if more is chosen than a link holds.
    """
    filters = read_filters(visit.query)
    if max(len(filters.channels), len(filters.accounts)) > MOST_IN_A_LINK:
        raise BadFilter(
            told(
                "A link holds at most {most} accounts; choose fewer, or none for all.",
                most=MOST_IN_A_LINK,
            )
        )
    metric = chosen(Metric, dict(visit.query).get("metric"), Metric.SPEND)
    return _as_body(filters) | {"metric": metric}


def _as_body(filters: Filters) -> dict[str, Any]:
    return {
        "period": filters.period,
        "date_from": filters.date_from,
        "date_to": filters.date_to,
        "compare": filters.compare,
        "channels": list(filters.channels),
        "accounts": list(filters.accounts),
        "currency": filters.currency,
    }


def _page(
    visit: WorkspaceVisit, data_name: DataName, form: Form, made: Mapping[str, Any] | None
) -> Response:
    return render(
        visit,
        "dashboards/picture.html",
        status=form.refusal.status if form.refusal else 200,
        form=form,
        made=made,
        title=TITLES[data_name][0],
        back=visit.link(f"/dashboards/{data_name}", **asked_by(visit)),
    )
