"""Lists such as `actions`, flattened: a field name picks the list, the action type and the window.

`actions:purchase:7d_click` is the list `actions`, the action type `purchase`, the attribution window
`7d_click`. The list ends at the first colon. What follows the last colon is the window if it is the
name of one, otherwise it belongs to the action type; so an action type may hold dots and colons, as
`offsite_conversion.custom.123` does, but cannot itself end in `:` and the name of a window. Without
a window the value is the one the attribution setting of the extract means.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation

import msgspec

from headrace.connectors.contract import Field, FieldKind
from headrace.connectors.sources.facebook.catalogue import title_of
from headrace.kit.columns import ColumnType
from headrace.kit.outcomes import Refused
from headrace.kit.told import told

ACCOUNT_DEFAULT = "account_default"

CLICK_WINDOWS = ("1d_click", "7d_click", "28d_click")
"""Nested: a longer one contains the shorter ones. Narrowest first."""

WINDOWS = {
    "1d_click": "1 day after a click",
    "7d_click": "7 days after a click",
    "28d_click": "28 days after a click",
    "1d_view": "1 day after a view",
    "1d_ev": "1 day after an engaged view",
    "incrementality": "Incremental (modelled)",
}
"""The attribution windows Meta still serves since 12 January 2026."""

_MAX_NAME_LENGTH = 200


class ActionStat(msgspec.Struct, gc=False):
    """One element of a list; a window Meta was not asked for, or that counts nothing, is absent."""

    action_type: str | None = None
    value: object = None
    click_1d: object = msgspec.field(default=None, name="1d_click")
    click_7d: object = msgspec.field(default=None, name="7d_click")
    click_28d: object = msgspec.field(default=None, name="28d_click")
    view_1d: object = msgspec.field(default=None, name="1d_view")
    engaged_view_1d: object = msgspec.field(default=None, name="1d_ev")
    incrementality: object = None


_ATTRIBUTE_OF_WINDOW = {
    "1d_click": "click_1d",
    "7d_click": "click_7d",
    "28d_click": "click_28d",
    "1d_view": "view_1d",
    "1d_ev": "engaged_view_1d",
    "incrementality": "incrementality",
}


@dataclass(frozen=True)
class ActionList:
    """A list field of Insights.

    additive: sums make sense, and absence means zero.
    attributed: its values depend on attribution windows; others carry `value` alone.
    """

    name: str
    type: ColumnType = ColumnType.DECIMAL
    unit: str | None = None
    additive: bool = True
    attributed: bool = True


def _lists(shape: ActionList, names: str) -> list[ActionList]:
    return [replace(shape, name=name) for name in names.split()]


_COUNTS = ActionList("", ColumnType.INTEGER, attributed=False)

# Attributed counts are decimals: modelled and incremental conversions come in fractions. Left out
# are lists of another shape: results, histograms, and those that need a product breakdown.
LISTS: dict[str, ActionList] = {
    shape.name: shape
    for shape in (
        *_lists(ActionList(""), "actions conversions catalog_segment_actions"),
        *_lists(
            ActionList("", unit="currency"),
            "action_values conversion_values catalog_segment_value",
        ),
        *_lists(
            ActionList("", unit="currency", additive=False),
            "cost_per_action_type cost_per_conversion cost_per_unique_action_type"
            " cost_per_unique_conversion",
        ),
        *_lists(
            ActionList("", additive=False),
            "purchase_roas website_purchase_roas mobile_app_purchase_roas"
            " catalog_segment_value_omni_purchase_roas catalog_segment_value_website_purchase_roas"
            " catalog_segment_value_mobile_purchase_roas",
        ),
        *_lists(
            _COUNTS,
            "outbound_clicks instant_experience_outbound_clicks interactive_component_tap"
            " ad_click_actions ad_impression_actions",
        ),
        *_lists(
            _COUNTS,
            "video_play_actions video_p25_watched_actions video_p50_watched_actions"
            " video_p75_watched_actions video_p95_watched_actions video_p100_watched_actions"
            " video_thruplay_watched_actions video_30_sec_watched_actions"
            " video_continuous_2_sec_watched_actions video_time_watched_actions",
        ),
        *_lists(
            ActionList("", unit="percent", additive=False, attributed=False),
            "outbound_clicks_ctr website_ctr",
        ),
        *_lists(
            ActionList("", unit="currency", additive=False, attributed=False),
            "cost_per_outbound_click cost_per_unique_outbound_click cost_per_thruplay"
            " cost_per_15_sec_video_view cost_per_2_sec_continuous_video_view cost_per_ad_click"
            " cost_per_one_thousand_ad_impression",
        ),
        *_lists(ActionList("", additive=False, attributed=False), "video_avg_time_watched_actions"),
    )
}


@dataclass(frozen=True)
class ActionField:
    """A parsed name: which element of which list, and which of its values."""

    list: ActionList
    action_type: str
    window: str | None = None

    @property
    def name(self) -> str:
        """The field's name as a person writes it."""
        parts = [self.list.name, self.action_type, *([self.window] if self.window else [])]
        return ":".join(parts)


def parse_action_field(name: str) -> ActionField | None:
    """Take a flattened field's name apart; None if it is not one or cannot have a value."""
    list_name, colon, rest = name.partition(":")
    shape = LISTS.get(list_name)
    if shape is None or not colon or len(name) > _MAX_NAME_LENGTH or not rest.isprintable():
        return None
    action_type, window = rest, None
    before, colon, after = rest.rpartition(":")
    if colon and after in WINDOWS:
        action_type, window = before, after
    if not action_type or action_type != action_type.strip() or action_type in WINDOWS:
        return None
    if window and not shape.attributed:
        return None
    return ActionField(shape, action_type, window)


def describe(action: ActionField, *, is_dynamic: bool = True) -> Field:
    """Describe a flattened field."""
    window = f", {WINDOWS[action.window].lower()}" if action.window else ""
    return Field(
        name=action.name,
        title=f"{title_of(action.list.name)}: {action.action_type}{window}",
        kind=FieldKind.METRIC,
        type=action.list.type,
        additive=action.list.additive,
        format=action.list.unit,
        is_dynamic=is_dynamic,
    )


def windows_meant(action: ActionField, chosen: Sequence[str]) -> tuple[str, ...]:
    """Return the windows whose values add up to this field's; none means Meta's own `value`.

    A field that names its window means that one. Otherwise the extract's setting decides: with the
    account default, or nothing chosen, Meta's `value`; else the chosen windows together, of the
    click windows only the longest, because it contains the others.

    Raises:
        Refused: if the chosen windows cannot be added up for this list.
    """
    if action.window:
        return (action.window,)
    if not action.list.attributed or not chosen or ACCOUNT_DEFAULT in chosen:
        return ()
    clicks = [window for window in CLICK_WINDOWS if window in chosen]
    meant = tuple(clicks[-1:] + [window for window in chosen if window not in CLICK_WINDOWS])
    if len(meant) > 1 and (not action.list.additive or "incrementality" in meant):
        raise Refused(
            told(
                "The field {name!r} cannot combine the attribution windows {meant}. Name one "
                "of them in the field, such as {name}:{first}, choose a single window, or "
                "choose the account default.",
                name=action.name,
                meant=", ".join(meant),
                first=meant[0],
            )
        )
    return meant


def by_action_type(
    stats: Sequence[ActionStat] | None, wanted: Collection[str | None]
) -> dict[str | None, list[ActionStat]]:
    """Sort a row's list by action type, the wanted ones only: a list holds dozens."""
    found: dict[str | None, list[ActionStat]] = {}
    for stat in stats or ():
        if stat.action_type in wanted:
            found.setdefault(stat.action_type, []).append(stat)
    return found


def value_of(stats: Sequence[ActionStat] | None, windows: Sequence[str]) -> object:
    """Return the value of one action type's elements, or None if there is none.

    A single number is returned as it came, to be parsed with its column; several are added exactly.
    """
    if not stats:
        return None
    if len(stats) == 1 and len(windows) <= 1:
        return getattr(stats[0], _ATTRIBUTE_OF_WINDOW[windows[0]] if windows else "value")
    attributes = [_ATTRIBUTE_OF_WINDOW[window] for window in windows] or ["value"]
    found = [
        value
        for stat in stats
        for attribute in attributes
        if (value := getattr(stat, attribute)) is not None
    ]
    return found[0] if len(found) == 1 else _total(found)


def _total(values: Sequence[object]) -> object:
    """The sum; a value that is no number is returned itself, for its column to complain about."""
    total = Decimal(0)
    for value in values:
        try:
            total += Decimal(str(value))
        except InvalidOperation:
            return value
    return total if values else None
