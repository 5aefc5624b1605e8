"""Names fit for SQL: made from any text, unique within their set, at most 63 bytes."""

import hashlib
import re
import unicodedata
from collections.abc import Collection

MAX_NAME_LENGTH = 63
_UNFIT = re.compile(r"[^a-z0-9]+")


def sql_name(text: str) -> str:
    """Make a snake_case name of at most 63 ASCII characters that starts with a letter or `_`.

    A text without any usable character (a name in another script, say) becomes `c_` and a digest,
    so that two such texts stay apart.
    """
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    name = _UNFIT.sub("_", plain).strip("_")
    if not name:
        name = "c_" + hashlib.sha256(text.encode()).hexdigest()[:8]
    if name[0].isdigit():
        name = "_" + name
    return name[:MAX_NAME_LENGTH].rstrip("_")


def unique_sql_name(text: str, taken: Collection[str]) -> str:
    """Make a name as `sql_name` does that is not in `taken`, numbering it where needed."""
    base = sql_name(text)
    if base not in taken:
        return base
    number = 2
    while True:
        suffix = f"_{number}"
        candidate = base[: MAX_NAME_LENGTH - len(suffix)] + suffix
        if candidate not in taken:
            return candidate
        number += 1
