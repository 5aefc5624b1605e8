"""What an iframe is for, and the rights that takes: pure decisions."""

from enum import StrEnum

from headrace.access.permissions import ALL_PERMISSIONS, Permission


class Purpose(StrEnum):
    """What the iframe opens on."""

    WORKSPACE = "workspace"
    DATASOURCE = "datasource"
    DESTINATION = "destination"


_CONNECTING = frozenset(
    {Permission.CONNECTION_VIEW, Permission.CONNECTION_CREATE, Permission.CONNECTION_EDIT}
)
_DELIVERING = frozenset(
    {Permission.DESTINATION_VIEW, Permission.DESTINATION_CREATE, Permission.DESTINATION_EDIT}
)
# What is above a workspace is never for its customers, whoever opened the iframe for them.
_EVERYTHING_INSIDE = frozenset(item for item in ALL_PERMISSIONS if item.layer != "admin")


def limits(purpose: Purpose, *, is_reconnect: bool) -> frozenset[Permission]:
    """Return the permissions beyond which an iframe's session never goes, whoever opened it."""
    if purpose is Purpose.WORKSPACE:
        return _EVERYTHING_INSIDE
    wide = _CONNECTING if purpose is Purpose.DATASOURCE else _DELIVERING
    creating = {Permission.CONNECTION_CREATE, Permission.DESTINATION_CREATE}
    return wide - creating if is_reconnect else wide


def asked_for(purpose: Purpose, *, is_reconnect: bool) -> Permission:
    """Return the permission a caller needs to open an iframe: that for what it is there to do."""
    if purpose is Purpose.DATASOURCE:
        return Permission.CONNECTION_EDIT if is_reconnect else Permission.CONNECTION_CREATE
    if purpose is Purpose.DESTINATION:
        return Permission.DESTINATION_EDIT if is_reconnect else Permission.DESTINATION_CREATE
    return Permission.CONNECTION_VIEW
