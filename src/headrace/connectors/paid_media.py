"""What advertising platforms have in common: the columns of paid media, and where they come from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from headrace.kit.columns import ColumnType


@dataclass(frozen=True)
class PaidMediaMapping:
    """How a report's fields become the columns that all advertising platforms have in common.

    The columns: date, account_id, account_name, currency, campaign_id, campaign_name, spend,
    impressions, clicks, conversions, revenue; a row a campaign and day. `account_id` and
    `account_name` are in every data table.

    template: the code of the global template to extract.
    fields: the report's field for each of `PAID_MEDIA_COLUMNS`.
    currency_field: the field that holds the currency of `spend` and `revenue`; None where it is the
        account's (`Account.currency`).
    settings: custom settings on which the meaning of the fields rests.
    """

    template: str
    fields: Mapping[str, str]
    currency_field: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def extracted_fields(self) -> tuple[str, ...]:
        """The fields to extract."""
        currency = () if self.currency_field is None else (self.currency_field,)
        return (*self.fields.values(), *currency)


PAID_MEDIA_COLUMNS = {
    "date": ColumnType.DATE,
    "campaign_id": ColumnType.STRING,
    "campaign_name": ColumnType.STRING,
    "spend": ColumnType.DECIMAL,
    "impressions": ColumnType.INTEGER,
    "clicks": ColumnType.INTEGER,
    "conversions": ColumnType.DECIMAL,
    "revenue": ColumnType.DECIMAL,
}
"""What `PaidMediaMapping.fields` names, with the types of the common columns.

Conversions are decimals since platforms share them out; a narrower type of a field widens.
"""
