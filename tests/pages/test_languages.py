"""What the pages are written in: every text is translated, and what stands in it is kept."""

import re
import runpy
from datetime import date, timedelta
from decimal import Decimal
from string import Formatter
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError
from pydantic_core import InitErrorDetails

from architecture.house import ROOT
from headrace.branding.errors import HardToSee
from headrace.kit import clock
from headrace.kit.told import as_said, named, told
from headrace.pages.body_checks import message_of
from headrace.pages.languages import Languages, catalogues

_PLACES = re.compile(r"%\((\w+)\)[sd]")


def _names(pattern: str) -> set[str]:
    """What `str.format` puts into a pattern of a refusal."""
    return {name for _, name, _, _ in Formatter().parse(pattern) if name is not None}


@pytest.fixture(scope="module")
def tool() -> dict[str, Any]:
    return runpy.run_path(str(ROOT / "tools" / "collect_texts.py"))


def test_every_text_is_translated(tool: dict[str, Any]) -> None:
    wanted = tool["wanted"]()
    assert "Skip to the content" in wanted
    assert "Your changes are saved." in wanted
    assert "Load {load_id} is paused; unpause it before running it." in wanted
    assert "Extract template" in wanted
    for words in ("View connections", "Viewer", "Advertising", "SSL mode", "Campaigns, daily"):
        assert words in wanted
    for tag in catalogues():
        translated = tool["translated"](tag)
        lacking = {text: place for text, place in wanted.items() if text not in translated}
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


def test_translations_of_refusals_name_nothing_that_is_not_given() -> None:
    """They may leave something out, such as the operation of the API that a page has a button for."""
    found = 0
    for areas in catalogues().values():
        for message in (message for area in areas for message in area if message.id):
            given = message.id if message.pluralizable else (message.id,)
            if any(_PLACES.search(text) for text in given) or "{" not in given[0]:
                continue
            found += 1
            for text in message.string if message.pluralizable else (message.string,):
                assert _names(text) <= _names(given[0]), text
    assert found > 100


def test_a_message_is_said_in_the_visitors_language() -> None:
    english, german = (Languages.read().of(tag) for tag in ("en", "de"))
    deep = told(
        "The endpoint was not verified: {reason}",
        reason=told("the receiver gave no answer over HTTPS in time."),
    )
    assert english.told(deep) == str(deep)
    assert german.told(deep) == (
        "Der Empfänger ist nicht bestätigt: Der Empfänger hat über HTTPS nicht rechtzeitig "
        "geantwortet."
    )
    of_vendor = told(
        "{title} could not be connected: {reason}", title="X", reason=as_said("No {y}")
    )
    assert german.told(of_vendor) == "X ließ sich nicht verbinden: No {y}"
    since = told("the source answers from {earliest} on.", earliest=date(2026, 3, 1))
    assert (english.told(since), german.told(since)) == (
        "the source answers from 2026-03-01 on.",
        "Die Plattform antwortet erst ab dem 01.03.2026.",
    )
    assert german.told(named("Extract template")) == "Vorlage"
    assert german.told(HardToSee("accent", 2.46, is_dark=True).message).count("Kontrast 2,5 ") == 1
    # What was stored as text is known if it is a text of ours, and kept if it is not.
    assert german.told("Skip to the content") == "Zum Inhalt springen"
    assert german.told("Over quota {1} 100%") == "Over quota {1} 100%"


@pytest.mark.parametrize(
    ("kind", "given", "text"),
    [
        ("missing", {}, "Bitte ausfüllen."),
        ("extra_forbidden", {}, "Diese Angabe ist hier nicht vorgesehen."),
        ("none_required", {}, "Muss leer sein."),
        ("greater_than", {"gt": 3}, "Muss größer als 3 sein."),
        ("greater_than_equal", {"ge": 3}, "Muss mindestens 3 sein."),
        ("less_than", {"lt": 3}, "Muss kleiner als 3 sein."),
        ("less_than_equal", {"le": 3}, "Darf höchstens 3 sein."),
        ("finite_number", {}, "Muss eine endliche Zahl sein."),
        (
            "too_short",
            {"field_type": "List", "min_length": 1, "actual_length": 0},
            "Mindestens ein Eintrag ist nötig.",
        ),
        (
            "too_long",
            {"field_type": "List", "max_length": 9, "actual_length": 12},
            "Höchstens 9 Einträge sind erlaubt, nicht 12.",
        ),
        ("string_type", {}, "Muss Text sein."),
        ("string_unicode", {}, "Muss Text in gültigem Unicode sein."),
        ("string_too_short", {"min_length": 1}, "Muss mindestens ein Zeichen haben."),
        ("string_too_long", {"max_length": 200}, "Darf höchstens 200 Zeichen haben."),
        ("string_pattern_mismatch", {"pattern": "a{2}"}, "Muss zu diesem Muster passen: a{2}"),
        ("enum", {"expected": "'a', 'b' or 'c'"}, "Muss 'a', 'b' oder 'c' sein."),
        ("literal_error", {"expected": "'a'"}, "Muss 'a' sein."),
        ("dict_type", {}, "Muss ein Objekt mit Namen und Werten sein."),
        ("list_type", {}, "Muss eine Liste sein."),
        ("bool_type", {}, "Muss ja oder nein sein."),
        ("bool_parsing", {}, "Muss ja oder nein sein."),
        ("int_type", {}, "Muss eine ganze Zahl sein."),
        ("int_parsing", {}, "Muss eine ganze Zahl sein."),
        ("int_parsing_size", {}, "Diese Zahl ist zu lang."),
        ("int_from_float", {}, "Muss eine ganze Zahl sein."),
        ("float_type", {}, "Muss eine Zahl sein."),
        ("float_parsing", {}, "Muss eine Zahl sein."),
        ("date_type", {}, "Muss ein Tag sein wie 2026-01-31."),
        ("date_parsing", {"error": "too short"}, "Muss ein Tag sein wie 2026-01-31."),
        ("date_from_datetime_parsing", {"error": "x"}, "Muss ein Tag sein wie 2026-01-31."),
        ("date_from_datetime_inexact", {}, "Muss ein Tag ohne Uhrzeit sein."),
        ("datetime_type", {}, "Muss ein Zeitpunkt sein wie 2026-01-31T12:00:00Z."),
        ("datetime_parsing", {"error": "x"}, "Muss ein Zeitpunkt sein wie 2026-01-31T12:00:00Z."),
        (
            "datetime_from_date_parsing",
            {"error": "x"},
            "Muss ein Zeitpunkt sein wie 2026-01-31T12:00:00Z.",
        ),
        ("timezone_aware", {}, "Nennen Sie auch die Zeitzone."),
        ("uuid_type", {}, "Muss eine UUID sein."),
        ("uuid_parsing", {"error": "x"}, "Muss eine UUID sein."),
    ],
)
def test_what_the_check_of_a_body_says(kind: Any, given: dict[str, Any], text: str) -> None:
    item: InitErrorDetails = {"type": kind, "loc": ("x",), "input": None, "ctx": given}
    [details] = ValidationError.from_exception_data("Body", [item]).errors()
    message = message_of(details)
    # The English words are the API's own: those that Pydantic has.
    assert str(message) == details["msg"]
    assert Languages.read().of("de").told(message) == text


def test_a_check_that_is_not_known_is_said_in_english() -> None:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(complex).validate_python("x")
    [details] = caught.value.errors()
    assert Languages.read().of("de").told(message_of(details)) == details["msg"]


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
