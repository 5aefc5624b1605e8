"""What a client may choose of a report: fields, settings, history. Checked, completed, pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from headrace.connectors.contract import (
    SYSTEM_FIELDS,
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
    HashUnfit,
    HistoryInFuture,
    HistoryTooDeep,
    HistoryWithoutDays,
    SettingUnknown,
    TooManySchedules,
)
from headrace.extracts.windows import default_history, horizon
from headrace.kit.columns import ColumnType
from headrace.templates.filters import parse_filters
from headrace.templates.models import ExtractTemplate

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


def chosen_hashes(
    report: Report,
    fields: Sequence[str],
    date_field: str | None,
    asked: Sequence[str],
    of_template: Sequence[str],
) -> list[str]:
    """Return the fields to hash: those asked for and the template's, read or not.

    Where only the source knows its columns, any name may be given.

    Raises:
        HashUnfit: naming a field that is not read, or that holds the day of each row.
    """
    for name in asked:
        if report.fields and name not in fields:
            raise HashUnfit(f"{name!r} is not among the fields that are read.")
    for name in (*asked, *of_template):
        if name in (date_field, *SYSTEM_FIELDS):
            raise HashUnfit(f"{name!r} cannot be hashed: rows are kept by it.")
    return list(dict.fromkeys([*of_template, *asked]))


def hashed_with(template: ExtractTemplate, own: Collection[str]) -> set[str]:  # noqa: ARG001
    """Return the fields of an extract that are hashed: its own choice, and always the template's."""
    return {*own}


def as_stored(declared: Sequence[Field], hashed_fields: Collection[str]) -> list[Field]:
    """Return fields as their data table is to have them: digests are text, and no figures."""
    return [
        replace(
            item,
            type=ColumnType.STRING,
            format=None,
            kind=FieldKind.PROPERTY if item.kind is FieldKind.METRIC else item.kind,
        )
        if item.name in hashed_fields
        else item
        for item in declared
    ]


def chosen_filters(
    report: Report, declared: Sequence[Field], asked: Sequence[Mapping[str, Any]] | None
) -> list[dict[str, Any]]:
    """Return the custom filters as they are stored, checked against the fields that are read.

    Raises:
        FilterUnfit: naming the field and what is wrong with its filter.
    """
    types = {item.name: item.type for item in declared} if report.fields else None
    return [item.as_json() for item in parse_filters(asked, types)]


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
