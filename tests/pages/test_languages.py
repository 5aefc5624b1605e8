"""What the pages are written in: every text is translated, and what stands in it is kept."""

import re
import runpy
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from architecture.house import ROOT
from headrace.kit import clock
from headrace.pages.languages import Languages, catalogues

_PLACES = re.compile(r"%\((\w+)\)[sd]")


@pytest.fixture(scope="module")
def tool() -> dict[str, Any]:
    return runpy.run_path(str(ROOT / "tools" / "collect_texts.py"))


def test_every_text_is_translated(tool: dict[str, Any]) -> None:
    wanted = tool["wanted"]()
    assert "Skip to the content" in wanted
    assert "Your changes are saved." in wanted
    for tag in catalogues():
        lacking = {
            text: place for text, place in wanted.items() if text not in tool["translated"](tag)
        }
        assert not lacking, f"translate these into {tag} (make texts): {lacking}"


def test_translations_keep_what_is_put_into_them() -> None:
    for areas in catalogues().values():
        for message in (message for area in areas for message in area if message.id):
            texts = message.string if message.pluralizable else (message.string,)
            given = message.id if message.pluralizable else (message.id,)
            wanted = {name for text in given for name in _PLACES.findall(text)}
            for text in filter(None, texts):
                # A form for one thing may say "one" without the number.
                assert wanted - {"num"} <= set(_PLACES.findall(text)) <= wanted | {"num"}, text


@pytest.mark.parametrize(
    ("wishes", "tag"),
    [
        ((), "en"),
        (("de",), "de"),
        (("de-AT",), "de"),
        (("xx", "de"), "de"),
        (("fr", None, "it;q=1, de;q=0.2"), "de"),
        (("en-GB,de;q=0.9",), "en"),
        (("de;q=0.1,en;q=0.9",), "en"),
        (("*", "../../etc", "de;q=x", "\N{SNOWMAN}"), "en"),
        (("de_AT",), "en"),
    ],
)
def test_the_first_wish_that_can_be_met(wishes: tuple[str | None, ...], tag: str) -> None:
    assert Languages.read().chosen(*wishes).tag == tag


def test_numbers_and_days_are_written_as_people_do() -> None:
    german, english = (Languages.read().of(tag) for tag in ("de", "en"))
    assert (german.number(1234567.5), english.number(1234567.5)) == ("1.234.567,5", "1,234,567.5")
    assert english.percent(0.0345) == "3.4%"
    assert german.percent(Decimal("0.5")) == "50,0\N{NO-BREAK SPACE}%"
    assert english.money(Decimal("12.5"), "EUR") == "€12.50"
    assert german.day(date(2026, 3, 1)) == "01.03.2026"
    assert english.ago(clock.now() - timedelta(hours=3)) == "3 hours ago"
    assert german.ago(clock.now() + timedelta(days=2)) == "in 2 Tagen"
    assert german.enumeration(["a", "b", "c"]) == "a, b und c"
    nothing = [
        english.number(None),
        english.money(None, "EUR"),
        english.day(None),
        english.ago(None),
    ]
    assert nothing == ["\N{EN DASH}"] * 4
