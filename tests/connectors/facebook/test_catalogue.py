"""The catalogue against the vendor's reference, and the reports and templates made from it."""

import json
from pathlib import Path

from headrace.connectors.contract import SYSTEM_FIELDS, FieldKind
from headrace.connectors.sources.facebook import CONNECTOR
from headrace.connectors.sources.facebook.actions import LISTS
from headrace.connectors.sources.facebook.breakdowns import BREAKDOWNS, check_breakdowns
from headrace.connectors.sources.facebook.catalogue import SCALARS, Level
from headrace.connectors.sources.facebook.plan import plan_insights
from headrace.connectors.sources.facebook.reports import SHAPES
from headrace.kit.columns import ColumnType

REFERENCE = json.loads(
    (Path(__file__).parents[2] / "fixtures" / "meta" / "field_catalog.json").read_text()
)
VENDOR_FIELDS = REFERENCE["ad-account/insights"]["fields"]

LEFT_OUT = {
    # Fields of an experiment, never open to all.
    "auction_bid", "auction_competitiveness", "auction_max_competitor_bid", "wish_bid",
    "dda_countby_convs", "cost_per_dda_countby_convs", "dda_results", "shops_assisted_purchases",
    # Lists of another shape than {action_type, value}.
    "results", "result_rate", "cost_per_result", "video_play_curve_actions",
    "video_play_retention_0_to_15s_actions", "video_play_retention_20_to_60s_actions",
    "video_play_retention_graph_actions",
    # Need a product breakdown of their own.
    "converted_product_quantity", "converted_product_value",
}  # fmt: skip


def test_every_field_of_the_reference_is_declared_or_left_out_by_name() -> None:
    known = {*SCALARS, *LISTS, *LEFT_OUT, "account_id", "account_name"}

    assert set(VENDOR_FIELDS) - known == set()
    assert set(VENDOR_FIELDS) >= LEFT_OUT
    assert not LEFT_OUT & {*SCALARS, *LISTS}


def test_types_agree_with_the_reference() -> None:
    for name, vendor_type in VENDOR_FIELDS.items():
        if name in SCALARS:
            is_number = SCALARS[name].field.kind is FieldKind.METRIC
            assert is_number == (vendor_type == "NUMBER"), name
        if name in LISTS:
            assert vendor_type == "ARRAY", name


def test_breakdowns_of_the_reference_are_offered() -> None:
    offered = {name for report in REFERENCE.values() for name in report["breakdowns"]}

    assert offered
    assert offered <= set(BREAKDOWNS)


def test_no_number_is_a_float_and_no_id_a_number() -> None:
    for report in CONNECTOR.spec.reports:
        for field in report.fields:
            assert field.type is not ColumnType.FLOAT
            assert not field.name.endswith("_id") or field.type is ColumnType.STRING
            assert field.name not in SYSTEM_FIELDS


def test_ratios_and_counts_of_people_are_not_to_be_added_up() -> None:
    wide = {field.name: field for field in CONNECTOR.spec.report("wide").fields}

    for name in ("ctr", "cpc", "cpm", "cpp", "frequency", "reach", "unique_clicks"):
        assert not wide[name].additive, name
    for name in ("impressions", "spend", "clicks", "actions:purchase"):
        assert wide[name].additive, name


def test_every_report_can_be_read_with_all_it_declares() -> None:
    for shape in SHAPES.values():
        report = CONNECTOR.spec.report(shape.name)
        names = [field.name for field in report.fields if field.name not in BREAKDOWNS]
        plan = plan_insights(shape, [*names, *shape.breakdowns], {})
        assert [item.column.name for item in plan.columns] == [*names, *shape.breakdowns]


def test_reports_with_fixed_breakdowns_reach_back_as_far_as_the_others() -> None:
    for shape in SHAPES.values():
        if shape.breakdowns:
            names = {field.name for field in CONNECTOR.spec.report(shape.name).fields}
            assert not names & {"reach", "frequency", "unique_clicks"}, shape.name
            check_breakdowns(shape.breakdowns, ["impressions"], Level.CAMPAIGN)


def test_templates_choose_fields_that_exist_and_all_that_are_mandatory() -> None:
    templates = {template.code: template for template in CONNECTOR.spec.templates}

    assert len(templates) == len(CONNECTOR.spec.templates) >= 5
    for template in templates.values():
        fields = {field.name: field for field in CONNECTOR.spec.report(template.report).fields}
        chosen = set(template.selected_fields)
        assert chosen <= set(fields), template.code
        assert {name for name in fields if fields[name].mandatory} <= chosen, template.code
        plan_insights(SHAPES[template.report], template.selected_fields, template.settings)
