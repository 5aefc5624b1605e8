"""What Demo Ads' campaigns are in the columns that all advertising platforms have in common."""

from headrace.connectors.paid_media import PaidMediaMapping

PAID_MEDIA = PaidMediaMapping(
    template="campaigns_daily",
    fields={
        "date": "date",
        "campaign_id": "campaign_id",
        "campaign_name": "campaign_name",
        "spend": "spend",
        "impressions": "impressions",
        "clicks": "clicks",
        "conversions": "conversions",
        "revenue": "revenue",
    },
    settings={"attribution": "7d_click"},
)
