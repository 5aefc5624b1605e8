"""What the check of a body says, in the words of Pydantic, kept as messages with a translation."""

from collections.abc import Callable, Mapping
from typing import Any

from pydantic_core import ErrorDetails

from headrace.kit.told import Told, as_said, told, told_by, told_many

_Context = Mapping[str, Any]
_BY_TYPE: dict[str, Callable[[_Context], Told]] = {
    "missing": lambda _: told("Field required"),
    "extra_forbidden": lambda _: told("Extra inputs are not permitted"),
    "none_required": lambda _: told("Input should be None"),
    "greater_than": lambda given: told("Input should be greater than {gt}", **given),
    "greater_than_equal": lambda given: told(
        "Input should be greater than or equal to {ge}", **given
    ),
    "less_than": lambda given: told("Input should be less than {lt}", **given),
    "less_than_equal": lambda given: told("Input should be less than or equal to {le}", **given),
    "finite_number": lambda _: told("Input should be a finite number"),
    "too_short": lambda given: told_many(
        "{field_type} should have at least {number} item after validation, not {actual_length}",
        "{field_type} should have at least {number} items after validation, not {actual_length}",
        given["min_length"],
        **given,
    ),
    "too_long": lambda given: told_many(
        "{field_type} should have at most {number} item after validation, not {actual_length}",
        "{field_type} should have at most {number} items after validation, not {actual_length}",
        given["max_length"],
        **given,
    ),
    "string_type": lambda _: told("Input should be a valid string"),
    "string_unicode": lambda _: told(
        "Input should be a valid string, unable to parse raw data as a unicode string"
    ),
    "string_too_short": lambda given: told_many(
        "String should have at least {number} character",
        "String should have at least {number} characters",
        given["min_length"],
    ),
    "string_too_long": lambda given: told_many(
        "String should have at most {number} character",
        "String should have at most {number} characters",
        given["max_length"],
    ),
    "string_pattern_mismatch": lambda given: told(
        "String should match pattern '{pattern}'", **given
    ),
    "enum": lambda given: told("Input should be {expected}", expected=_one_of(given["expected"])),
    "literal_error": lambda given: told(
        "Input should be {expected}", expected=_one_of(given["expected"])
    ),
    "dict_type": lambda _: told("Input should be a valid dictionary"),
    "list_type": lambda _: told("Input should be a valid list"),
    "bool_type": lambda _: told("Input should be a valid boolean"),
    "bool_parsing": lambda _: told("Input should be a valid boolean, unable to interpret input"),
    "int_type": lambda _: told("Input should be a valid integer"),
    "int_parsing": lambda _: told(
        "Input should be a valid integer, unable to parse string as an integer"
    ),
    "int_parsing_size": lambda _: told(
        "Unable to parse input string as an integer, exceeded maximum size"
    ),
    "int_from_float": lambda _: told(
        "Input should be a valid integer, got a number with a fractional part"
    ),
    "float_type": lambda _: told("Input should be a valid number"),
    "float_parsing": lambda _: told(
        "Input should be a valid number, unable to parse string as a number"
    ),
    "date_type": lambda _: told("Input should be a valid date"),
    "date_parsing": lambda given: told(
        "Input should be a valid date in the format YYYY-MM-DD, {error}", **given
    ),
    "date_from_datetime_parsing": lambda given: told(
        "Input should be a valid date or datetime, {error}", **given
    ),
    "date_from_datetime_inexact": lambda _: told(
        "Datetimes provided to dates should have zero time - e.g. be exact dates"
    ),
    "datetime_type": lambda _: told("Input should be a valid datetime"),
    "datetime_parsing": lambda given: told("Input should be a valid datetime, {error}", **given),
    "datetime_from_date_parsing": lambda given: told(
        "Input should be a valid datetime or date, {error}", **given
    ),
    "timezone_aware": lambda _: told("Input should have timezone info"),
    "uuid_type": lambda _: told("UUID input should be a string, bytes or UUID object"),
    "uuid_parsing": lambda given: told("Input should be a valid UUID, {error}", **given),
    "value_error": lambda given: told_by(given["error"]),
}


def message_of(item: ErrorDetails) -> Told:
    """Return what a check says of one value; of a kind that is not known here, in English."""
    make = _BY_TYPE.get(item["type"])
    return make(item.get("ctx", {})) if make else as_said(item["msg"])


def _one_of(expected: str) -> Told:
    """A list as Pydantic writes it: `'a', 'b' or 'c'`."""
    rest, _, last = expected.rpartition(" or ")
    return told("{rest} or {last}", rest=rest, last=last) if rest else as_said(expected)
