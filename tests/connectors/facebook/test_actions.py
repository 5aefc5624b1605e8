"""Flattened action fields: their names, what windows they mean, what they pick."""

from decimal import Decimal

import msgspec
import pytest

from headrace.connectors.sources.facebook import CONNECTOR
from headrace.connectors.sources.facebook.actions import (
    ActionStat,
    by_action_type,
    parse_action_field,
    value_of,
    windows_meant,
)
from headrace.kit.columns import ColumnType
from headrace.kit.outcomes import Refused

STATS = msgspec.json.decode(
    b"""[
      {"action_type": "purchase", "value": "5", "7d_click": "4", "1d_view": "1.5"},
      {"action_type": "link_click", "value": "70"},
      {"action_type": "odd", "value": "n/a", "7d_click": "n/a", "1d_view": "1"}
    ]""",
    type=list[ActionStat],
)


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("actions:purchase", ("actions", "purchase", None)),
        ("actions:purchase:7d_click", ("actions", "purchase", "7d_click")),
        (
            "actions:offsite_conversion.custom.123:1d_view",
            ("actions", "offsite_conversion.custom.123", "1d_view"),
        ),
        ("actions:shop:sale", ("actions", "shop:sale", None)),
        ("actions:shop:sale:28d_click", ("actions", "shop:sale", "28d_click")),
        ("actions:a:7d_view", ("actions", "a:7d_view", None)),
        ("purchase_roas:omni_purchase", ("purchase_roas", "omni_purchase", None)),
        ("outbound_clicks:outbound_click", ("outbound_clicks", "outbound_click", None)),
        ("actions", None),
        ("actions:", None),
        ("actions::7d_click", None),
        ("actions:7d_click", None),
        ("actions: purchase", None),
        ("actions:pur\nchase", None),
        ("actions:" + "x" * 300, None),
        ("spend:purchase", None),
        ("results:purchase", None),
        ("outbound_clicks:outbound_click:7d_click", None),
        ("campaign_id", None),
    ],
)
def test_names_are_taken_apart(name: str, parts: tuple[str, str, str | None] | None) -> None:
    action = parse_action_field(name)

    assert (action and (action.list.name, action.action_type, action.window)) == parts
    assert action is None or action.name == name


@pytest.mark.parametrize(
    ("name", "chosen", "meant"),
    [
        ("actions:purchase", [], ()),
        ("actions:purchase", ["account_default"], ()),
        ("actions:purchase", ["account_default", "7d_click"], ()),
        ("actions:purchase", ["7d_click"], ("7d_click",)),
        ("actions:purchase", ["1d_click", "7d_click", "1d_view"], ("7d_click", "1d_view")),
        ("actions:purchase", ["28d_click", "1d_ev"], ("28d_click", "1d_ev")),
        ("actions:purchase:1d_click", ["7d_click", "1d_view"], ("1d_click",)),
        ("cost_per_action_type:lead", ["1d_click", "7d_click"], ("7d_click",)),
        ("video_play_actions:video_view", ["7d_click"], ()),
        ("actions:purchase", ["incrementality"], ("incrementality",)),
    ],
)
def test_the_setting_says_what_a_field_without_a_window_means(
    name: str, chosen: list[str], meant: tuple[str, ...]
) -> None:
    action = parse_action_field(name)

    assert action is not None
    assert windows_meant(action, chosen) == meant


@pytest.mark.parametrize(
    ("name", "chosen"),
    [
        ("purchase_roas:omni_purchase", ["7d_click", "1d_view"]),
        ("actions:purchase", ["7d_click", "incrementality"]),
    ],
)
def test_windows_that_cannot_be_added_are_refused(name: str, chosen: list[str]) -> None:
    action = parse_action_field(name)

    assert action is not None
    with pytest.raises(Refused, match=f"{name}:7d_click"):
        windows_meant(action, chosen)


@pytest.mark.parametrize(
    ("action_type", "windows", "value"),
    [
        ("purchase", (), "5"),
        ("purchase", ("7d_click",), "4"),
        ("purchase", ("7d_click", "1d_view"), Decimal("5.5")),
        ("purchase", ("28d_click",), None),
        ("lead", (), None),
        ("odd", ("7d_click", "1d_view"), "n/a"),
    ],
)
def test_values_are_picked_and_added_exactly(
    action_type: str, windows: tuple[str, ...], value: object
) -> None:
    assert value_of(by_action_type(STATS, {action_type}).get(action_type), windows) == value


@pytest.mark.parametrize("nothing", [None, []])
def test_a_row_without_the_list_has_no_value(nothing: list[ActionStat] | None) -> None:
    assert by_action_type(nothing, {"purchase"}) == {}
    assert value_of(None, ()) is None


def test_an_action_type_that_comes_twice_is_added_up() -> None:
    twice = [ActionStat("purchase", "1.1"), ActionStat("lead", "9"), ActionStat("purchase", "2.2")]

    picked = by_action_type(twice, {"purchase"})

    assert list(picked) == ["purchase"]
    assert value_of(picked["purchase"], ()) == Decimal("3.3")


def test_dynamic_fields_are_described() -> None:
    field = CONNECTOR.dynamic_field("wide", "action_values:offsite_conversion.custom.9:7d_click")
    ratio = CONNECTOR.dynamic_field("ad_performance", "purchase_roas:omni_purchase")

    assert field is not None
    assert (field.type, field.format, field.additive, field.is_dynamic) == (
        ColumnType.DECIMAL,
        "currency",
        True,
        True,
    )
    assert ratio is not None
    assert not ratio.additive
    assert CONNECTOR.dynamic_field("wide", "spend") is None
    assert CONNECTOR.dynamic_field("no_such_report", "actions:purchase") is None
