"""Custom filters: which rows of a report to keep, checked once and applied to whole columns."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from headrace.connectors.cells import parse_cell
from headrace.kit.columns import ColumnType, column_type_of
from headrace.kit.outcomes import Refused
from headrace.kit.told import Told, told, told_by
from headrace.rest.errors import Invalid

MOST_FILTERS = 50
_MOST_VALUES = 10_000


class Operator(StrEnum):
    """How a filter compares (contract section 2, `custom_filters` operators)."""

    EQ = "eq"
    NE = "ne"
    IN = "in"
    NOT_IN = "not_in"
    CONTAINS = "contains"
    NOT_CONTAINS = "not_contains"
    GT = "gt"
    GTE = "gte"
    LT = "lt"
    LTE = "lte"


_LISTS = (Operator.IN, Operator.NOT_IN)
_PARTS = (Operator.CONTAINS, Operator.NOT_CONTAINS)
_EQUALITY = (Operator.EQ, Operator.NE, *_LISTS)
_SCALARS = (str, int, float, bool)


class FilterUnfit(Invalid):
    """A custom filter that cannot be applied; the message names its field."""

    def __init__(self, message: Told) -> None:
        super().__init__("custom_filters", message)


@dataclass(frozen=True)
class Filter:
    """One condition a row must meet; a row must meet all of them.

    `value` is a JSON scalar, or a list of them with `in` and `not_in`. Text is compared exactly,
    upper and lower case told apart. A missing value (null) equals null and nothing else; so `ne`,
    `not_in` and `not_contains` keep rows without a value, and the other operators drop them.
    """

    field: str
    operator: Operator
    value: Any

    def as_json(self) -> dict[str, Any]:
        """The filter as it is sent and stored; `parse_filters` reads it."""
        return {"field": self.field, "operator": self.operator.value, "value": self.value}


def parse_filters(
    given: Sequence[Mapping[str, Any]] | None, types: Mapping[str, ColumnType] | None
) -> tuple[Filter, ...]:
    """Read `[{"field", "operator", "value"}]`; None is no filter.

    types: the types of the fields that are read, by name: a filter may name no other. None where
        only the source knows its columns; then values are checked when rows arrive.

    Raises:
        FilterUnfit: naming the field and what is wrong with its filter.
    """
    if given is None:
        return ()
    if len(given) > MOST_FILTERS:
        raise FilterUnfit(told("at most {most_filters} filters.", most_filters=MOST_FILTERS))
    return tuple(_parsed(item, types) for item in given)


def _parsed(item: Mapping[str, Any], types: Mapping[str, ColumnType] | None) -> Filter:
    name = item.get("field")
    if not isinstance(name, str) or not name:
        raise FilterUnfit(told("each filter names a `field`."))
    if types is not None and name not in types:
        raise FilterUnfit(told("{name!r} is not among the fields that are read.", name=name[:100]))
    try:
        operator = Operator(str(item.get("operator")))
    except ValueError:
        operators = ", ".join(Operator)
        raise FilterUnfit(
            told(
                "the operator of {name!r} must be one of {operators}.",
                name=name[:100],
                operators=operators,
            )
        ) from None
    if "value" not in item:
        raise FilterUnfit(told("the filter of {name!r} has no `value`.", name=name[:100]))
    found = Filter(name, operator, item["value"])
    _check_shape(found)
    if types is not None:
        try:
            _typed(found, types[name])
        except ValueError as error:
            raise FilterUnfit(told_by(error)) from None
    return found


def _check_shape(asked: Filter) -> None:
    if asked.operator in _LISTS:
        if not isinstance(asked.value, list) or not 0 < len(asked.value) <= _MOST_VALUES:
            raise FilterUnfit(
                told(
                    "{operator} on {field!r} takes a list of 1 to {most_values} values.",
                    operator=asked.operator,
                    field=asked.field,
                    most_values=_MOST_VALUES,
                )
            )
        values = asked.value
    else:
        values = [asked.value]
    for value in values:
        if value is None and asked.operator in _EQUALITY:
            continue
        if not isinstance(value, _SCALARS):
            raise FilterUnfit(
                told(
                    "{operator} on {field!r} takes text, a number or such.",
                    operator=asked.operator,
                    field=asked.field,
                )
            )


def _typed(asked: Filter, kind: ColumnType) -> Any:
    """Return the filter's value as a value (or list) of the column's type.

    Raises:
        ValueError: saying what the field takes.
    """
    is_text = kind is ColumnType.STRING
    if asked.operator in _PARTS and not is_text:
        raise ValueError(
            told(
                "{operator} is for text; {field!r} is {kind}.",
                operator=asked.operator,
                field=asked.field,
                kind=kind,
            )
        )
    if asked.operator not in (*_EQUALITY, *_PARTS) and kind is ColumnType.BOOLEAN:
        raise ValueError(
            told(
                "{operator} does not apply to {field!r}, which is {kind}.",
                operator=asked.operator,
                field=asked.field,
                kind=kind,
            )
        )
    if asked.operator in _LISTS:
        return [_cell(asked, kind, value) for value in asked.value]
    return _cell(asked, kind, asked.value)


def _cell(asked: Filter, kind: ColumnType, value: Any) -> Any:
    try:
        found = parse_cell(kind, value)
    except ValueError:
        found = None
    # An empty text reads as a missing number, which nobody means who writes one.
    if found is None and value is not None:
        raise ValueError(
            told(
                "{operator} on {field!r}: {value!r} is not a {kind}.",
                operator=asked.operator,
                field=asked.field,
                value=str(value)[:60],
                kind=kind,
            )
        )
    return found


_COMPARISONS: dict[Operator, Callable[[Any, Any], Any]] = {
    Operator.GT: pc.greater,
    Operator.GTE: pc.greater_equal,
    Operator.LT: pc.less,
    Operator.LTE: pc.less_equal,
}


def filtered(batch: pa.RecordBatch, filters: Sequence[Filter]) -> pa.RecordBatch:
    """Return the rows of a batch that meet every filter.

    Raises:
        Refused: if the batch lacks a filter's column, or its type does not fit: possible only where
            the types were not known when the filters were parsed.
    """
    for asked in filters:
        position = batch.schema.get_field_index(asked.field)
        if position < 0:
            raise Refused(
                told(
                    "A custom filter names {field!r}, which the rows do not have.",
                    field=asked.field,
                )
            )
        column = batch.column(position)
        kind = column_type_of(column.type)
        try:
            value = _typed(asked, kind)
        except ValueError as error:
            raise Refused(
                told("A custom filter does not fit: {error}", error=told_by(error))
            ) from None
        batch = batch.filter(_mask(column, asked.operator, value))
    return batch


def _mask(column: pa.Array, operator: Operator, value: Any) -> pa.Array:
    """Say of each row whether to keep it; null is no."""
    if operator in _PARTS:
        found = pc.fill_null(pc.match_substring(column, value), False)
        return found if operator is Operator.CONTAINS else pc.invert(found)
    if operator in _COMPARISONS:
        return pc.fill_null(_COMPARISONS[operator](column, pa.scalar(value, column.type)), False)
    values = value if operator in _LISTS else [value]
    found = pc.is_in(column, value_set=pa.array(values, column.type))
    return found if operator in (Operator.EQ, Operator.IN) else pc.invert(found)
