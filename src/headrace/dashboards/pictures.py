"""Pictures of charts for mails and reports: made from what is locked in a link, and nothing else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy.orm import Session

from headrace.access.permissions import Permission
from headrace.access.signed_links import mint_link
from headrace.dashboards import charts, queries, service, watching
from headrace.dashboards.catalogue import Chart, charts_of
from headrace.dashboards.drawing import drawer
from headrace.dashboards.exporting import DataName
from headrace.dashboards.filters import Comparison, Filters, Period, days_asked
from headrace.dashboards.keeping import version_of
from headrace.dashboards.metrics import Metric
from headrace.dashboards.performance import DayState, Order, Performance
from headrace.dashboards.pipeline_health import DayMoved
from headrace.dashboards.schemas import PictureLinkIn
from headrace.dashboards.service import Desk, Shown
from headrace.dashboards.watching import Freshness
from headrace.kit import clock
from headrace.kit.days import DayRange
from headrace.kit.sealing import Vault
from headrace.kit.told import told
from headrace.rest.errors import Invalid, NotFound
from headrace.tenancy.scope import WorkspaceScope

_SCALE = 2.0
_MOST_TABLES = 40
_FORMATS = {Metric.CTR: ".1~%", Metric.ROAS: ".2~f"}


class PictureForm(StrEnum):
    """The form of a picture."""

    PNG = "png"
    SVG = "svg"


MEDIA_TYPES = {PictureForm.PNG: "image/png", PictureForm.SVG: "image/svg+xml"}


@dataclass(frozen=True)
class Asked:
    """A picture that a link asks for."""

    chart: Chart
    metric: Metric
    filters: Filters
    palette: charts.Palette
    title: str | None


def link(
    session: Session,
    scope: WorkspaceScope,
    vault: Vault,
    public_address: str,
    data_name: DataName,
    body: PictureLinkIn,
) -> dict[str, Any]:
    """Return a link to a picture, as `PictureLinkOut`. Only what it holds can be asked for by it.

    Raises:
        BadFilter: if the days asked for are none.
        Invalid: if the dashboard has no such chart.
    """
    days_asked(_filters(body.model_dump(mode="json")), clock.today("UTC"))
    content = body.model_dump(mode="json") | {
        "data_name": data_name.value,
        "chart": _chart_of(data_name, body.chart).value,
        "generation": queries.link_generation(session, scope),
    }
    expires_at = clock.now() + timedelta(days=body.lifetime_days)
    minted = mint_link(vault, scope, Permission.DASHBOARD_VIEW, content, expires_at)
    return {"url": f"{public_address}/charts/{minted}.{body.form}", "expires_at": expires_at}


def _chart_of(data_name: DataName, asked: Chart | None) -> Chart:
    there = charts_of(data_name)
    if asked is not None and asked not in there:
        text = told(
            "The dashboard {name} has no chart {chart}; choose among: {charts}.",
            name=data_name.value,
            chart=asked.value,
            charts=", ".join(there),
        )
        raise Invalid("chart", text)
    return asked or there[0]


def drawn(
    session: Session,
    scope: WorkspaceScope,
    desk: Desk,
    content: Mapping[str, Any],
    form: PictureForm,
) -> bytes:
    """Draw the picture of a link.

    Raises:
        NotFound: if the workspace's links were ended since, or it is of another form.
        NotDrawn: if it cannot be drawn now. Beside it as the dashboards do.
    """
    is_current = content["generation"] == queries.link_generation(session, scope)
    if not is_current or content["form"] != form:
        raise NotFound("Picture")
    asked = _asked(content)
    spec = _spec(session, scope, desk, asked)
    found: bytes = desk.kept.found(
        scope.workspace_id,
        version_of("picture", form.value, spec),
        lambda: _draw(spec, asked.palette, form),
        len,
    )
    return found


def _asked(content: Mapping[str, Any]) -> Asked:
    # Links made before there was a choice name no chart.
    first, *_ = charts_of(content["data_name"])
    return Asked(
        Chart(content.get("chart", first)),
        Metric(content["metric"]),
        _filters(content),
        charts.DARK if content["theme"] == "dark" else charts.LIGHT,
        content["title"],
    )


def _draw(spec: dict[str, Any], palette: charts.Palette, form: PictureForm) -> bytes:
    svg = drawer().svg(spec, locale="en", hatch=palette.soft)
    return svg.encode() if form is PictureForm.SVG else drawer().png(svg, scale=_SCALE)


def _filters(content: Mapping[str, Any]) -> Filters:
    first, last = content["date_from"], content["date_to"]
    return Filters(
        Period(content["period"]),
        date.fromisoformat(first) if first else None,
        date.fromisoformat(last) if last else None,
        Comparison(content["compare"]),
        tuple(content["channels"]),
        tuple(content["accounts"]),
        content["currency"],
    )


def _spec(session: Session, scope: WorkspaceScope, desk: Desk, asked: Asked) -> dict[str, Any]:
    if asked.chart is Chart.DAYS:
        return _grid(watching.freshness(session, scope, asked.filters, 1), asked)
    if asked.chart is Chart.MOVED:
        return _moved(watching.pipeline_health(session, scope, asked.filters).moved, asked)
    shown = service.performance(session, scope, desk, asked.filters, Order())
    return _bars(shown, asked) if asked.chart is Chart.BY_CHANNEL else _trend(shown, asked)


def _grid(fresh: Freshness, asked: Asked) -> dict[str, Any]:
    squares = [
        charts.Square(table.title, cell.date, cell.state.value)
        for table in fresh.tables[:_MOST_TABLES]
        for cell in table.cells
    ]
    spec = charts.grid(squares, asked.palette)
    return _titled(spec, asked, "Freshness of data tables", fresh.days)


def _moved(moved: Sequence[DayMoved], asked: Asked) -> dict[str, Any]:
    pairs = [charts.Pair(one.date, one.rows_extracted, one.rows_loaded, "") for one in moved]
    title = "Rows extracted (filled) and delivered (hatched)"
    days = DayRange(moved[0].date, moved[-1].date)
    return _titled(charts.pairs(pairs, asked.palette), asked, title, days)


def _trend(shown: Shown, asked: Asked) -> dict[str, Any]:
    found = shown.figures
    spec = charts.trend(_points(found, asked.metric), asked.palette, _number_format(asked.metric))
    return _titled(spec, asked, f"{_name(asked.metric)} by day{_unit(found)}", found.days)


def _bars(shown: Shown, asked: Asked) -> dict[str, Any]:
    found = shown.figures
    bars = [
        charts.Bar(shown.channels.get(name, name), sums.value(asked.metric), "")
        for name, sums in found.channel_sums.items()
    ]
    spec = charts.bars(bars, asked.palette, _number_format(asked.metric))
    return _titled(spec, asked, f"{_name(asked.metric)} by channel{_unit(found)}", found.days)


def _number_format(metric: Metric) -> str:
    return _FORMATS.get(metric, "~s")


def _unit(found: Performance) -> str:
    return f", {found.currency}" if found.currency else ""


def _points(found: Performance, metric: Metric) -> list[charts.Point]:
    before = [*found.compared_by_day, *[None] * len(found.by_day)]
    return [
        charts.Point(
            one.date,
            one.sums.value(metric) if one.sums else None,
            then.sums.value(metric) if then and then.sums else None,
            one.state is DayState.PROVISIONAL,
            "",
        )
        for one, then in zip(found.by_day, before, strict=False)
    ]


def _name(metric: Metric) -> str:
    is_initials = metric in {Metric.CTR, Metric.CPC, Metric.CPA, Metric.ROAS}
    return metric.value.upper() if is_initials else metric.value.capitalize()


def _titled(spec: dict[str, Any], asked: Asked, title: str, days: DayRange) -> dict[str, Any]:
    shown = {
        "text": asked.title or title,
        "subtitle": f"{days.first} – {days.last}",  # noqa: RUF001 - a range of days
        "anchor": "start",
        "color": asked.palette.ink,
        "subtitleColor": asked.palette.soft,
        "fontSize": 16,
        "offset": 12,
    }
    return spec | {"title": shown}
