"""Bodies are read strictly: what cannot be stored, or is read differently elsewhere, is refused."""

import json
import math
from typing import Any, NoReturn

from fastapi import Request
from starlette.exceptions import HTTPException

_MAX_DEPTH = 64
_INT_BITS = 64


class UnfitJson(HTTPException):
    """The body is JSON, but not of a kind that can be kept; `detail` says why, and where if known."""

    def __init__(self, reason: str, member: str = "") -> None:
        place = f"{member}:" if member.isprintable() and member else "The body"
        super().__init__(400, f"{place[:100]} {reason}.")


class StrictRequest(Request):
    """A request whose JSON body is checked while it is read."""

    async def json(self) -> Any:
        """Return the body's value.

        Raises:
            UnfitJson: as its name says.
            ValueError: if the body is not JSON in UTF-8.
        """
        if not hasattr(self, "_json"):
            self._json = strict_value(await self.body())
        return self._json


def strict_value(raw: bytes) -> Any:
    """Return the value of JSON text; raises as `StrictRequest.json` does."""
    try:
        # The body is UTF-8 and nothing else (RFC 8259, section 8.1); a mark at its start is ignored.
        value = json.loads(
            raw.decode("utf-8-sig"), parse_constant=_refuse_constant, object_pairs_hook=_unique
        )
    except RecursionError as error:
        raise UnfitJson("is nested too deeply") from error
    _check(value)
    return value


def _refuse_constant(name: str) -> NoReturn:
    raise UnfitJson(f"holds {name}, a number that is not finite")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse an object that names a member twice: programs differ in which of them counts."""
    members = dict(pairs)
    if len(members) != len(pairs):
        seen: set[str] = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]  # add returns None on purpose
        raise UnfitJson(f"holds the member {twice[:100]!a} twice in one object")
    return members


def _check(value: Any) -> None:
    pending: list[tuple[Any, int, str]] = [(value, 1, "")]
    while pending:
        item, depth, member = pending.pop()
        if depth > _MAX_DEPTH:
            raise UnfitJson(f"is nested more than {_MAX_DEPTH} levels deep")
        if isinstance(item, dict):
            pending += [(inner, depth + 1, name) for name, inner in item.items()]
            pending += [(name, depth + 1, member) for name in item]
        elif isinstance(item, list):
            pending += [(inner, depth + 1, member) for inner in item]
        elif reason := _unfit(item):
            raise UnfitJson(reason, member)


def _unfit(item: Any) -> str | None:
    """What keeps a text or number from being stored; None if nothing does."""
    if isinstance(item, str):
        # PostgreSQL holds neither, and neither is of use in a name.
        if "\0" in item or not (item.isascii() or _is_unicode(item)):
            return "holds text that is not valid Unicode, or NUL"
    elif isinstance(item, float):
        if not math.isfinite(item):
            return "holds a number that is not finite"
    elif isinstance(item, int) and item.bit_length() >= _INT_BITS:
        return "holds a whole number of more than 64 bits"
    return None


def _is_unicode(text: str) -> bool:
    """Whether a text has no half of a surrogate pair, which JSON's escapes can write."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
