"""The one place that says which Graph API version is spoken, and until when it is served."""

API_VERSION = "v26.0"
"""Released 29 July 2026 (Graph API changelog)."""

SUNSET = "2028-07-29"
"""Meta serves a version for at least two years and names the day when its successor appears, which
for v26 has not happened: this is the earliest day it can end. Marketing endpoints then answer error
2635 instead of moving on to a newer version."""
