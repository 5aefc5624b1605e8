"""What is made of a connection form's answers."""

from typing import Any

import pytest

from fakes.memory_loader import MemoryLoader
from headrace.destinations.errors import ParamMissing, ParamUnfit
from headrace.destinations.params import MASK, checked, form, masked, place_of
from headrace.loaders.contract import Category, LoaderSpec, WriteMode

SPEC = MemoryLoader.spec
GIVEN = {"place": "here", "password": "p4ss"}
WHOLE = GIVEN | {"port": 1, "load_mode": "replace"}


def test_defaults_are_filled_in_and_unknown_keys_dropped() -> None:
    assert checked(SPEC, GIVEN | {"nonsense": 1, "is_fast": None}) == WHOLE


@pytest.mark.parametrize(
    ("name", "given", "kept"),
    [
        ("port", 5432, 5432),
        ("port", " 5432 ", 5432),
        ("is_fast", True, True),
        ("is_fast", "False", False),
        ("color", "blue", "blue"),
        ("load_mode", "append", "append"),
        ("place", "x" * 65_536, "x" * 65_536),
    ],
)
def test_values_are_brought_to_their_types(name: str, given: Any, kept: Any) -> None:
    assert checked(SPEC, GIVEN | {name: given})[name] == kept


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("port", "no number"),
        ("port", "٣"),
        ("port", True),
        ("port", 1.5),
        ("port", 2**63),
        ("is_fast", 1),
        ("is_fast", "perhaps"),
        ("color", "green"),
        ("color", ["red"]),
        ("load_mode", "truncate"),
        ("place", 7),
        ("place", {"a": 1}),
        ("place", "nul\0"),
        ("place", "x" * 65_537),
        ("password", ["s3cret"]),
    ],
)
def test_values_of_other_types_are_refused_without_repeating_them(name: str, given: Any) -> None:
    with pytest.raises(ParamUnfit) as refused:
        checked(SPEC, GIVEN | {name: given})
    assert refused.value.errors == {name: [str(refused.value).removeprefix(f"{name}: ")]}
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize("given", [{"place": "here"}, {"place": "here", "password": ""}])
def test_a_required_parameter_is_named(given: dict[str, Any]) -> None:
    with pytest.raises(ParamMissing, match="password: Password is required"):
        checked(SPEC, given)


def test_a_masked_secret_keeps_its_value_and_needs_one() -> None:
    assert checked(SPEC, GIVEN | {"password": MASK}, WHOLE)["password"] == "p4ss"
    with pytest.raises(ParamMissing):
        checked(SPEC, GIVEN | {"password": MASK})


def test_a_mask_is_just_text_where_nothing_is_secret() -> None:
    assert checked(SPEC, GIVEN | {"place": MASK}, WHOLE)["place"] == MASK


def test_the_load_mode_is_not_changed_by_leaving_it_out() -> None:
    stored = WHOLE | {"load_mode": "append"}
    assert checked(SPEC, GIVEN, stored)["load_mode"] == "append"
    assert checked(SPEC, GIVEN | {"load_mode": "upsert"}, stored)["load_mode"] == "upsert"


def test_secrets_are_masked_and_absent_parameters_not_shown() -> None:  # S29
    assert masked(SPEC, WHOLE) == WHOLE | {"password": MASK}


def test_the_place_is_what_leads_there() -> None:
    place = place_of(SPEC, WHOLE)
    assert place == place_of(SPEC, WHOLE | {"password": "other", "load_mode": "append"})
    assert place != place_of(SPEC, WHOLE | {"place": "there"})
    assert place != place_of(SPEC, WHOLE | {"port": 2})


def test_append_is_the_default_where_nothing_can_be_replaced() -> None:
    spec = LoaderSpec("x", "X", Category.FILE_STORAGE, (), (WriteMode.APPEND,))
    (item,) = form(spec)
    assert (item.name, item.initial_value, item.choices) == ("load_mode", "append", ("append",))
