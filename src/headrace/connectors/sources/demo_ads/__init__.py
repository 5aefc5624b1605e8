"""Demo Ads: the advertising network that comes with the product, read like any other."""

from headrace.connectors.sources.demo_ads.connector import DemoAdsConnector

CONNECTOR = DemoAdsConnector()
