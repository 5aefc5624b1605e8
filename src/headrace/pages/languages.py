"""What the pages are written in: catalogues read at start, and dates and numbers as people write them.

The texts in code and templates are the English ones. Every other language is a folder of
`translations/` with one catalogue for each area of pages; they count as one.
"""

import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from importlib import resources
from string import Formatter

from babel import Locale, dates, lists, numbers
from babel.core import UnknownLocaleError, negotiate_locale
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

from headrace.kit import clock
from headrace.kit.told import Told
from headrace.kit.told_json import kept

SOURCE = "en"
NOTHING = "\N{EN DASH}"
"""Written in the place of what is not there."""


def N_(text: str) -> str:  # noqa: N802 - the name that gettext's tools know
    """Mark a text that is translated where it is shown."""
    return text


@dataclass(frozen=True)
class Language:
    """A language with its manner of writing."""

    locale: Locale
    catalogue: NullTranslations

    @property
    def tag(self) -> str:
        """As pages name their language, such as `de`."""
        return str(self.locale).replace("_", "-")

    @property
    def direction(self) -> str:
        """`ltr` or `rtl`."""
        return str(self.locale.text_direction)

    def gettext(self, text: str, **values: object) -> str:
        """Return a text in this language; `%(name)s` in it is replaced by values."""
        found: str = self.catalogue.gettext(text) if text else ""
        return found % values if values else found

    def ngettext(self, one: str, many: str, number: int, **values: object) -> str:
        """Return the form of a text that goes with a number; `%(num)s` in it is the number."""
        found: str = self.catalogue.ngettext(one, many, number)
        return found % {"num": self.number(number), **values}

    def told(self, message: Told | str) -> str:
        """Return a message in this language; text is one of ours, or of somebody else, and stays."""
        if not isinstance(message, Told):
            return self.gettext(message)
        if self.tag == SOURCE:
            return str(message)
        pattern = (
            self.catalogue.ngettext(message.pattern, message.many, message.number)
            if message.many
            else self.catalogue.gettext(message.pattern)
        )
        grouped = _grouped(message.pattern)
        values = {name: self._put(value, name in grouped) for name, value in message.values}
        return str(pattern).format_map(values)

    def stored(self, text: str | None, message: Told | None) -> str:
        """Return what was stored as a text and its message, in this language; see `kept`."""
        found = kept(text, message)
        return self.told(found) if found else ""

    def _put(self, value: object, is_grouped: bool) -> object:
        """Return a value as it stands in a message. is_grouped: a number, with separators."""
        match value:
            case int() if is_grouped:
                return self.number(value)
            case Told():
                return self.told(value)
            case float():
                return self.number(value)
            case date():
                return self.day(value)
        return value

    def number(self, value: float | Decimal | None) -> str:
        """Write a number with its separators; None is an en dash."""
        return NOTHING if value is None else str(numbers.format_decimal(value, locale=self.locale))

    def percent(self, value: float | Decimal | None, digits: int = 1) -> str:
        """Write a ratio as a percentage; None is an en dash."""
        if value is None:
            return NOTHING
        style = numbers.parse_pattern(self.locale.percent_formats[None].pattern)
        style.frac_prec = (digits, digits)
        return str(style.apply(Decimal(str(value)), self.locale))

    def money(self, value: float | Decimal | None, currency: str) -> str:
        """Write an amount of a currency; None is an en dash."""
        if value is None:
            return NOTHING
        return str(numbers.format_currency(value, currency, locale=self.locale))

    def day(self, value: date | None, style: str = "medium") -> str:
        """Write a day; None is an en dash."""
        return NOTHING if value is None else dates.format_date(value, style, locale=self.locale)

    def moment(self, value: datetime | None, style: str = "medium") -> str:
        """Write a moment, in UTC as everything here; None is an en dash."""
        if value is None:
            return NOTHING
        return dates.format_datetime(value, style, locale=self.locale) + " UTC"

    def ago(self, value: datetime | None) -> str:
        """Write how long ago, or how soon, a moment is; None is an en dash."""
        if value is None:
            return NOTHING
        delta: timedelta = value - clock.now()
        return dates.format_timedelta(delta, add_direction=True, locale=self.locale)

    def span(self, value: timedelta | None) -> str:
        """Write how long something takes; None is an en dash."""
        return NOTHING if value is None else dates.format_timedelta(value, locale=self.locale)

    def enumeration(self, items: Iterable[str]) -> str:
        """Write several things as one list: `a, b and c`."""
        return lists.format_list(list(items), locale=self.locale)


class Languages:
    """The languages there are."""

    def __init__(self, catalogues: Mapping[str, NullTranslations]) -> None:
        self._languages = {
            tag: Language(Locale.parse(tag, sep="-"), catalogue)
            for tag, catalogue in {SOURCE: NullTranslations(), **catalogues}.items()
        }

    @staticmethod
    @cache
    def read() -> "Languages":
        """Return those that come with this release; their catalogues are read once in a process."""
        return Languages({tag: _translations(found) for tag, found in catalogues().items()})

    @property
    def tags(self) -> tuple[str, ...]:
        """What there is to choose from."""
        return tuple(self._languages)

    def of(self, tag: str) -> Language:
        """Return the language of a tag that is in `tags`."""
        return self._languages[tag]

    def chosen(self, *wishes: str | None) -> Language:
        """Return the first wish that can be met; else the source's language.

        wishes: tags such as `de-AT`, or values of `Accept-Language`; the first is the strongest.
        """
        for wish in wishes:
            for tag in _wished(wish or ""):
                found = negotiate_locale([tag], self.tags, sep="-")
                if found:
                    return self._languages[found]
        return self._languages[SOURCE]


def _grouped(pattern: str) -> set[str]:
    """The numbers that a pattern writes with the separators of thousands."""
    return {name for _, name, spec, _ in Formatter().parse(pattern) if name and spec == ","}


def _wished(header: str) -> list[str]:
    """The tags of an `Accept-Language` value, the dearest first; those that are none are left out."""
    found: list[tuple[float, str]] = []
    for part in header[:500].split(","):
        tag, _, weight = part.strip().partition(";q=")
        try:
            Locale.parse(tag, sep="-")
            found.append((float(weight or 1), tag))
        except (ValueError, TypeError, UnknownLocaleError):
            continue
    return [tag for _, tag in sorted(found, key=lambda item: -item[0])]


def catalogues() -> dict[str, list[Catalog]]:
    """Return the catalogues of this release by language, one for each area of pages."""
    found: dict[str, list[Catalog]] = {}
    for folder in resources.files("headrace.pages").joinpath("translations").iterdir():
        if folder.is_dir() and not folder.name.startswith("_"):
            files = sorted(folder.iterdir(), key=lambda item: item.name)
            found[folder.name] = [
                read_po(io.BytesIO(item.read_bytes()), locale=folder.name.replace("-", "_"))
                for item in files
                if item.name.endswith(".po")
            ]
    return found


def _translations(areas: Iterable[Catalog]) -> NullTranslations:
    merged: Translations | None = None
    for area in areas:
        binary = io.BytesIO()
        write_mo(binary, area)
        binary.seek(0)
        one = Translations(binary)
        merged = one if merged is None else merged.merge(one)
    return merged or NullTranslations()
