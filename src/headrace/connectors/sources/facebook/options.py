"""The options of settings that only the account knows: its action types and custom conversions.

Facts: action types are those of `actions` at account level in the last 30 days; custom conversions
appear there as `offsite_conversion.custom.<id>`, and `customconversions` knows their names.
"""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal, InvalidOperation

import msgspec

from headrace.connectors.contract import Account, Choice
from headrace.connectors.sources.facebook.actions import ActionStat
from headrace.connectors.sources.facebook.calls import Graph, NotAllowed
from headrace.connectors.sources.facebook.catalogue import title_of
from headrace.connectors.sources.facebook.pages import page_decoder, read_pages
from headrace.kit import clock

_DAYS = 30
_PAGE = 100
_CUSTOM = "offsite_conversion.custom."


class ActionsRow(msgspec.Struct):
    """The actions of an account in some days."""

    actions: list[ActionStat] | None = None


class CustomConversionRow(msgspec.Struct):
    """A custom conversion as Meta lists it."""

    id: int | str
    name: str | None = None


_ACTIONS = page_decoder(ActionsRow)
_CONVERSIONS = page_decoder(CustomConversionRow)


def action_types(graph: Graph, account: Account) -> Iterator[Choice]:
    """Yield the account's action types, most frequent first, then conversions that did not happen."""
    names = _custom_conversions(graph, account)
    seen = _counts(graph, account)
    for action_type, count in sorted(seen.items(), key=lambda item: (-item[1], item[0])):
        label = names.pop(action_type, None) or title_of(action_type)
        yield Choice(action_type, label, f"{count:,.0f} in the last {_DAYS} days")
    for action_type, name in sorted(names.items(), key=lambda item: (item[1], item[0])):
        yield Choice(action_type, name, f"None in the last {_DAYS} days")


def _custom_conversions(graph: Graph, account: Account) -> dict[str, str]:
    path = f"act_{account.remote_id}/customconversions"
    try:
        pages = list(read_pages(graph, path, {"fields": "id,name"}, _CONVERSIONS, _PAGE))
    except NotAllowed:
        return {}  # a permission of its own; the action types can be shown without
    return {f"{_CUSTOM}{row.id}": row.name or str(row.id) for rows in pages for row in rows}


def _counts(graph: Graph, account: Account) -> dict[str, Decimal]:
    today = clock.today(account.timezone)
    days = {
        "since": (today - timedelta(days=_DAYS)).isoformat(),
        "until": (today - timedelta(days=1)).isoformat(),
    }
    parameters = {
        "level": "account",
        "fields": "actions",
        "action_breakdowns": "action_type",
        "time_range": msgspec.json.encode(days).decode(),
    }
    counts: dict[str, Decimal] = {}
    path = f"act_{account.remote_id}/insights"
    for rows in read_pages(graph, path, parameters, _ACTIONS, _PAGE):
        for stat in (stat for row in rows for stat in row.actions or ()):
            if stat.action_type:
                counts[stat.action_type] = counts.get(stat.action_type, Decimal(0)) + _number(
                    stat.value
                )
    return counts


def _number(value: object) -> Decimal:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return Decimal(0)
    return number if number.is_finite() else Decimal(0)
