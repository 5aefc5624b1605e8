"""What a client may choose of a report: fields, settings, history. Checked, completed, pure."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date

from headrace.connectors.contract import (
    Connector,
    Field,
    FieldKind,
    Report,
)
from headrace.extracts.errors import (
    DimensionsFixed,
    HistoryInFuture,
    HistoryTooDeep,
    HistoryWithoutDays,
)
from headrace.extracts.windows import default_history, horizon
from headrace.kit.columns import ColumnType
from headrace.templates.choices import described
from headrace.templates.models import ExtractTemplate

_ROW_KINDS = (FieldKind.DIMENSION, FieldKind.DATE_KEY)


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


def hashed_with(template: ExtractTemplate, own: Collection[str]) -> set[str]:
    """Return the fields of an extract that are hashed: its own choice, and always the template's."""
    return {*template.hashed_fields, *own}


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
