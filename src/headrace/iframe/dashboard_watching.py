"""The pages of the dashboards of freshness and of pipeline health, and files of all three."""

from dataclasses import dataclass
from typing import Any

from fastapi import Response

from headrace.access.permissions import Permission
from headrace.dashboards import charts, exporting, watching
from headrace.dashboards.asking import AppDesk, chosen, read_filters, read_order
from headrace.dashboards.exporting import DataName, Export, Form, Part
from headrace.dashboards.freshness import Cell, CellState, TableFreshness
from headrace.dashboards.pipeline_health import (
    CONNECTION_STATES,
    SUBJECT_STATES,
    Failure,
    NextStep,
    PipelineHealth,
)
from headrace.dashboards.routes import sent
from headrace.dashboards.service import Desk
from headrace.dashboards.watching import Freshness
from headrace.iframe import dashboard_words as words
from headrace.iframe.dashboards import Viewer, drawn, export_links, picture_links
from headrace.kit.days import DayRange
from headrace.pages.languages import N_
from headrace.pages.page_route import page_router
from headrace.pages.rendering import render
from headrace.pages.visits import WorkspaceVisit
from headrace.rest.errors import AppError
from headrace.rest.session import DbSession

router = page_router()
MARKS = {
    CellState.FINAL: "\N{CHECK MARK}",
    CellState.PROVISIONAL: "~",
    CellState.MISSING: "?",
    CellState.FAILED: "\N{MULTIPLICATION SIGN}",
    CellState.NONE: "\N{MIDDLE DOT}",
}
"""Shapes for those who see no colours."""

_STATES = {
    "active": (N_("Connected"), "good"),
    "synced": (N_("Up to date"), "good"),
    "syncing": (N_("Running"), "busy"),
    "init": (N_("Not run yet"), "idle"),
    "paused": (N_("Paused"), "idle"),
    "error": (N_("Failing"), "bad"),
}
_KINDS = {"connection": N_("Connection"), "extract": N_("Extract"), "load": N_("Load")}
_STEPS = {
    NextStep.RECONNECT: N_("Connect it again: what depends on it goes on by itself."),
    NextStep.RUN_AGAIN: N_("It is tried again when it is next due; to hurry, run it now."),
    NextStep.CHECK_DESTINATION: N_("See whether the destination can be reached and written to."),
}


@router.get("/dashboards/freshness")
def show_freshness(visit: Viewer, session: DbSession) -> Response:
    """Answer which days of the data tables are there."""
    filters, order = read_filters(visit.query), read_order(visit.query)
    values: dict[str, Any] = {
        "filters": filters,
        "order": order,
        "periods": words.PERIODS,
        "found": None,
    }
    try:
        found = watching.freshness(session, visit.scope, filters, order.page)
    except AppError as error:
        values["wrong"] = error.message
        return render(visit, "dashboards/freshness.html", error.status, **values)
    return render(visit, "dashboards/freshness.html", **values | _freshness(visit, found))


def _freshness(visit: WorkspaceVisit, found: Freshness) -> dict[str, Any]:
    def told(table: TableFreshness, cell: Cell) -> str:
        text = visit.language.gettext(words.DAY_STATES[cell.state])
        day = visit.language.day(cell.date)
        return f"{table.title}, {day}: {text} ({cell.accounts}/{cell.of})"

    return {
        "found": found,
        "wrong": None,
        "range_words": words.written_range(visit.language, found.days),
        "gridded": [one for one in found.tables if one.cells],
        "marks": MARKS,
        "states": words.DAY_STATES,
        "told": told,
        "page_size": watching.TABLES_A_PAGE,
        "exports": export_links(visit, "freshness"),
        "picture_links": picture_links(visit, "freshness"),
    }


@router.get("/dashboards/pipeline_health")
def show_pipeline_health(visit: Viewer, session: DbSession, desk: AppDesk) -> Response:
    """Answer what works, what does not, and what to do."""
    filters = read_filters(visit.query)
    values: dict[str, Any] = {"filters": filters, "periods": words.PERIODS, "found": None}
    values["is_empty"] = False
    try:
        found = watching.pipeline_health(session, visit.scope, filters)
    except AppError as error:
        values["wrong"] = error.message
        return render(visit, "dashboards/pipeline_health.html", error.status, **values)
    shown = values | {"wrong": None} | _health(visit, desk, found)
    return render(visit, "dashboards/pipeline_health.html", **shown)


def _health(visit: WorkspaceVisit, desk: Desk, found: PipelineHealth) -> dict[str, Any]:
    language = visit.language
    moved = list(found.moved)
    extracted = sum(one.rows_extracted for one in moved)
    loaded = sum(one.rows_loaded for one in moved)
    spec = charts.pairs(words.moved_pairs(language, moved), charts.OF_PAGE)
    return {
        "found": found,
        "is_empty": not (found.connections or found.extracts or found.loads),
        "range_words": words.written_range(language, DayRange(moved[0].date, moved[-1].date)),
        "counted": [
            (language.gettext(N_("Connections")), _counted(visit, found.connections, True)),
            (language.gettext(N_("Extracts")), _counted(visit, found.extracts, False)),
            (language.gettext(N_("Loads")), _counted(visit, found.loads, False)),
        ],
        "failures": [_failure(visit, one) for one in found.failures],
        "waiting_words": words.span(language, found.waiting_seconds),
        "is_still": not (extracted or loaded),
        "moved_chart": drawn(visit, desk, spec) if extracted or loaded else None,
        "moved_summary": language.gettext(
            "%(extracted)s rows extracted, %(loaded)s rows delivered",
            extracted=language.number(extracted),
            loaded=language.number(loaded),
        ),
        "moved_rows": words.moved_rows(language, moved),
        "exports": export_links(visit, "pipeline_health"),
        "picture_links": picture_links(visit, "pipeline_health"),
    }


def _counted(
    visit: WorkspaceVisit, counts: Any, is_connections: bool
) -> list[tuple[str, str, int]]:
    order = CONNECTION_STATES if is_connections else SUBJECT_STATES
    return [
        (visit.language.gettext(_STATES[state][0]), _STATES[state][1], counts[state])
        for state in order
        if counts.get(state)
    ]


@dataclass(frozen=True)
class _Shown:
    """A failure in words. href: of the next step, where the visitor may take it."""

    kind: str
    title: str
    error_text: str
    step: str
    action: str
    href: str | None


def _failure(visit: WorkspaceVisit, one: Failure) -> _Shown:
    href, action = None, visit.language.gettext(N_("Open"))
    if one.next_step is NextStep.RECONNECT and visit.may(Permission.CONNECTION_EDIT):
        href = visit.link(f"/reconnect/{one.connection_id}")
        action = visit.language.gettext(N_("Reconnect"))
    elif one.next_step is NextStep.RUN_AGAIN and visit.may(Permission.EXTRACT_VIEW):
        href = visit.link(f"/extracts/{one.id}")
    elif one.next_step is NextStep.CHECK_DESTINATION and visit.may(Permission.LOAD_VIEW):
        href = visit.link(f"/loads/{one.id}")
    return _Shown(
        visit.language.gettext(_KINDS[one.kind]),
        one.title,
        visit.language.told(one.error),
        visit.language.gettext(_STEPS[one.next_step]),
        action,
        href,
    )


@router.get("/dashboards/{data_name}/export")
def export_figures(
    data_name: DataName, visit: Viewer, session: DbSession, desk: AppDesk
) -> Response:
    """Answer the figures that a page shows as a file."""
    query = dict(visit.query)
    asked = Export(
        data_name,
        chosen(Form, query.get("format"), Form.CSV),
        read_filters(visit.query),
        chosen(Part, query.get("part"), Part.CAMPAIGNS),
        read_order(visit.query).sort,
    )
    return sent(exporting.exported(session, visit.scope, desk, asked))
