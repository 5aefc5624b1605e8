"""Messages that keep their pattern: what they say in English, and what they are made of."""

import pytest

from headrace.kit.outcomes import Refused
from headrace.kit.told import Told, as_said, joined, named, told, told_by, told_many


@pytest.mark.parametrize(
    ("message", "text"),
    [
        (told("Load {load_id} is paused.", load_id=7), "Load 7 is paused."),
        (told("{name!r} at {{id}}; {ratio:.1f}", name="a{b}", ratio=2.25), "'a{b}' at {id}; 2.2"),
        (told("{noun} is {status}.", noun=named("a {b}"), status=named("off")), "a {b} is off."),
        (told("{title}: {reason}", title="T", reason=as_said("no {x} %")), "T: no {x} %"),
        (told_many("{number} row", "{number} rows", 1), "1 row"),
        (told_many("{number} row", "{number} rows of {title}", 2, title="T"), "2 rows of T"),
        (joined([told("a"), told("{b}", b=1)]), "a; 1"),
        (told_by(Refused(told("must be {wanted}.", wanted="short"))), "must be short."),
        (told_by(Refused("as the {platform} says")), "as the {platform} says"),
        (told_by(KeyError()), ""),
    ],
)
def test_what_a_message_says_in_english(message: Told, text: str) -> None:
    assert str(message) == text


def test_an_error_that_holds_a_message_is_its_text_and_gives_it_back() -> None:
    message = told("must be {wanted}.", wanted="short")
    assert str(ValueError(message)) == "must be short."
    assert told_by(ValueError(message)) is message
