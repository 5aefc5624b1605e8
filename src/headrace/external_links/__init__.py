"""External authentication links: asking somebody outside for the credentials of one platform."""
