"""What the states of things are called on pages, and the shape they have there."""

from dataclasses import dataclass

from headrace.pages.languages import N_


@dataclass(frozen=True)
class Status:
    """A state in words. kind: the shape and tone of its badge, as `ui.badge` has them."""

    label: str
    kind: str


UNKNOWN = Status(N_("Unknown"), "idle")

OF_CONNECTION = {
    "active": Status(N_("Working"), "good"),
    "error": Status(N_("Needs to be reconnected"), "bad"),
}
OF_ACCOUNTS = {
    "loading": Status(N_("Being listed"), "busy"),
    "active": Status(N_("Listed"), "good"),
    "no_accounts": Status(N_("None found"), "warn"),
    "error": Status(N_("Could not be listed"), "bad"),
}
OF_PIPELINE = {
    "init": Status(N_("Not run yet"), "idle"),
    "syncing": Status(N_("Running"), "busy"),
    "synced": Status(N_("Up to date"), "good"),
    "paused": Status(N_("Paused"), "idle"),
    "error": Status(N_("Failed"), "bad"),
}
"""Of extracts and loads (contract section 2)."""
OF_RUN = {
    "waiting": Status(N_("Waiting"), "idle"),
    "admitted": Status(N_("About to begin"), "busy"),
    "running": Status(N_("Running"), "busy"),
    "paused": Status(N_("Paused"), "idle"),
    "succeeded": Status(N_("Succeeded"), "good"),
    "failed": Status(N_("Failed"), "bad"),
    "cancelled": Status(N_("Cancelled"), "warn"),
}
OF_WINDOW = {
    "waiting": Status(N_("Waiting"), "idle"),
    "reading": Status(N_("Being read"), "busy"),
    "done": Status(N_("Done"), "good"),
    "failed": Status(N_("Failed"), "bad"),
    "not_read": Status(N_("Not read"), "warn"),
}
OF_DESTINATION = {
    "initializing": Status(N_("Being checked"), "busy"),
    "active": Status(N_("Working"), "good"),
    "error": Status(N_("Needs attention"), "bad"),
}
OF_DAYS = {
    "final": Status(N_("Final"), "good"),
    "provisional": Status(N_("May still change"), "warn"),
    "empty": Status(N_("Without rows"), "idle"),
    "failed": Status(N_("Failed"), "bad"),
}
OF_ENDPOINT = {
    "unverified": Status(N_("Not verified"), "warn"),
    "active": Status(N_("Active"), "good"),
    "disabled": Status(N_("Disabled"), "bad"),
}
OF_DELIVERY = {
    "pending": Status(N_("Pending"), "busy"),
    "delivered": Status(N_("Delivered"), "good"),
    "failed": Status(N_("Failed"), "bad"),
}
UNFINISHED = ("waiting", "admitted", "running")
"""Runs that a page looks at again by itself."""
KINDS = {
    "extract": N_("Extract"),
    "load": N_("Load"),
    "account_refresh": N_("List of accounts"),
    "destination_check": N_("Check of a destination"),
    "recipe_build": N_("Recipe"),
    "automated_recipe_build": N_("Automated recipe"),
}
"""What runs are of."""
TRIGGERS = {
    "create": N_("it was created"),
    "schedule": N_("its schedule"),
    "backfill": N_("more history is wanted"),
    "reconnect": N_("it was connected again"),
    "automated_recipe": N_("an automated recipe needs it"),
    "manual": N_("somebody asked for it"),
    "replay": N_("somebody had a failed run done again"),
    "after_extraction": N_("new data came in"),
}
"""What started a run."""
