"""Extract templates: making them, looking into what they would give, choosing settings."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import pytest

from e2e.comparing import days_ago
from e2e.stories.stage import Stage
from fakes.api_callers import wait_for
from headrace.client import ApiError, models

HASHED = "Hashed campaigns"
WIDE = "Spend by device"
_SOURCE = "demo_ads"
_FIELDS = ["date", "campaign_id", "campaign_name", "spend"]


def templates_are_made(stage: Stage) -> None:
    """A template of the agency's own is listed, read, and has what it was given."""
    api = stage.customer.api
    parent = stage.customer.template("Campaigns by day")
    offered = api.get_template(_SOURCE, parent.id)
    assert {*_FIELDS, "clicks"} <= {item.name for item in offered.fields}
    assert (offered.is_global, bool(offered.sql_name)) == (True, True)
    made = api.create_template(
        _SOURCE,
        models.TemplateIn(
            parent_id=parent.id, title=HASHED, fields=_FIELDS, hashed_fields=["campaign_name"]
        ),
    )
    read = api.get_template(_SOURCE, made.id)
    assert (read.title, read.parent_id, read.is_global) == (HASHED, parent.id, False)
    assert {item.name for item in read.fields if item.selected} == set(_FIELDS)
    assert read.hashed_fields == ["campaign_name"]
    assert [item.id for item in api.list_templates(_SOURCE, type="custom").results] == [made.id]
    # It is the agency's: its other workspaces have it too.
    assert stage.other.template(HASHED).id == made.id


def wide_templates_are_checked(stage: Stage) -> None:
    """Fields of a wide template are what the data source itself agrees to."""
    api = stage.customer.api
    parent = stage.customer.template("Any dimensions and metrics")
    connection_id = stage.accounts["demo-1001"].connection_id

    def make(title: str, *fields: str) -> models.ExtractTemplate:
        asked = models.TemplateIn(
            parent_id=parent.id, title=title, fields=list(fields), connection_id=connection_id
        )
        return api.create_template(_SOURCE, asked)

    made = make(WIDE, "date", "device", "spend")
    compact = api.get_template_compact(made.id)
    assert (compact.id, compact.datasource_name, compact.is_wide_template) == (
        made.id, _SOURCE, True,
    )  # fmt: skip
    with pytest.raises(ApiError, match="country"):
        make("Both", "date", "device", "country", "spend")
    assert api.list_templates(_SOURCE, search="Both").count == 0


def previews_store_nothing(stage: Stage) -> None:
    """A preview is what the network says of those days, and leaves nothing behind."""
    api = stage.customer.api
    tables = api.list_data_tables().count
    preview = _preview(stage)
    assert [column.name for column in preview.columns][:3] == ["date", "campaign_id", "spend"]
    assert not preview.truncated
    totals = stage.network.totals(
        "demo-1001", str(preview.date_from), str(preview.date_to), "campaign"
    )
    assert _sum(preview.rows, "spend") == Decimal(totals["spend"]) > 0
    assert _sum(preview.rows, "conversions") == Decimal(totals["conversions"])
    assert api.list_data_tables().count == tables


def options_narrow_what_is_read(stage: Stage) -> None:
    """A choice that the data source offers makes conversions fewer."""
    asked = models.OptionsIn(
        template_id=stage.customer.template("Campaigns by day").id,
        connection_id=stage.accounts["demo-1001"].connection_id,
        account_ids=["demo-1001"],
        custom_setting_name="conversion_actions",
        search_query="PURCH",
    )
    answer = stage.customer.api.load_custom_setting_options(_SOURCE, asked)
    (account,) = answer.accounts
    assert (account.account_id, account.search_applied) == ("demo-1001", True)
    (option,) = account.results
    assert (option.value, option.label) == ("purchase", "Purchase")
    narrowed = _preview(stage, conversion_actions=[option.value])
    every_action = _sum(_preview(stage).rows, "conversions")
    assert 0 < _sum(narrowed.rows, "conversions") < every_action


def validation_foretells_creation(stage: Stage) -> None:
    """What validation finds wrong is refused when an extract is made of it, or fails there."""
    api = stage.customer.api
    template = stage.customer.template("Any dimensions and metrics")
    account = stage.accounts["demo-1001"]

    def validated(*fields: str) -> models.ExtractTemplateValidation:
        settings = models.ValidationSettings(fields=list(fields))
        body = models.ValidationIn(accounts=[account.id], template_settings=settings)
        return api.validate_template(template.id, body)

    good = validated("date", "device", "spend")
    assert (good.is_valid, good.errors) == (True, [])
    unknown, clashing = validated("date", "nonsense"), validated("date", "device", "country")
    for found, word in ((unknown, "nonsense"), (clashing, "country")):
        assert not found.is_valid
        assert word in found.errors[0].message

    def extract(title: str, *fields: str) -> models.Extract:
        chosen = list(fields)
        return stage.customer.extract(account, days_ago(1), title, template.title, fields=chosen)

    with pytest.raises(ApiError, match="nonsense"):
        extract("Never", "date", "nonsense")
    assert api.list_data_tables(search="Never").count == 0
    failing = extract("Clash", "date", "device", "country")
    told = wait_for(lambda: api.get_extract(failing.id), "synced", "error")
    assert told.status == "error"
    assert "country" in (told.error_text or "")
    api.delete_extract(failing.id)


def _preview(stage: Stage, **settings: Any) -> models.ExtractTemplatePreview:
    asked = models.PreviewIn(
        connection_id=stage.accounts["demo-1001"].connection_id,
        fields=["date", "campaign_id", "spend", "conversions"],
        accounts=["demo-1001"],
        custom_settings=settings,
    )
    template = stage.customer.template("Campaigns by day")
    return stage.customer.api.preview_template(template.id, asked)


def _sum(rows: Iterable[dict[str, Any]], name: str) -> Decimal:
    return sum((Decimal(str(row[name] or 0)) for row in rows), Decimal(0))
