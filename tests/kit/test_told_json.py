"""Messages as JSON: given back as they were, and saying no more than their text."""

import json
from datetime import date
from pathlib import Path

import pytest

from headrace.kit.told import Told, as_said, joined, named, told, told_many
from headrace.kit.told_json import from_json, kept, to_json

CANARY = "canary-5e1f"


@pytest.mark.parametrize(
    "message",
    [
        told("It is full."),
        told("{name!r} has {count} rows since {day}, {share} of all.", name="a<b>", count=3,
             day=date(2026, 3, 1), share=0.5),
        told("It took {received:,} of {promised:,} bytes.", received=1234, promised=56789),
        told_many("{number} table", "{number} tables", 3),
        told("{reason} Reconnect it.", reason=joined([told("No."), as_said("Over {quota} 100%")])),
        named("{{account}} in file_name"),
        told("{what} is there.", what=None),
    ],
)  # fmt: skip
def test_a_message_comes_back_as_it_was(message: Told) -> None:
    stored = json.loads(json.dumps(to_json(message)))
    assert from_json(stored) == message


def test_what_the_text_does_not_say_is_not_stored() -> None:
    unused = told("{place} refuses.", place="db.example", password=CANARY)
    deep = told("No: {reason}", reason=unused)
    for message in (unused, deep):
        stored = to_json(message)
        assert stored is not None
        assert CANARY not in json.dumps(stored)
        assert str(from_json(stored)) == str(message)
    # Where the text shows a part of a value only, the text is all that is stored.
    assert to_json(told("It begins with {token:.3}.", token=CANARY)) is None
    assert to_json(told("It begins with {token[0]}.", token=[CANARY])) is None
    assert to_json(told("No: {reason:.9}", reason=as_said(CANARY))) is None


def test_what_cannot_be_stored_or_is_too_long_stays_text() -> None:
    assert to_json(as_said("a\0b")) is None
    assert to_json(told("{name!r} is no name.", name="a\0b")) is None
    assert to_json(told("{name!r} is no name.", name="a\ud800b")) is None
    assert to_json(as_said("x" * 20_000)) is None
    endless = told("No.")
    for _ in range(20):
        endless = told("Again: {reason}", reason=endless)
    assert to_json(endless) is None
    # A value of a kind JSON does not know is its text, if that reads the same.
    assert from_json(to_json(told("{path} is full.", path=Path("/x")))) == told(
        "{path} is full.", path="/x"
    )
    assert to_json(told("{path!r} is full.", path=Path("/x"))) is None


@pytest.mark.parametrize(
    "found", [None, 7, "text", [], {}, {"pattern": 1, "values": {}}, {"pattern": "x"}]
)
def test_other_json_is_no_message(found: object) -> None:
    assert from_json(found) is None


def test_a_text_says_what_was_stored_with_it_if_that_is_its_message() -> None:
    message = told("{rows} rows were refused.", rows=3)
    assert kept("3 rows were refused.", message) == message
    # An older release wrote another text since, or wrote none.
    assert kept("The disk is full.", message) == named("The disk is full.")
    assert kept("100% of {rows}", None) == named("100% of {rows}")
    assert str(kept("100% of {rows}", None)) == "100% of {rows}"
    assert kept(None, message) is None
    assert kept("", message) is None
    # A pattern of another release may name what it was not given.
    assert kept("3 rows", Told("{number} rows")) == named("3 rows")
