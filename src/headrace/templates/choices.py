"""What a client may choose of a report: fields, settings, digests, filters. Checked, completed, pure."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from headrace.connectors.contract import (
    SYSTEM_FIELDS,
    Connector,
    Field,
    Report,
    Setting,
    SettingType,
)
from headrace.kit.told import Told, told
from headrace.runs.schemas import LookbackWindow, Scheduling
from headrace.templates.errors import (
    FieldNotInReport,
    HashUnfit,
    SettingUnknown,
    TooManySchedules,
)
from headrace.templates.filters import parse_filters
from headrace.templates.models import ExtractTemplate


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
    names = [name for name in dict.fromkeys([*asked, *dynamic]) if name not in SYSTEM_FIELDS]
    for name in unknown_fields(connector, report, names):
        raise FieldNotInReport(name)
    mandatory = [item.name for item in report.fields if item.mandatory and item.name not in names]
    return [*mandatory, *names]


def unknown_fields(connector: Connector, report: Report, names: Sequence[str]) -> list[str]:
    """Return the names of fields that neither the report nor the connector knows."""
    declared = {*SYSTEM_FIELDS, *(item.name for item in report.fields)}
    return [
        name
        for name in dict.fromkeys(names)
        if name not in declared and connector.dynamic_field(report.name, name) is None
    ]


def described(connector: Connector, report: Report, names: Sequence[str]) -> list[Field]:
    """Return the descriptions of fields by name; the names have been checked before."""
    declared = {item.name: item for item in report.fields}
    found = (declared.get(name) or connector.dynamic_field(report.name, name) for name in names)
    return [item for item in found if item is not None]


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
            raise SettingUnknown(told("the report has no setting {name!r}.", name=name))
        _check_value(known[name], value)
    defaults = {item.name: item.initial_value for item in report.settings}
    return defaults | dict(template) | dict(asked)


_LISTS = (SettingType.MULTI_SELECT, SettingType.DYNAMIC_MULTI_SELECT)
_CHOSEN = (SettingType.SELECT, SettingType.MULTI_SELECT)


def _check_value(item: Setting, value: Any) -> None:
    if item.type in _LISTS and not isinstance(value, list):
        raise SettingUnknown(told("{name} takes a list.", name=item.name))
    if item.type in _CHOSEN:
        options = [choice.value for choice in item.choices]
        for given in value if item.type in _LISTS else [value]:
            if given not in options:
                raise SettingUnknown(
                    told(
                        "{name} takes {options}; not {given!r}.",
                        name=item.name,
                        options=", ".join(options),
                        given=given,
                    )
                )
        return
    for given in value if item.type in _LISTS else [value]:
        wanted = _wanted(item.type, given)
        if wanted:
            raise SettingUnknown(told("{name} takes {wanted}.", name=item.name, wanted=wanted))


def _wanted(kind: SettingType, value: Any) -> Told | None:
    """Say what a setting of a kind takes, if the value is not that."""
    if kind is SettingType.BOOLEAN:
        return None if isinstance(value, bool) else told("true or false")
    if kind is SettingType.INTEGER:
        good = isinstance(value, int) and not isinstance(value, bool)
        return None if good else told("a whole number")
    if value is not None and not isinstance(value, str):
        return told("text")
    if kind is SettingType.DATE and value and not _is_day(value):
        return told("a day such as 2026-01-31")
    return None


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
            raise HashUnfit(told("{name!r} is not among the fields that are read.", name=name))
    for name in (*asked, *of_template):
        if name in (date_field, *SYSTEM_FIELDS):
            raise HashUnfit(told("{name!r} cannot be hashed: rows are kept by it.", name=name))
    return list(dict.fromkeys([*of_template, *asked]))


def chosen_filters(
    report: Report, declared: Sequence[Field], asked: Sequence[Mapping[str, Any]] | None
) -> list[dict[str, Any]]:
    """Return the custom filters as they are stored, checked against the fields that are read.

    Raises:
        FilterUnfit: naming the field and what is wrong with its filter.
    """
    types = {item.name: item.type for item in declared} if report.fields else None
    return [item.as_json() for item in parse_filters(asked, types)]


def with_usual_days_first(rules: list[Scheduling]) -> list[Scheduling]:
    """Return schedules of an extract of which the first covers the template's own days.

    It always does, whatever it was given; further ones may be for other days (contract 5.2).
    """
    usual = {"lookback_window": LookbackWindow()}
    return [*(rule.model_copy(update=usual) for rule in rules[:1]), *rules[1:]]


def check_schedule_count(count: int, limit: int) -> None:
    """Refuse more schedules than the template allows.

    Raises:
        TooManySchedules: if there are more.
    """
    if count > limit:
        raise TooManySchedules(limit)


def schedules_of(template: ExtractTemplate) -> list[Scheduling]:
    """Return the schedules of an extract that names none."""
    return [Scheduling.model_validate(item) for item in template.scheduling]


def missing_settings(report: Report, chosen: Mapping[str, Any]) -> list[str]:
    """Return the names of required settings that have no value."""
    return [
        item.name
        for item in report.settings
        if item.required and chosen.get(item.name) in (None, "", [])
    ]
