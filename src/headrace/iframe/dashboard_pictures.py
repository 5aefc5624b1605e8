"""The page on which a link to a picture of a dashboard's chart is made, for mails and reports."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Response

from headrace.access.permissions import Permission
from headrace.dashboards import pictures
from headrace.dashboards.asking import chosen, read_filters
from headrace.dashboards.catalogue import Chart, charts_of
from headrace.dashboards.errors import BadFilter
from headrace.dashboards.exporting import DataName
from headrace.dashboards.filters import Filters
from headrace.dashboards.metrics import Metric
from headrace.dashboards.schemas import MOST_IN_A_LINK, PictureLinkIn
from headrace.iframe import dashboard_words as words
from headrace.iframe.dashboards import TITLES, asked_by
from headrace.kit.told import told
from headrace.pages.forms import SELECT, Field, Form, Option
from headrace.pages.guards import page_visit
from headrace.pages.languages import N_
from headrace.pages.page_route import page_router, shown_again
from headrace.pages.posted import PostedForm
from headrace.pages.rendering import render
from headrace.pages.visits import WorkspaceVisit
from headrace.rest.errors import NotFound
from headrace.rest.resources import AppResources
from headrace.rest.session import DbSession

router = page_router()
Publisher = Annotated[WorkspaceVisit, page_visit(Permission.DASHBOARD_CREATE)]


def _one_of(name: str, label: str, initial: str, titles: Mapping[str, str]) -> Field:
    """A field of a few values, one of which is chosen. titles: of the values."""
    options = tuple(Option(value, title) for value, title in titles.items())
    return Field(name, label, SELECT, required=True, initial=initial, options=options)


_FORM = Form.of(
    (
        Field(
            "title",
            N_("Title"),
            description=N_("Stands above the chart, in the place of the chart's own."),
        ),
        _one_of(
            "form",
            N_("Form"),
            "png",
            {"png": N_("PNG, for mails"), "svg": N_("SVG, sharp at every size")},
        ),
        _one_of("theme", N_("Colours"), "light", {"light": N_("Light"), "dark": N_("Dark")}),
        _one_of(
            "lifetime_days",
            N_("Good for"),
            "90",
            {
                "7": N_("A week"),
                "30": N_("30 days"),
                "90": N_("90 days"),
                "365": N_("A year"),
            },
        ),
    )
)


@router.get("/dashboards/{data_name}/picture")
def show_picture_form(data_name: DataName, visit: Publisher) -> Response:
    """Answer the form of a link to a picture of one of the dashboard's charts."""
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
        locked = _locked(visit) | {"chart": _chart(visit, data_name)}
        body = PictureLinkIn.model_validate(typed.body() | locked)
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
    return _as_body(filters) | {"metric": _metric(visit)}


def _metric(visit: WorkspaceVisit) -> Metric:
    return chosen(Metric, dict(visit.query).get("metric"), Metric.SPEND)


def _chart(visit: WorkspaceVisit, data_name: DataName) -> Chart:
    """The chart that the address names, or the dashboard's first.

    Raises:
        NotFound: if the dashboard has none of that name; another one is not to be handed on instead.
    """
    there = charts_of(data_name)
    asked = dict(visit.query).get("chart") or there[0]
    if asked not in there:
        raise NotFound("Chart")
    return Chart(asked)


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
        chart_title=words.chart_title(visit.language, _chart(visit, data_name), _metric(visit)),
        title=TITLES[data_name][0],
        back=visit.link(f"/dashboards/{data_name}", **asked_by(visit)),
    )
