"""One page of a list, as `ui.pages` of the templates walks through it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from headrace.pages.visits import Visit

SIZE = 50
_MOST_DIGITS = 9


@dataclass(frozen=True)
class Listed:
    """The rows of one page. number: of the page, from 1; count: of all rows; size: of a page."""

    rows: Sequence[Any]
    count: int
    number: int
    size: int


def listed(session: Session, visit: Visit, statement: Select[Any], size: int = SIZE) -> Listed:
    """Return the page of an ordered statement's rows that the address asks for.

    A page past the end is the last one: rows may have gone since the link to it was made.
    """
    counted = select(func.count()).select_from(statement.order_by(None).subquery())
    count = session.scalar(counted) or 0
    number = _number(visit, count, size)
    rows = session.execute(statement.limit(size).offset((number - 1) * size)).all()
    return Listed(rows, count, number, size)


def listed_items(visit: Visit, items: Sequence[Any], size: int = SIZE) -> Listed:
    """Return the page of a list in memory that the address asks for."""
    number = _number(visit, len(items), size)
    return Listed(items[(number - 1) * size : number * size], len(items), number, size)


def _number(visit: Visit, count: int, size: int) -> int:
    text = dict(visit.query).get("page", "1")
    asked = int(text) if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS else 1
    return max(1, min(asked, -(-count // size)))
