"""The templates of automated recipes, as data; their ids never change (contract 3.19)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from headrace.connectors.contract import ConnectorSpec
from headrace.connectors.registry import connectors


class Makes(StrEnum):
    """Which rows a template's table has."""

    CAMPAIGN_DAYS = "campaign_days"
    ACCOUNT_DAYS = "account_days"
    FRESHNESS = "freshness"


@dataclass(frozen=True)
class RecipeTemplate:
    """A table that can be built of chosen accounts.

    code: what its data tables are named after. built_on: ids of the templates whose rows it takes.
    watches: it reads whatever data tables the accounts are extracted into, not tables of its own.
    date_column: the column of days of its table, None without days.
    """

    id: int
    code: str
    title: str
    description: str
    makes: Makes
    date_column: str | None
    created_at: datetime
    updated_at: datetime
    built_on: tuple[int, ...] = ()
    watches: bool = False

    @property
    def sources(self) -> list[ConnectorSpec]:
        """The data sources whose accounts it takes, by name."""
        specs = [connector.spec for connector in connectors().values()]
        fit = [spec for spec in specs if self.watches or spec.paid_media is not None]
        return sorted(fit, key=lambda spec: spec.name)

    @property
    def source_names(self) -> list[str]:
        """The names of these data sources."""
        return [spec.name for spec in self.sources]


_SINCE = datetime(2026, 11, 22, tzinfo=UTC)

TEMPLATES = {
    template.id: template
    for template in (
        RecipeTemplate(
            1,
            "paid_media_performance",
            "Paid media performance",
            "Spend, impressions, clicks, conversions and revenue of every campaign, a row a day, of "
            "all advertising platforms in one table. Each row is in its account's currency.",
            Makes.CAMPAIGN_DAYS,
            "date",
            _SINCE,
            _SINCE,
        ),
        RecipeTemplate(
            2,
            "daily_account_totals",
            "Daily account totals",
            "Paid media performance added up by account and day. Currencies are never added.",
            Makes.ACCOUNT_DAYS,
            "date",
            _SINCE,
            _SINCE,
            built_on=(1,),
        ),
        RecipeTemplate(
            3,
            "data_freshness",
            "Data freshness",
            "How new the rows of each account are in each data table: newest day, last extraction, "
            "rows of the last seven days.",
            Makes.FRESHNESS,
            None,
            _SINCE,
            _SINCE,
            watches=True,
        ),
    )
}
"""Every template by id."""

WATCHING = tuple(template.id for template in TEMPLATES.values() if template.watches)
"""Ids of the templates that read whatever tables there are."""


def found(search: str | None, data_sources: list[str]) -> list[RecipeTemplate]:
    """Return the templates whose title holds a text and that take any of some data sources."""
    return [
        template
        for template in TEMPLATES.values()
        if (search or "").lower() in template.title.lower()
        and (not data_sources or set(data_sources) & set(template.source_names))
    ]


def listed(template: RecipeTemplate) -> dict[str, Any]:
    """A template as `AutomatedRecipeTemplateOut`."""
    return {
        "id": template.id,
        "title": template.title,
        "description": template.description,
        "data_sources": [{"name": spec.name, "title": spec.title} for spec in template.sources],
        "created_at": template.created_at,
        "updated_at": template.updated_at,
    }


def detail(template: RecipeTemplate) -> dict[str, Any]:
    """A template as `AutomatedRecipeTemplateDetail`."""
    nodes = list(_nodes(template, 0, None))
    return listed(template) | {
        "tree_structure": {"nodes": nodes},
        "dependencies_count": len({node["id"] for node in nodes} - {template.id}),
    }


def _nodes(template: RecipeTemplate, level: int, parent_id: int | None) -> Iterator[dict[str, Any]]:
    """Yield a template and what it is built on, depth first (contract A11)."""
    node = {"id": template.id, "title": template.title, "level": level}
    yield node if parent_id is None else node | {"parent_id": parent_id}
    for below in template.built_on:
        yield from _nodes(TEMPLATES[below], level + 1, template.id)
