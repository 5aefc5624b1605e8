"""Pictures of charts for mails and reports: made from what is locked in a link, and nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy.orm import Session

from headrace.access.permissions import Permission
from headrace.access.signed_links import mint_link
from headrace.dashboards import charts, queries, service, watching
from headrace.dashboards.drawing import drawer
from headrace.dashboards.exporting import DataName
from headrace.dashboards.filters import Comparison, Filters, Period, days_asked
from headrace.dashboards.keeping import version_of
from headrace.dashboards.metrics import Metric
from headrace.dashboards.performance import DayState, Order, Performance
from headrace.dashboards.schemas import PictureLinkIn
from headrace.dashboards.service import Desk, Shown
from headrace.kit import clock
from headrace.kit.days import DayRange
from headrace.kit.sealing import Vault
from headrace.rest.errors import NotFound
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

    data_name: DataName
    metric: Metric
    filters: Filters
    is_dark: bool
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
    """
    days_asked(_filters(body.model_dump(mode="json")), clock.today("UTC"))
    content = body.model_dump(mode="json") | {
        "data_name": data_name.value,
        "generation": queries.link_generation(session, scope),
    }
    expires_at = clock.now() + timedelta(days=body.lifetime_days)
    minted = mint_link(vault, scope, Permission.DASHBOARD_VIEW, content, expires_at)
    return {"url": f"{public_address}/charts/{minted}.{body.form}", "expires_at": expires_at}


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
    asked = Asked(
        DataName(content["data_name"]),
        Metric(content["metric"]),
        _filters(content),
        content["theme"] == "dark",
        content["title"],
    )
    palette = charts.DARK if asked.is_dark else charts.LIGHT
    spec = _spec(session, scope, desk, asked, palette)
    found: bytes = desk.kept.found(
        scope.workspace_id,
        version_of("picture", form.value, spec),
        lambda: _draw(spec, palette, form),
        len,
    )
    return found


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


def _spec(
    session: Session, scope: WorkspaceScope, desk: Desk, asked: Asked, palette: charts.Palette
) -> dict[str, Any]:
    if asked.data_name is DataName.FRESHNESS:
        fresh = watching.freshness(session, scope, asked.filters, 1)
        spec = charts.grid(
            [
                charts.Square(table.title, cell.date, cell.state.value)
                for table in fresh.tables[:_MOST_TABLES]
                for cell in table.cells
            ],
            palette,
        )
        return _titled(spec, asked, "Freshness of data tables", fresh.days, palette)
    if asked.data_name is DataName.PIPELINE_HEALTH:
        moved = watching.pipeline_health(session, scope, asked.filters).moved
        pairs = [charts.Pair(one.date, one.rows_extracted, one.rows_loaded, "") for one in moved]
        days = DayRange(moved[0].date, moved[-1].date)
        title = "Rows extracted (filled) and delivered (hatched)"
        return _titled(charts.pairs(pairs, palette), asked, title, days, palette)
    shown = service.performance(session, scope, desk, asked.filters, Order())
    return _trend(shown, asked, palette)


def _trend(shown: Shown, asked: Asked, palette: charts.Palette) -> dict[str, Any]:
    found = shown.figures
    spec = charts.trend(_points(found, asked.metric), palette, _FORMATS.get(asked.metric, "~s"))
    unit = f", {found.currency}" if found.currency else ""
    title = f"{_name(asked.metric)} by day{unit}"
    return _titled(spec, asked, title, found.days, palette)


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


def _titled(
    spec: dict[str, Any], asked: Asked, title: str, days: DayRange, palette: charts.Palette
) -> dict[str, Any]:
    shown = {
        "text": asked.title or title,
        "subtitle": f"{days.first} – {days.last}",  # noqa: RUF001 - a range of days
        "anchor": "start",
        "color": palette.ink,
        "subtitleColor": palette.soft,
        "fontSize": 16,
        "offset": 12,
    }
    return spec | {"title": shown}
