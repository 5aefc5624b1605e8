"""What Meta's campaigns are in the columns that all advertising platforms have in common.

A conversion is a purchase anywhere: `omni_purchase` counts each once, whether it happened on a
website, in an app or in a shop; adding Meta's other purchase types to it would count some twice.
"""

from headrace.connectors.paid_media import PaidMediaMapping
from headrace.connectors.sources.facebook.actions import ACCOUNT_DEFAULT

PAID_MEDIA = PaidMediaMapping(
    template="campaign_daily",
    fields={
        "date": "date_start",
        "campaign_id": "campaign_id",
        "campaign_name": "campaign_name",
        "spend": "spend",
        "impressions": "impressions",
        "clicks": "clicks",
        "conversions": "actions:omni_purchase",
        "revenue": "action_values:omni_purchase",
    },
    currency_field="account_currency",
    settings={"attribution_windows": [ACCOUNT_DEFAULT]},
)
