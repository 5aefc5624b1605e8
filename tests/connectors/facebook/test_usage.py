"""The usage headers, and what they make the connector do."""

import pytest

from headrace.connectors.sources.facebook.usage import Usage, pause_seconds, read_usage


@pytest.mark.parametrize(
    ("headers", "usage"),
    [
        ({}, Usage()),
        ({"x-app-usage": '{"call_count":16,"total_cputime":25,"total_time":12}'}, Usage(25)),
        (
            {
                "x-business-use-case-usage": '{"9":[{"type":"ads_insights","call_count":90,'
                '"total_cputime":1,"total_time":2,"estimated_time_to_regain_access":0}]}'
            },
            Usage(90),
        ),
        (
            {
                "x-business-use-case-usage": '{"9":[{"call_count":100,'
                '"estimated_time_to_regain_access":7}],"8":[{"call_count":3}]}'
            },
            Usage(100, 420),
        ),
        ({"x-ad-account-usage": '{"acc_id_util_pct":9.67,"reset_time_duration":50}'}, Usage(9.67)),
        (
            {"x-ad-account-usage": '{"acc_id_util_pct":100,"reset_time_duration":50}'},
            Usage(100, 50),
        ),
        (
            {"x-fb-ads-insights-throttle": '{"app_id_util_pct":80.5,"acc_id_util_pct":10}'},
            Usage(80.5),
        ),
        ({"x-app-usage": "not json", "x-ad-account-usage": "[1]"}, Usage()),
        ({"x-app-usage": '{"call_count":"many","total_time":null}'}, Usage()),
    ],
)
def test_headers_are_read(headers: dict[str, str], usage: Usage) -> None:
    assert read_usage(headers) == usage


@pytest.mark.parametrize(
    ("percent", "seconds"), [(0, 0), (75, 0), (80, 6), (90, 18), (100, 30), (250, 30)]
)
def test_waiting_grows_above_three_quarters(percent: float, seconds: float) -> None:
    assert pause_seconds(Usage(percent)) == pytest.approx(seconds)
