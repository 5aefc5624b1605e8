"""The pages of the three dashboards."""

from dataclasses import dataclass
from itertools import groupby
from typing import Annotated, Any

from fastapi import Response
from markupsafe import Markup

from headrace.access.permissions import Permission
from headrace.dashboards import charts, service
from headrace.dashboards.asking import AppDesk, chosen, read_filters, read_order
from headrace.dashboards.catalogue import DASHBOARDS, Chart, charts_of
from headrace.dashboards.drawing import NotDrawn, drawer
from headrace.dashboards.filters import Comparison, Filters, Period
from headrace.dashboards.keeping import version_of
from headrace.dashboards.metrics import Metric
from headrace.dashboards.performance import DayState, Order
from headrace.dashboards.service import Desk, Shown
from headrace.iframe import dashboard_words as words
from headrace.pages.guards import page_visit
from headrace.pages.languages import N_
from headrace.pages.page_route import page_router
from headrace.pages.rendering import render
from headrace.pages.visits import WorkspaceVisit
from headrace.rest.errors import AppError
from headrace.rest.session import DbSession

router = page_router()
Viewer = Annotated[WorkspaceVisit, page_visit(Permission.DASHBOARD_VIEW)]
TITLES = {
    "performance": (N_("Performance"), N_("What your advertising cost, and what it brought.")),
    "freshness": (N_("Freshness"), N_("Which days of your data are here, complete or not.")),
    "pipeline_health": (N_("Pipeline health"), N_("What works, what does not, and what to do.")),
}
"""What each dashboard is called and shows, by its name."""

_HATCH_OF_PAGE = "var(--soft)"


@router.get("/dashboards")
def show_dashboards(visit: Viewer) -> Response:
    """Answer the dashboards there are."""
    listed = [(item.data_name, *TITLES[item.data_name]) for item in DASHBOARDS]
    return render(visit, "dashboards/list.html", dashboards=listed)


@router.get("/dashboards/performance")
def show_performance(visit: Viewer, session: DbSession, desk: AppDesk) -> Response:
    """Answer what advertising cost and brought."""
    filters, order = read_filters(visit.query), read_order(visit.query)
    metric = chosen(Metric, dict(visit.query).get("metric"), Metric.SPEND)
    asked = _Asked(filters, order, metric)
    # It begins to warm up while figures are added up.
    drawer().wake()
    try:
        shown = service.performance(session, visit.scope, desk, filters, order)
    except AppError as error:
        values = _asked_values(asked) | {"wrong": error.message}
        return render(visit, "dashboards/performance.html", error.status, **values)
    values = _asked_values(asked) | _performance(visit, desk, shown, metric)
    return render(visit, "dashboards/performance.html", **values)


@dataclass(frozen=True)
class _Asked:
    filters: Filters
    order: Order
    metric: Metric


def _asked_values(asked: _Asked) -> dict[str, Any]:
    """What the form of the filters shows, whatever comes of them."""
    return {
        "filters": asked.filters,
        "order": asked.order,
        "metric": asked.metric,
        "metrics": words.METRICS,
        "short_titles": words.SHORT,
        "periods": words.PERIODS,
        "comparisons": words.COMPARISONS,
        "custom": Period.CUSTOM,
        "no_comparison": Comparison.NONE,
        "wrong": None,
        "shown": None,
    }


def _performance(visit: WorkspaceVisit, desk: Desk, shown: Shown, metric: Metric) -> dict[str, Any]:
    found, language = shown.figures, visit.language
    days = words.written_range(language, found.days)
    values = {
        "shown": shown,
        "found": found,
        "range_words": days,
        "compared": words.written_range(language, found.compared) if found.compared else None,
        "account_options": [(one.remote_id, one.title) for one in shown.accounts],
        "tiles": words.tiles(language, found),
        "cells": lambda sums: words.cells(language, sums, found.currency),
        "grouped": [
            (name, list(rows)) for name, rows in groupby(found.campaigns, lambda one: one.channel)
        ],
        "exports": export_links(visit, "performance"),
        "picture_links": picture_links(visit, "performance"),
    }
    for state in (DayState.PROVISIONAL, DayState.MISSING):
        of_state = [one.date for one in found.by_day if one.state is state]
        values[state.value] = of_state
        values[f"{state}_words"] = words.written_days(language, of_state)
    return values | _charts(visit, desk, shown, metric)


def _charts(visit: WorkspaceVisit, desk: Desk, shown: Shown, metric: Metric) -> dict[str, Any]:
    """The pictures, and the same in words and in tables."""
    found, language = shown.figures, visit.language
    title = language.gettext(words.METRICS[metric])
    points = words.points(language, found, metric)
    bars = words.channel_bars(language, found, metric, shown.channels)
    number_format = words.NUMBER_FORMATS.get(metric, "~s")
    is_compared = found.compared is not None
    headers = [N_("Day"), title, *([language.gettext("Compared")] if is_compared else [])]
    return {
        "metric_title": title,
        "chart_title": words.chart_title(language, Chart.BY_DAY, metric),
        "chart_summary": words.trend_in_words(language, found, metric),
        "chart_headers": [language.gettext(headers[0]), *headers[1:], language.gettext("State")],
        "chart_rows": words.trend_rows(language, found, metric),
        "trend": drawn(visit, desk, charts.trend(points, charts.OF_PAGE, number_format)),
        "bars": bars,
        "bars_title": words.chart_title(language, Chart.BY_CHANNEL, metric),
        "bars_summary": "; ".join(one.label for one in bars),
        "bar_rows": words.bar_rows(language, found, metric, shown.channels),
        "channels_chart": drawn(visit, desk, charts.bars(bars, charts.OF_PAGE, number_format))
        if len(bars) > 1
        else None,
    }


def export_links(visit: WorkspaceVisit, name: str) -> list[tuple[str, str]]:
    """Return where the figures that a page shows can be had as files, by the name of the form."""
    query = asked_by(visit)
    return [
        (form.upper(), visit.link(f"/dashboards/{name}/export", **{**query, "format": form}))
        for form in ("csv", "json")
    ]


def picture_links(visit: WorkspaceVisit, name: str) -> dict[str, str | None]:
    """Return by chart where a link to its picture is made; None for those who may hand none on."""
    path, query = f"/dashboards/{name}/picture", asked_by(visit)
    may = visit.may(Permission.DASHBOARD_CREATE)
    return {
        chart.value: visit.link(path, **query, chart=chart.value) if may else None
        for chart in charts_of(name)
    }


def asked_by(visit: WorkspaceVisit) -> dict[str, Any]:
    """Return what the address of a dashboard asks for, fit for the address of another page of it."""
    query: dict[str, Any] = {}
    for key, value in visit.query:
        query.setdefault(key, []).append(value)
    for of_another_page in ("said", "chart"):
        query.pop(of_another_page, None)
    return query


def drawn(visit: WorkspaceVisit, desk: Desk, spec: dict[str, Any]) -> Markup | None:
    """Draw a chart for a page, or find it drawn; None where that cannot be done now.

    What is drawn has every text escaped, and no script, style or address (`dashboards.drawing`).
    """
    tag = visit.language.tag
    try:
        svg: str = desk.kept.found(
            visit.scope.workspace_id,
            version_of("svg", tag, spec),
            lambda: drawer().svg(spec, locale=tag, hatch=_HATCH_OF_PAGE),
            len,
        )
    except NotDrawn:
        return None
    return Markup(svg)  # noqa: S704 - see above
