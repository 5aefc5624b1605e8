"""Ids in paths and bodies: only what can be one, so that no other ever reaches a query."""

from typing import Annotated, Any

from fastapi import Path
from pydantic import BeforeValidator, Field

from headrace.kit.told import told

IDS_END = 2**63
"""The first number that is beyond the database's ids; ids are less than it."""


def _digits(value: Any) -> Any:
    """Refuse what is read as a number elsewhere: `1.0`, `1_000`, `+1`, true."""
    if isinstance(value, bool) or (
        isinstance(value, str) and not (value.isascii() and value.isdigit())
    ):
        raise ValueError(told("an id is a whole number"))
    return value


Id = Annotated[int, Path(ge=1, lt=IDS_END), BeforeValidator(_digits)]
"""An id in a path; one that cannot exist is 404 like any other that is not there."""

IdIn = Annotated[int, Field(ge=1, lt=IDS_END), BeforeValidator(_digits)]
"""An id in a body."""
