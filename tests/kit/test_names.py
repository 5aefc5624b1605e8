"""Names for SQL made from any text."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.kit.names import MAX_NAME_LENGTH, sql_name, unique_sql_name

_FIT = re.compile(r"[a-z_][a-z0-9_]*")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Clicks (all)", "clicks_all"),
        ("Größe €", "groe"),
        ("7 day ROAS", "_7_day_roas"),
        ('"; DROP TABLE x; --', "drop_table_x"),
        ("__insert_date", "insert_date"),
        ("\uff21\uff22\uff23", "abc"),
    ],
)
def test_examples(text: str, name: str) -> None:
    assert sql_name(text) == name


def test_texts_without_latin_letters_stay_apart() -> None:
    assert sql_name("点击") != sql_name("费用")


@given(st.text())
def test_any_text_makes_a_fit_name(text: str) -> None:  # S82
    name = sql_name(text)
    assert _FIT.fullmatch(name)
    assert len(name) <= MAX_NAME_LENGTH


@given(st.lists(st.sampled_from(["a", "A", "a_2", "a-2", "x" * 63, "x" * 64, "X" * 70])))
def test_names_of_a_set_are_unique(texts: list[str]) -> None:  # S82, F26
    taken: list[str] = []
    for text in texts:
        taken.append(unique_sql_name(text, taken))
    assert len(set(taken)) == len(taken)
    assert all(_FIT.fullmatch(name) and len(name) <= MAX_NAME_LENGTH for name in taken)
