"""Pages of an edge: followed by cursor, shrunk when too big, never trusting a cursor that repeats.

A page's `next` link carries the access token, so it is never kept: what it says beyond our own
parameters is taken out of it and sent with the next request.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Protocol, TypeVar, cast
from urllib.parse import parse_qsl, urlsplit

import msgspec

from headrace.connectors.sources.facebook.calls import Graph, TooMuchData
from headrace.connectors.sources.facebook.ladder import smaller_page
from headrace.kit.outcomes import TryLater
from headrace.kit.told import told

Row = TypeVar("Row", bound=msgspec.Struct)

_OURS = frozenset({"access_token", "appsecret_proof", "limit"})


class Paging(msgspec.Struct):
    """Where to go on; without `next` a page is the last one, whatever its cursors say."""

    next: str | None = None


class Page(Protocol):
    """An answer that holds a list of objects."""

    data: Any
    paging: Paging | None


def page_decoder(row: type[Row]) -> msgspec.json.Decoder[Page]:
    """Make a decoder for pages of a kind of row; fractions of any size are decoded exactly."""
    page = msgspec.defstruct(
        "Page",
        [("data", list[row] | None, None), ("paging", Paging | None, None)],  # type: ignore[valid-type]  # made at run time
    )
    return cast("msgspec.json.Decoder[Page]", msgspec.json.Decoder(page, float_hook=Decimal))


def continuation(next_link: str | None, ours: Mapping[str, str]) -> dict[str, str] | None:
    """Return what a `next` link adds to our own parameters, without its token; None without a link."""
    if not next_link:
        return None
    told = dict(parse_qsl(urlsplit(next_link).query))
    return {name: told[name] for name in sorted(told) if name not in _OURS and name not in ours}


def read_pages(
    graph: Graph,
    path: str,
    parameters: Mapping[str, str],
    decoder: msgspec.json.Decoder[Page],
    page_size: int,
) -> Iterator[list[Any]]:
    """Yield the rows of every page; an empty page with a next link is not the end.

    Raises:
        TooMuchData: if the smallest page is still too big.
        TryLater: if a cursor comes again, which would go round for ever.
    """
    cursor: dict[str, str] = {}
    met = [cursor]
    while True:
        try:
            page = graph.get(path, {**parameters, **cursor, "limit": str(page_size)}, decoder)
        except TooMuchData as too_much:
            smaller = smaller_page(page_size)
            if smaller is None:
                raise
            graph.count_retry(f"Page size {page_size} lowered to {smaller}: {too_much}")
            page_size = smaller
            continue
        yield page.data or []
        following = continuation(page.paging.next if page.paging else None, parameters)
        if following is None:
            return
        if following in met:
            raise TryLater(told("Meta's paging went round in a circle; the days are read again."))
        met.append(following)
        cursor = following
