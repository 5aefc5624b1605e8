"""JSON whose form a client chooses (credentials, settings): bounded, and fit to be stored."""

import math
from typing import Annotated, Any

from pydantic import AfterValidator

from headrace.kit.told import told

_MAX_DEPTH = 32
_INT_BITS = 64


def _storable(value: dict[str, Any]) -> dict[str, Any]:
    """Refuse what JSON text allows but neither our encoder nor the database can hold."""
    pending: list[tuple[Any, int]] = [(value, 1)]
    while pending:
        item, depth = pending.pop()
        if depth > _MAX_DEPTH:
            raise ValueError(
                told("is nested more than {max_depth} levels deep", max_depth=_MAX_DEPTH)
            )
        if isinstance(item, dict):
            pending += [(inner, depth + 1) for pair in item.items() for inner in pair]
        elif isinstance(item, list):
            pending += [(inner, depth + 1) for inner in item]
        else:
            _check_scalar(item)
    return value


def _check_scalar(item: Any) -> None:
    if isinstance(item, str):
        if "\0" in item or any("\ud800" <= letter <= "\udfff" for letter in item):
            raise ValueError(told("holds text that is not valid Unicode, or NUL"))
    elif isinstance(item, int):
        if item.bit_length() >= _INT_BITS:
            raise ValueError(told("holds a whole number of more than 64 bits"))
    elif isinstance(item, float) and not math.isfinite(item):
        raise ValueError(told("holds a number that is not finite"))


JsonObject = Annotated[dict[str, Any], AfterValidator(_storable)]
"""An object of free form, as clients may send it."""
