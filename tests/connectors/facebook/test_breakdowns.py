"""Which breakdowns Meta combines, and with which metrics."""

import pytest

from headrace.connectors.sources.facebook.breakdowns import (
    ASSETS,
    BREAKDOWNS,
    PERMITTED,
    check_breakdowns,
)
from headrace.connectors.sources.facebook.catalogue import Level
from headrace.kit.outcomes import Refused

PLAIN = ["impressions", "spend", "clicks"]
HOURS = "hourly_stats_aggregated_by_advertiser_time_zone"


@pytest.mark.parametrize("picked", sorted(map(sorted, PERMITTED)))
def test_every_permitted_set_passes(picked: list[str]) -> None:
    metrics = ["reach"] if picked == ["frequency_value"] else PLAIN

    check_breakdowns(picked, metrics, Level.AD)

    assert set(picked) <= set(BREAKDOWNS)


@pytest.mark.parametrize(
    ("picked", "advice"),
    [
        (["age", "country"], "Use one of these: age; country."),
        (["platform_position"], "make platform_position, publisher_platform."),
        (["impression_device"], "make impression_device, publisher_platform."),
        (["age", "gender", "region"], "age, gender; age; gender; region."),
        (["image_asset", "body_asset"], "body_asset; image_asset."),
        (["dma"], "Use one of these"),
    ],
)
def test_other_sets_are_refused_with_a_way_out(picked: list[str], advice: str) -> None:
    with pytest.raises(Refused, match="does not combine") as refused:
        check_breakdowns(picked, PLAIN, Level.AD)

    assert advice in str(refused.value)


@pytest.mark.parametrize(
    ("picked", "unfit"),
    [
        ([HOURS], "reach"),
        ([HOURS], "frequency"),
        ([HOURS], "unique_clicks"),
        ([HOURS], "video_p25_watched_actions"),
        ([HOURS], "cost_per_unique_action_type"),
        (["image_asset"], "inline_link_clicks"),
        (["image_asset", "age"], "purchase_roas"),
        (["frequency_value"], "impressions"),
        (["region"], "video_p75_watched_actions"),
    ],
)
def test_metrics_that_do_not_go_with_a_breakdown_are_named(picked: list[str], unfit: str) -> None:
    with pytest.raises(Refused, match=f"does not report {unfit} broken down by"):
        check_breakdowns(picked, [unfit], Level.AD)


def test_images_have_no_figures_for_a_whole_account() -> None:
    with pytest.raises(Refused, match="select campaign_id"):
        check_breakdowns(["image_asset"], PLAIN, Level.ACCOUNT)

    check_breakdowns(["body_asset"], PLAIN, Level.ACCOUNT)
    assert "image_asset" in ASSETS
