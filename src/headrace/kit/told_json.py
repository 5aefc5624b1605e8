"""Messages as JSON, so that what was said once can be stored, and said later in any language.

What is stored says no more than the message's text does: values that the pattern does not show are
left out, and a message whose values hold more than is shown of them is not stored at all. So whoever
may keep the text may keep the message.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import date
from string import Formatter
from typing import Any

from headrace.kit.told import Told, named

_MOST_CHARACTERS = 20_000
_DEEPEST = 10
_DAY = "day"


def to_json(message: Told) -> dict[str, Any] | None:
    """Return a message as plain JSON; None for one that could not be given back as it is.

    Too long, too deep, holding what PostgreSQL keeps in no JSON (NUL, half a character), or values
    of which the text shows a part only: then there is the text.
    """
    try:
        found = _message(message, _DEEPEST)
        text = str(message)
        is_whole = _say_alike(text, from_json(found)) and _is_shown(found, text)
    except (ValueError, LookupError, AttributeError, TypeError):
        return None
    return found if is_whole else None


def from_json(found: object) -> Told | None:
    """Return the message that `to_json` made this of; None if it is none."""
    match found:
        case {"pattern": str() as pattern, "values": dict() as values, **more}:
            given = tuple((str(name), _read(value)) for name, value in values.items())
            match more:
                case {"many": str() as many, "number": int() as number}:
                    return Told(pattern, given, many, number)
            return Told(pattern, given)
    return None


def kept(text: str | None, message: Told | None) -> Told | None:
    """Return what a text that was stored says: as the message stored with it, or as it stands.

    A message counts only where its text is the one that stands beside it: an older release, which
    knows texts alone, may have stored another one since.
    """
    if not text:
        return None
    return message if message is not None and _say_alike(text, message) else named(text)


def _say_alike(text: str, message: Told | None) -> bool:
    try:
        return str(message) == text
    except (ValueError, LookupError, AttributeError, TypeError):
        return False  # a pattern of another release, with other values


def _message(message: Told, depth: int) -> dict[str, Any]:
    if not depth:
        raise ValueError
    names = {*_names(message.pattern), *_names(message.many)}
    values = {name: _value(value, depth) for name, value in message.values if name in names}
    found: dict[str, Any] = {"pattern": message.pattern, "values": values}
    if message.many:
        found |= {"many": message.many, "number": message.number}
    return found


def _names(pattern: str) -> Iterator[str]:
    return (name for _, name, _, _ in Formatter().parse(pattern) if name is not None)


def _value(value: object, depth: int) -> Any:
    match value:
        case Told():
            return _message(value, depth - 1)
        case None | int() | float():
            return value
        case date() if type(value) is date:
            return {_DAY: value.isoformat()}
    return str(value)


def _read(value: object) -> object:
    match value:
        case {"day": str() as day}:
            return date.fromisoformat(day)
        case dict():
            return from_json(value)
    return value


def _is_shown(found: Mapping[str, Any], text: str) -> bool:
    """Whether JSON can be stored, and holds no text but what is read in the message."""
    content = json.dumps(found, ensure_ascii=False)
    if len(content) > _MOST_CHARACTERS or "\\u0000" in content:
        return False
    content.encode()
    return all(part in text or repr(part)[1:-1] in text for part in _texts(found))


def _texts(found: Mapping[str, Any]) -> Iterator[str]:
    for value in found["values"].values():
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict) and "values" in value:
            yield from _texts(value)
