"""Pages of long lists that the database itself writes as JSON: nothing is done per row in Python.

Such a list is given as two selections: `keys`, the numbers of all its rows by their conditions alone,
and `rows`, what is shown of a row, with whatever is joined. Only the keys before a page are passed
over, in an index, and those of a page in the second half are found from the end. Count, keys and
rows come of one statement, so of one moment.
"""

from collections.abc import Collection, Mapping
from typing import Any

from fastapi import Response
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    DateTime,
    ScalarSelect,
    Select,
    Text,
    bindparam,
    case,
    cast,
    func,
    literal_column,
    select,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by
from sqlalchemy.orm import Session

from headrace.db.prepared import Prepared, prepared
from headrace.rest.paging import PageAsked, encoded_page

# As the encoder of all other answers writes moments; the zone of our connections is UTC.
_MOMENT = literal_column("""'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'""", Text)
_SIZE = bindparam("page_size", type_=BigInteger, required=False)
_PASSED = bindparam("page_offset", type_=BigInteger, required=False)
_NONE = literal_column("0", BigInteger)


def page_of_keyed(
    session: Session, asked: PageAsked, statement: Prepared, values: Mapping[str, Any]
) -> Response:
    """Answer a page of a list; the statement is one of `keyed_pages`, `values` those it was given.

    Raises:
        InvalidPage: if the page lies past the end.
    """
    page = {"page_size": asked.size, "page_offset": (asked.number - 1) * asked.size}
    found = statement.execute(session, {**values, **page}).one()
    return encoded_page(asked, found.total, found.objects or "")


def keyed_pages(
    rows: Select[Any],
    keys: Select[tuple[int]],
    count: ScalarSelect[Any] | None = None,
    given: Collection[str] = (),
) -> Prepared:
    """Select how long a list is, and the JSON objects of one page, separated by commas.

    Pages are in the order of keys.

    rows: what is shown of a row; `id` among it is the key.
    keys: selects the key column alone.
    count: how many keys there are, where that is known for less than counting them.
    given: names of parameters that come with each page.
    """
    if count is None:
        count = select(func.count()).select_from(keys.subquery()).scalar_subquery()
    total = select(cast(func.coalesce(count, _NONE), BigInteger).label("total")).cte("total")
    key = keys.selected_columns[0]
    shown = _written(rows.where(key == func.any(_page_keys(keys, key, total.c.total))))
    one = cast(func.row_to_json(shown.table_valued()), Text)
    comma = literal_column("','", Text)
    objects = select(func.string_agg(one, aggregate_order_by(comma, shown.c.id)))
    pages = select(total.c.total, objects.scalar_subquery().label("objects"))
    return prepared(pages, _SIZE.key, _PASSED.key, *given)


def _page_keys(keys: Select[tuple[int]], key: Any, total: Any) -> ColumnElement[Any]:
    """The keys of the page as an array, counted from the end of the list that is nearer."""
    length = select(total).scalar_subquery()
    is_near = length >= 2 * _PASSED
    from_end = func.greatest(length - _PASSED - _SIZE, _NONE)
    first = (
        keys.order_by(key)
        .limit(case((is_near, _SIZE), else_=_NONE))
        .offset(case((is_near, _PASSED), else_=_NONE))
    )
    last = (
        keys.order_by(key.desc())
        .limit(
            case((is_near, _NONE), else_=func.greatest(func.least(_SIZE, length - _PASSED), _NONE))
        )
        .offset(case((is_near, _NONE), else_=from_end))
    )
    both = union_all(select(first.subquery()), select(last.subquery()))
    return func.array(both.scalar_subquery(), type_=ARRAY(BigInteger))


def _written(rows: Select[Any]) -> Any:
    """The rows with every moment as text, as it is to stand in JSON."""
    columns = [
        func.to_char(column, _MOMENT).label(column.key)
        if isinstance(column.type, DateTime)
        else column
        for column in rows.selected_columns
    ]
    return rows.with_only_columns(*columns, maintain_column_froms=True).subquery("r")
