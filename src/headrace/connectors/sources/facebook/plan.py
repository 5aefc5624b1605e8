"""From what an extract asks to what Meta is asked: level, breakdowns, parameters, columns. Pure."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from operator import attrgetter
from typing import Any

import msgspec

from headrace.connectors.contract import Field, Setting
from headrace.connectors.sources.facebook.actions import (
    ACCOUNT_DEFAULT,
    LISTS,
    ActionField,
    ActionStat,
    by_action_type,
    parse_action_field,
    value_of,
    windows_meant,
)
from headrace.connectors.sources.facebook.breakdowns import (
    BREAKDOWNS,
    UNIQUE_LISTS,
    check_breakdowns,
)
from headrace.connectors.sources.facebook.catalogue import SCALARS, UNIQUE_METRICS, Level
from headrace.connectors.sources.facebook.reports import (
    ATTRIBUTION,
    CHOSEN,
    CONVERSIONS,
    REPORT_TIME,
    REPORTS,
    STATUSES,
    ReportShape,
)
from headrace.kit.columns import Column
from headrace.kit.days import DayRange
from headrace.kit.outcomes import Refused
from headrace.kit.told import told

DAY = "date_start"
UNIQUE_HISTORY_MONTHS = 13

_DECLARED: dict[str, dict[str, Field]] = {
    report.name: {field.name: field for field in report.fields} for report in REPORTS
}


@dataclass(frozen=True)
class PlannedColumn:
    """Where one column's values come from.

    attribute: the field of Meta's row. action_types and windows pick from it where it is a list;
        several are added up.
    absent: what a row without it means.
    """

    column: Column
    attribute: str
    absent: str | None = None
    action_types: tuple[str, ...] = ()
    windows: tuple[str, ...] = ()

    def values(self, cells: Sequence[Any]) -> Sequence[object]:
        """Return this column's raw values; `cells` are those of its attribute, lists by type."""
        if len(self.action_types) == 1:
            action_type = self.action_types[0]
            cells = [value_of(cell.get(action_type), self.windows) for cell in cells]
        elif self.action_types:
            cells = [value_of(self._stats(cell), self.windows) for cell in cells]
        if self.absent is None:
            return cells
        return [self.absent if cell is None or cell == "" else cell for cell in cells]

    def _stats(self, cell: Mapping[str | None, Sequence[ActionStat]]) -> list[ActionStat]:
        return [stat for action_type in self.action_types for stat in cell.get(action_type, ())]


@dataclass(frozen=True)
class InsightsPlan:
    """What to ask Meta and how to read its rows.

    parameters: all of the request but the days and the page.
    row: the shape of one of Meta's rows, holding only what is asked for.
    """

    level: Level
    breakdowns: tuple[str, ...]
    parameters: Mapping[str, str]
    columns: tuple[PlannedColumn, ...]
    row: type[msgspec.Struct]

    def parameters_for(self, days: DayRange) -> dict[str, str]:
        """Return the parameters of a request for some days, both ends included."""
        time_range = {"since": days.first.isoformat(), "until": days.last.isoformat()}
        return {**self.parameters, "time_range": _json(time_range)}

    def values(self, rows: Sequence[msgspec.Struct]) -> list[Sequence[object]]:
        """Return the raw values of every column; each list of actions is gone through once."""
        by_attribute: dict[str, Sequence[Any]] = {}
        for name in {planned.attribute for planned in self.columns}:
            cells = list(map(attrgetter(name), rows))
            wanted = {
                action_type
                for planned in self.columns
                if planned.attribute == name
                for action_type in planned.action_types
            }
            by_attribute[name] = (
                [by_action_type(cell, wanted) for cell in cells] if wanted else cells
            )
        return [planned.values(by_attribute[planned.attribute]) for planned in self.columns]

    def digest(self) -> str:
        """A short text that differs between plans that ask Meta for different things."""
        return hashlib.sha256(_json(dict(self.parameters)).encode()).hexdigest()[:16]


def chooses_async(level: Level, day_count: int, breakdowns: Sequence[str]) -> bool:
    """Whether to let Meta prepare the answer as a report run instead of waiting for it.

    Answers at once are for little: one day, accounts or campaigns, nothing broken down.
    """
    return day_count > 1 or level >= Level.ADSET or bool(breakdowns)


def plan_insights(
    shape: ReportShape, fields: Sequence[str], settings: Mapping[str, Any]
) -> InsightsPlan:
    """Plan the reading of some fields of a report.

    Raises:
        Refused: for a field or setting that does not exist, or does not go with the others.
    """
    actions: dict[str, ActionField] = {}
    for name in fields:
        action = parse_action_field(name)
        if name in CHOSEN:
            actions[name] = ActionField(LISTS[CHOSEN[name]], "")
        elif action:
            actions[name] = action
        elif name not in _DECLARED[shape.name]:
            raise Refused(
                told(
                    "The report {report!r} of Meta has no field {name!r}: deselect it.",
                    report=shape.name,
                    name=name,
                )
            )
    level = _level(shape, fields)
    breakdowns = shape.breakdowns or tuple(name for name in BREAKDOWNS if name in fields)
    scalars = [name for name in fields if name in SCALARS]
    lists = list(dict.fromkeys(action.list.name for action in actions.values()))
    metrics = [name for name in scalars if SCALARS[name].field.kind == "metric"]
    check_breakdowns(breakdowns, [*metrics, *lists], level)
    windows = _chosen(settings, ATTRIBUTION)
    meant = {name: windows_meant(action, windows) for name, action in actions.items()}
    asked = list(dict.fromkeys([level.id_field, *scalars, *lists]))
    parameters = {
        "level": level.word,
        "fields": ",".join(asked),
        "time_increment": "1",
        **({"breakdowns": ",".join(breakdowns)} if breakdowns else {}),
        **(_action_parameters(settings, windows, meant) if lists else {}),
        **_filtering(settings, level),
    }
    conversions = _conversions(settings) if CHOSEN.keys() & actions.keys() else ()
    columns = tuple(
        _column(shape, name, actions.get(name), meant.get(name, ()), conversions) for name in fields
    )
    return InsightsPlan(
        level, breakdowns, parameters, columns, _row_struct([*asked, *breakdowns], lists)
    )


def refuse_forgotten(plan: InsightsPlan, days: DayRange, today: date) -> None:
    """Refuse days for which Meta has dropped some of the columns without saying so.

    Raises:
        Refused: for unique counts with breakdowns more than 13 months ago.
    """
    forgotten = UNIQUE_METRICS | UNIQUE_LISTS
    unique = [item.column.name for item in plan.columns if item.attribute in forgotten]
    oldest = _months_before(today, UNIQUE_HISTORY_MONTHS)
    if unique and plan.breakdowns and days.first < oldest:
        raise Refused(
            told(
                "Meta keeps {unique} broken down by {breakdowns} for {months} "
                "months only, back to {oldest}: deselect these metrics or start later.",
                unique=", ".join(unique),
                breakdowns=", ".join(plan.breakdowns),
                months=UNIQUE_HISTORY_MONTHS,
                oldest=oldest,
            )
        )


def _level(shape: ReportShape, fields: Sequence[str]) -> Level:
    if shape.level is not None:
        return shape.level
    return max((SCALARS[name].level for name in fields if name in SCALARS), default=Level.ACCOUNT)


def _conversions(settings: Mapping[str, Any]) -> tuple[str, ...]:
    """The action types that count as conversions.

    Raises:
        Refused: if there are none: the fields that add them up would mean nothing.
    """
    chosen = settings.get(CONVERSIONS.name)
    if chosen is None:
        chosen = CONVERSIONS.initial_value
    if not chosen:
        raise Refused(
            told(
                "Choose action types with the setting {name!r}, or deselect {chosen}.",
                name=CONVERSIONS.name,
                chosen=" and ".join(CHOSEN),
            )
        )
    return tuple(dict.fromkeys(map(str, chosen)))


def _column(
    shape: ReportShape,
    name: str,
    action: ActionField | None,
    windows: tuple[str, ...],
    conversions: tuple[str, ...],
) -> PlannedColumn:
    if action:
        return PlannedColumn(
            Column(name, action.list.type),
            action.list.name,
            "0" if action.list.additive else None,
            conversions if name in CHOSEN else (action.action_type,),
            windows,
        )
    is_zero = name in SCALARS and SCALARS[name].zero_when_absent
    return PlannedColumn(
        Column(name, _DECLARED[shape.name][name].type), name, "0" if is_zero else None
    )


def _action_parameters(
    settings: Mapping[str, Any],
    windows: Sequence[str],
    meant: Mapping[str, tuple[str, ...]],
) -> dict[str, str]:
    asked = [window for window in windows if window != ACCOUNT_DEFAULT]
    for needed in meant.values():
        asked += [window for window in needed if window not in asked]
    report_time = _chosen(settings, REPORT_TIME)
    return {
        "action_breakdowns": "action_type",
        **({"action_attribution_windows": _json(asked)} if asked else {}),
        **({"use_account_attribution_setting": "true"} if ACCOUNT_DEFAULT in windows else {}),
        **({"action_report_time": report_time[0]} if report_time else {}),
    }


def _filtering(settings: Mapping[str, Any], level: Level) -> dict[str, str]:
    statuses = _chosen(settings, STATUSES)
    if not statuses:
        return {}
    if level is Level.ACCOUNT:
        raise Refused(
            told(
                "Rows for whole accounts have no status to choose by: clear the setting "
                "{name!r} or select campaign_id, adset_id or ad_id.",
                name=STATUSES.name,
            )
        )
    condition = {"field": f"{level.word}.effective_status", "operator": "IN", "value": statuses}
    return {"filtering": _json([condition])}


def _chosen(settings: Mapping[str, Any], setting: Setting) -> list[str]:
    """The chosen values of a select, its initial ones if nothing was said.

    Raises:
        Refused: if one is not on offer.
    """
    value = settings.get(setting.name, setting.initial_value)
    values = [value] if isinstance(value, str) else list(value or ())
    offered = [choice.value for choice in setting.choices]
    for one in values:
        if one not in offered:
            raise Refused(
                told(
                    "The setting {name!r} has no choice {one!r}; it takes {offered}.",
                    name=setting.name,
                    one=one,
                    offered=", ".join(offered),
                )
            )
    return [one for one in offered if one in values]


def _row_struct(names: Sequence[str], lists: Sequence[str]) -> type[msgspec.Struct]:
    members = [
        (name, list[ActionStat] | None if name in lists else Any, None)
        for name in dict.fromkeys([DAY, *names])
    ]
    return msgspec.defstruct("InsightsRow", members, gc=False)


def _months_before(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    # A day the month does not have runs over into the next: the safe side of the limit.
    return date(year, month + 1, 1) + timedelta(days=day.day - 1)


def _json(value: object) -> str:
    return msgspec.json.encode(value, order="sorted").decode()
