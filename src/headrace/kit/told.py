"""Messages that keep their pattern and what is put into it, so that they can be said in any language."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Told:
    """A message; as text it is English, as the API answers it.

    pattern: with `{name}` in the place of values, as `str.format` has it; what catalogues know it by.
    values: by name; they may be messages themselves. many, number: the pattern for several, and what
    decides, where a number does.
    """

    pattern: str
    values: tuple[tuple[str, object], ...] = ()
    many: str = ""
    number: int = 1

    def __str__(self) -> str:
        """Say it in English."""
        pattern = self.many if self.many and self.number != 1 else self.pattern
        return pattern.format_map(dict(self.values))


def told(pattern: str, /, **values: object) -> Told:
    """Return a message; `tools/collect_texts.py` finds its pattern, so write it out in the call."""
    return Told(pattern, tuple(values.items()))


def told_many(one: str, many: str, number: int, /, **values: object) -> Told:
    """Return a message with a form for one and a form for several; `{number}` is the number."""
    return Told(one, (("number", number), *values.items()), many, number)


def named(word: str) -> Told:
    """Return a word of ours that stands in a message, such as a status or a field's title."""
    return Told(word.replace("{", "{{").replace("}", "}}"))


def joined(messages: Iterable[Told], separator: str = "; ") -> Told:
    """Return several messages as one."""
    parts = {f"part_{number}": message for number, message in enumerate(messages)}
    return Told(separator.join(f"{{{name}}}" for name in parts), tuple(parts.items()))


def as_said(text: str) -> Told:
    """Return words of somebody else, such as a platform's: they stay as they are."""
    return Told("{text}", (("text", text),))


def with_texts(message: Told, change: Callable[[str], str]) -> Told:
    """Return a message with another text in the place of each that stands in it, at any depth."""
    return replace(
        message, values=tuple((name, _changed(value, change)) for name, value in message.values)
    )


def _changed(value: object, change: Callable[[str], str]) -> object:
    if isinstance(value, Told):
        return with_texts(value, change)
    return change(value) if isinstance(value, str) else value


def told_by(error: Exception) -> Told:
    """Return what an error says: its message, or its text where it has none."""
    message = error.args[0] if error.args else None
    return message if isinstance(message, Told) else as_said(str(error))
