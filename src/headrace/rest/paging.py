"""Pages: `?page=&page_size=` in, `{count, next, previous, results}` out (contract 1.3)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar

import msgspec
from fastapi import Depends, Query, Request, Response
from pydantic import BaseModel, BeforeValidator
from sqlalchemy import Row, Select, func, select
from sqlalchemy.orm import Session
from starlette.datastructures import URL

from headrace.kit.told import told
from headrace.rest.errors import AppError
from headrace.rest.json_answers import json_response

MAX_PAGE_SIZE = 100
# No list is that long, and PostgreSQL can still skip as many rows.
_LAST_PAGE = 10**9
Item = TypeVar("Item")


class InvalidPage(AppError, status=404):
    """The page asked for does not exist."""

    def __init__(self) -> None:
        super().__init__(told("Invalid page."))


class Page(BaseModel, Generic[Item]):
    """One page of a list."""

    count: int
    next: str | None
    previous: str | None
    results: list[Item]


@dataclass(frozen=True)
class PageAsked:
    """The page a client asked for; `number` counts from 1.

    address: the absolute URL of the list, without its query. query: as it was sent.
    """

    number: int
    size: int
    address: str
    query: str

    def link(self, **asked: int) -> str:
        """Return the absolute address of another page, other query parameters kept."""
        return str(URL(f"{self.address}?{self.query}").include_query_params(**asked))


def _within(at_most: int) -> BeforeValidator:
    """Read a positive number; more than `at_most` is clamped, anything else is no page."""

    def read(text: Any) -> int:
        digits = str(text).lstrip("0")
        if not digits.isascii() or not digits.isdigit():
            raise InvalidPage
        return at_most if len(digits) > len(str(at_most)) else min(int(digits), at_most)

    return BeforeValidator(read)


PageNumber = Annotated[int, Query(ge=1, description="Page number, from 1."), _within(_LAST_PAGE)]
PageSize = Annotated[
    int,
    Query(ge=1, description=f"Items a page, 1 to {MAX_PAGE_SIZE}; more is clamped."),
    _within(MAX_PAGE_SIZE),
]


async def page_asked(
    request: Request, page: PageNumber = 1, page_size: PageSize = MAX_PAGE_SIZE
) -> PageAsked:
    """Read the page asked for. Anything but a page that can exist is 404, as published.

    Not for a thread, which is what `async` says here: it waits for nothing.
    """
    path: str = request.scope.get("original_path") or request.scope["path"]
    address = request.app.state.settings.public_address + path
    return PageAsked(page, page_size, address, request.scope["query_string"].decode("latin-1"))


Paging = Annotated[PageAsked, Depends(page_asked)]
Encode = Callable[[Row[Any]], Mapping[str, Any]]


def _as_is(row: Row[Any]) -> dict[str, Any]:
    return row._asdict()


def page_of_rows(
    session: Session,
    asked: PageAsked,
    statement: Select[Any],
    encode: Encode = _as_is,
) -> Response:
    """Answer a page of a statement's rows, encoded straight to JSON.

    The statement must be ordered. No object is made per row unless `encode` asks for one: a list
    of a hundred costs two statements and one encoding.
    """
    count = session.scalar(select(func.count()).select_from(statement.order_by(None).subquery()))
    rows = session.execute(statement.limit(asked.size).offset((asked.number - 1) * asked.size))
    return page_response(asked, count or 0, [encode(row) for row in rows])


def page_of_list(asked: PageAsked, items: Sequence[Any]) -> Response:
    """Answer a page of a list that is wholly in memory."""
    first = (asked.number - 1) * asked.size
    return page_response(asked, len(items), list(items[first : first + asked.size]))


def page_response(asked: PageAsked, count: int, results: list[Any]) -> Response:
    """Wrap one page's results.

    Raises:
        InvalidPage: if the page lies past the end; the first page of an empty list does not.
    """
    return json_response(_frame(asked, count) | {"results": results})


def encoded_page(asked: PageAsked, count: int, objects: str) -> Response:
    """Wrap one page whose results are JSON objects already, separated by commas.

    Raises:
        InvalidPage: as `page_response` does.
    """
    results = msgspec.Raw(f"[{objects}]".encode())
    return json_response(_frame(asked, count) | {"results": results})


def _frame(asked: PageAsked, count: int) -> dict[str, Any]:
    if asked.number > 1 and (asked.number - 1) * asked.size >= count:
        raise InvalidPage
    more = asked.number * asked.size < count
    return {
        "count": count,
        "next": asked.link(page=asked.number + 1) if more else None,
        "previous": asked.link(page=asked.number - 1) if asked.number > 1 else None,
    }
