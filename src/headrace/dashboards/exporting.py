"""Figures of dashboards as files: CSV that spreadsheets can open without harm, and JSON."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

import msgspec
from sqlalchemy.orm import Session

from headrace.dashboards import presenting, service, watching
from headrace.dashboards.filters import Filters
from headrace.dashboards.metrics import Metric
from headrace.dashboards.performance import Order
from headrace.dashboards.service import Desk
from headrace.rest.json_answers import JSON
from headrace.tenancy.scope import WorkspaceScope

# A spreadsheet takes a cell that begins so for a formula.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
_MOST_CAMPAIGNS = 100_000


class DataName(StrEnum):
    """The dashboards, by the kind of data they show."""

    PERFORMANCE = "performance"
    FRESHNESS = "freshness"
    PIPELINE_HEALTH = "pipeline_health"


class Form(StrEnum):
    """The form of a file."""

    CSV = "csv"
    JSON = "json"


class Part(StrEnum):
    """The part of the performance dashboard that a CSV file holds."""

    CAMPAIGNS = "campaigns"
    DAYS = "days"


@dataclass(frozen=True)
class File:
    """A file to send. name: without folders."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True)
class Export:
    """What is to be exported."""

    data_name: DataName
    form: Form
    filters: Filters
    part: Part = Part.CAMPAIGNS
    metric: Metric = Metric.SPEND


def exported(session: Session, scope: WorkspaceScope, desk: Desk, asked: Export) -> File:
    """Return the figures of a dashboard, of all its pages, as a file.

    Raises:
        AppError: as the dashboard itself does.
    """
    body = _body(session, scope, desk, asked)
    name = f"{asked.data_name}-{body['date_from']}-{body['date_to']}.{asked.form}"
    if asked.form is Form.JSON:
        return File(name, JSON, msgspec.json.encode(body))
    header, rows = _table(asked, body)
    return File(name, "text/csv; charset=utf-8", _csv(header, rows))


def _body(session: Session, scope: WorkspaceScope, desk: Desk, asked: Export) -> dict[str, Any]:
    if asked.data_name is DataName.FRESHNESS:
        return presenting.freshness(watching.all_freshness(session, scope, asked.filters))
    if asked.data_name is DataName.PIPELINE_HEALTH:
        return presenting.pipeline_health(watching.pipeline_health(session, scope, asked.filters))
    order = Order(asked.metric, page_size=_MOST_CAMPAIGNS)
    return presenting.performance(service.performance(session, scope, desk, asked.filters, order))


def _table(asked: Export, body: dict[str, Any]) -> tuple[list[str], list[list[Any]]]:
    """Return the header and the rows of a dashboard's main table."""
    metrics = [metric.value for metric in Metric]
    if asked.data_name is DataName.FRESHNESS:
        return ["data_table", "date", "state", "accounts", "of"], [
            [table["title"], day["date"], day["state"], str(day["accounts"]), str(day["of"])]
            for table in body["data_tables"]
            for day in table["days"]
        ]
    if asked.data_name is DataName.PIPELINE_HEALTH:
        names = ["date", "rows_extracted", "rows_loaded", "failed_runs"]
        return names, [[one[name] for name in names] for one in body["moved"]]
    currency = body["currency"] or ""
    if asked.part is Part.DAYS:
        return ["date", "state", "currency", *metrics], [
            [one["date"], one["state"], currency, *_figures(one["figures"])]
            for one in body["by_day"]
        ]
    names = ["channel", "account_id", "account_title", "campaign_id", "campaign_name"]
    return [*names, "currency", *metrics], [
        [*(one[name] for name in names), currency, *_figures(one["figures"])]
        for one in body["campaigns"]
    ]


def _figures(figures: dict[str, str | None] | None) -> list[Any]:
    """Return figures as numbers, so that a negative one is not taken for a formula."""
    found = [figures[metric] if figures else None for metric in Metric]
    return [None if value is None else Decimal(value) for value in found]


def _csv(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(header)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue().encode()


def _cell(value: Any) -> str:
    text = "" if value is None else str(value)
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, str) and text.startswith(_FORMULA_STARTS):
        return f"'{text}"
    return text
