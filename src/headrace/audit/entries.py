"""From an act to what the audit trail says of it; pure."""

import re
from typing import Any

import msgspec

from headrace.rest.acts import Act
from headrace.rest.changes import SEVERAL, Change

SUCCEEDED = "succeeded"
REFUSED = "refused"
_ID = re.compile(r"(?:(\w+)_)?id")
_MOST_BYTES = 32_000
_LONGEST_TEXT = 300


def is_told(act: Act) -> bool:
    """Whether an act that succeeded belongs into the trail.

    Whatever takes more than the right to look does; of the rest, what changed something, such as
    the making of a token. Reading the trail does not: its pages would run away from the reader.
    """
    if act.operation == "list_audit_entries":
        return False
    return act.is_privileged or (not act.is_safe and len(act.changes) > 0)


def is_told_refused(act: Act, status: int) -> bool:
    """Whether a refusal belongs into the trail: of a privileged act, or of a sign-in."""
    if status == 401:
        return act.credential == "basic"
    return act.is_privileged or not act.is_safe


def object_of(act: Act) -> tuple[str, str]:
    """Return the type and id of what an act was about; empty where it was about nothing yet.

    The innermost id of the path, or else the row that was created: the one of the permission's
    layer if there are several.
    """
    ids = [(name, value) for name, value in act.params.items() if _ID.fullmatch(name)]
    if ids:
        name, value = ids[-1]
        found = _ID.fullmatch(name)
        return (found and found[1]) or _noun_before(act.path, value), _cut(str(value))
    rows = [change for change in act.changes if change.verb == "created"] or list(act.changes)
    layer = (act.permission or "").partition(".")[0]
    rows.sort(key=lambda change: change.table != layer)
    if not rows:
        return ("", "")
    return rows[0].table, rows[0].id if rows[0].id != SEVERAL else _answered_id(act)


def _answered_id(act: Act) -> str:
    """The id in the answer, which is that of what was created."""
    try:
        answer = msgspec.json.decode(act.answer.body if act.answer is not None else b"")
    except msgspec.DecodeError:
        return ""
    return _cut(str(answer.get("id", ""))) if isinstance(answer, dict) else ""


def _noun_before(path: str, value: Any) -> str:
    """The part of a path before an id, in the singular: `roles` of `/roles/7`."""
    parts = path.split("/")
    at = parts.index(str(value)) if str(value) in parts else 0
    return parts[at - 1].removesuffix("s") if at else ""


def workspace_of(act: Act) -> int | None:
    """Return the workspace in whose trail an act that succeeded shows."""
    if act.workspace_id is not None:
        return act.workspace_id
    named = act.params.get("workspace_id")
    if named is not None:
        return int(named)
    mentioned = {
        workspace_id
        for change in act.changes
        for workspace_id in [_workspace_id(change)]
        if workspace_id is not None
    }
    return mentioned.pop() if len(mentioned) == 1 else None


def _workspace_id(change: Change) -> int | None:
    if change.table == "workspace" and change.id != SEVERAL:
        return int(change.id)
    value = change.after.get("workspace_id", change.before.get("workspace_id"))
    return value if isinstance(value, int) else None


def changes_of(act: Act) -> list[dict[str, Any]]:
    """Return what an act changed, as far as it fits in 32 kB; the last item counts what does not."""
    told: list[dict[str, Any]] = []
    size = 0
    untold = act.changes.untold
    for change in act.changes:
        item = change.as_json()
        size += len(msgspec.json.encode(item))
        if size > _MOST_BYTES:
            untold += 1
        else:
            told.append(item)
    return [*told, {"untold": untold}] if untold else told


def columns_of(act: Act) -> dict[str, Any]:
    """Return the columns of an entry that every act fills alike."""
    object_type, object_id = object_of(act)
    return {
        "credential": act.credential,
        "address": _cut(act.address),
        "request_id": act.request_id,
        "action": act.operation,
        "permission": act.permission,
        "object_type": object_type,
        "object_id": object_id,
    }


def _cut(text: str) -> str:
    return text.replace("\0", "")[:_LONGEST_TEXT]


def plain_name(username: str) -> str:
    """Return a name that someone claimed, fit to be stored."""
    return _cut(username)
