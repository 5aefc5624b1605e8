"""Meta (Facebook, Instagram) advertising: the Insights of ad accounts."""

from headrace.connectors.sources.facebook.connector import FacebookConnector

CONNECTOR = FacebookConnector()
