"""What a client may choose of a report: fields, settings, history. Checked, completed, pure."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from headrace.connectors.contract import (
    Connector,
    Field,
    FieldKind,
    Report,
    Setting,
    SettingType,
)
from headrace.data_tables.service import without_system_fields
from headrace.extracts.errors import (
    DimensionsFixed,
    FieldNotInReport,
    HistoryInFuture,
    HistoryTooDeep,
    HistoryWithoutDays,
    SettingUnknown,
    TooManySchedules,
)
from headrace.extracts.windows import default_history, horizon

_ROW_KINDS = (FieldKind.DIMENSION, FieldKind.DATE_KEY)


def chosen_fields(
    connector: Connector, report: Report, asked: Sequence[str], dynamic: Sequence[str] = ()
) -> list[str]:
    """Return the names of the fields to read: those asked for, and those that must be (A12).

    System fields are in every table and need not be asked for; asking is no mistake. A report that
    declares no fields delivers what its source has.

    Raises:
        FieldNotInReport: naming the first field that neither the report nor the connector knows.
    """
    if not report.fields:
        return []
    declared = {item.name: item for item in report.fields}
    names = list(dict.fromkeys([*without_system_fields(asked), *without_system_fields(dynamic)]))
    for name in names:
        if name not in declared and connector.dynamic_field(report.name, name) is None:
            raise FieldNotInReport(name)
    mandatory = [item.name for item in report.fields if item.mandatory and item.name not in names]
    return [*mandatory, *names]


def described(connector: Connector, report: Report, names: Sequence[str]) -> list[Field]:
    """Return the descriptions of fields by name; the names have been checked before."""
    declared = {item.name: item for item in report.fields}
    found = (declared.get(name) or connector.dynamic_field(report.name, name) for name in names)
    return [item for item in found if item is not None]


def keeps_dimensions(
    connector: Connector, report: Report, before: Sequence[str], after: Sequence[str]
) -> None:
    """Refuse a change of a wide extract's dimensions, since they decide what a row is.

    Raises:
        DimensionsFixed: if the dimensions differ.
    """
    if not report.is_wide:
        return
    was, becomes = (
        {item.name for item in described(connector, report, names) if item.kind in _ROW_KINDS}
        for names in (before, after)
    )
    if was != becomes:
        raise DimensionsFixed


def chosen_settings(
    report: Report, template: Mapping[str, Any], asked: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the report's custom settings: defaults, then the template's, then those asked for.

    Raises:
        SettingUnknown: naming a setting or a value the report does not have.
    """
    known = {item.name: item for item in report.settings}
    for name, value in asked.items():
        if name not in known:
            raise SettingUnknown(f"the report has no setting {name!r}.")
        _check_value(known[name], value)
    defaults = {item.name: item.initial_value for item in report.settings}
    return defaults | dict(template) | dict(asked)


_LISTS = (SettingType.MULTI_SELECT, SettingType.DYNAMIC_MULTI_SELECT)
_CHOSEN = (SettingType.SELECT, SettingType.MULTI_SELECT)


def _check_value(item: Setting, value: Any) -> None:
    if item.type in _LISTS and not isinstance(value, list):
        raise SettingUnknown(f"{item.name} takes a list.")
    if item.type in _CHOSEN:
        options = [choice.value for choice in item.choices]
        for given in value if item.type in _LISTS else [value]:
            if given not in options:
                raise SettingUnknown(f"{item.name} takes {', '.join(options)}; not {given!r}.")
        return
    for given in value if item.type in _LISTS else [value]:
        wanted = _wanted(item.type, given)
        if wanted:
            raise SettingUnknown(f"{item.name} takes {wanted}.")


def _wanted(kind: SettingType, value: Any) -> str:
    """Say what a setting of a kind takes, if the value is not that."""
    if kind is SettingType.BOOLEAN:
        return "" if isinstance(value, bool) else "true or false"
    if kind is SettingType.INTEGER:
        good = isinstance(value, int) and not isinstance(value, bool)
        return "" if good else "a whole number"
    if value is not None and not isinstance(value, str):
        return "text"
    if kind is SettingType.DATE and value and not _is_day(value):
        return "a day such as 2026-01-31"
    return ""


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def chosen_history(report: Report, has_days: bool, asked: date | None, today: date) -> date | None:
    """Return the first day of history to read, or None for reports without days.

    Raises:
        HistoryWithoutDays, HistoryInFuture, HistoryTooDeep: if the day asked for cannot be.
    """
    if not has_days:
        if asked is not None:
            raise HistoryWithoutDays
        return None
    if asked is None:
        return default_history(report, today)
    if asked > today:
        raise HistoryInFuture
    earliest = horizon(report, today).first
    if asked < earliest:
        raise HistoryTooDeep(earliest)
    return asked


def check_schedule_count(count: int, limit: int) -> None:
    """Refuse more schedules than the template allows.

    Raises:
        TooManySchedules: if there are more.
    """
    if count > limit:
        raise TooManySchedules(limit)
