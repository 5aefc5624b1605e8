"""Figures as the API's bodies hold them."""

from dataclasses import asdict
from typing import Any

from headrace.dashboards.metrics import Sums, plain
from headrace.dashboards.performance import Day
from headrace.dashboards.pipeline_health import Failure, PipelineHealth
from headrace.dashboards.service import Shown
from headrace.dashboards.watching import Freshness


def performance(shown: Shown) -> dict[str, Any]:
    """Return the performance dashboard, as `PerformanceOut`."""
    found = shown.figures
    return {
        "data_name": "performance",
        "date_from": found.days.first,
        "date_to": found.days.last,
        "compared_from": found.compared.first if found.compared else None,
        "compared_to": found.compared.last if found.compared else None,
        "currency": found.currency,
        "currencies": list(found.currencies),
        "totals": figures(found.totals),
        "compared_totals": _maybe(found.compared_totals),
        "by_day": [_day(one) for one in found.by_day],
        "compared_by_day": [_day(one) for one in found.compared_by_day],
        "channels": [{"name": name, "title": title} for name, title in shown.channels.items()],
        "accounts": [
            {"channel": one.channel, "account_id": one.remote_id, "title": one.title}
            for one in shown.accounts
        ],
        "by_channel": [
            {"channel": name, "figures": figures(sums)} for name, sums in found.channel_sums.items()
        ],
        "campaigns": [
            {
                "channel": one.channel,
                "account_id": one.account_id,
                "account_title": one.account_title,
                "campaign_id": one.campaign_id,
                "campaign_name": one.campaign_name,
                "figures": figures(one.sums),
            }
            for one in found.campaigns
        ],
        "campaign_count": found.campaign_count,
        "lacking": [
            {"data_table": title, "figures": names} for title, names in shown.lacking.items()
        ],
    }


def figures(sums: Sums) -> dict[str, str | None]:
    """Return sums and ratios, as `FiguresOut`."""
    return {name: plain(value) for name, value in sums.values().items()}


def _maybe(sums: Sums | None) -> dict[str, str | None] | None:
    return figures(sums) if sums is not None else None


def _day(day: Day) -> dict[str, Any]:
    return {"date": day.date, "state": day.state, "figures": _maybe(day.sums)}


def freshness(found: Freshness) -> dict[str, Any]:
    """Return the freshness dashboard, as `FreshnessOut`."""
    return {
        "data_name": "freshness",
        "date_from": found.days.first,
        "date_to": found.days.last,
        "count": found.count,
        "data_tables": [
            {
                "data_table_id": one.table_id,
                "title": one.title,
                "channel": one.channel,
                "accounts": one.accounts,
                "newest_day": one.newest_day,
                "age_days": one.age_days,
                "last_sync": one.last_sync,
                "next_run": one.next_run,
                "oldest_unsynced_day": one.oldest_unsynced_day,
                "days": [asdict(cell) for cell in one.cells],
            }
            for one in found.tables
        ],
    }


def _failure(one: Failure) -> dict[str, Any]:
    shown = {name: value for name, value in vars(one).items() if name not in ("channel", "error")}
    return shown | {"error_text": str(one.error)}


def pipeline_health(found: PipelineHealth) -> dict[str, Any]:
    """Return the pipeline health dashboard, as `PipelineHealthOut`."""
    return {
        "data_name": "pipeline_health",
        "date_from": found.moved[0].date,
        "date_to": found.moved[-1].date,
        "connections": dict(found.connections),
        "extracts": dict(found.extracts),
        "loads": dict(found.loads),
        "failures": [_failure(one) for one in found.failures],
        "moved": [asdict(one) for one in found.moved],
        "schema_changes": [
            {
                "at": one.at,
                "data_table_id": one.table_id,
                "data_table": one.table_title,
                "column": one.column,
                "change": one.change,
                "type_before": one.type_before,
                "type_after": one.type_after,
                "is_taken": one.is_taken,
            }
            for one in found.changes
        ],
        "running": found.running,
        "waiting": found.waiting,
        "waiting_seconds": found.waiting_seconds,
    }
