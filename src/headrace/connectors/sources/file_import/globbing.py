"""File name patterns: `*` and `?` inside one folder, `**` across folders, `[…]` one character."""

import re

_SPECIAL = re.compile(r"[*?\[]")


def is_pattern(path: str) -> bool:
    """Whether a path holds a character that patterns give a meaning."""
    return _SPECIAL.search(path) is not None


def literal_prefix(pattern: str) -> str:
    """Return the part before the first special character."""
    found = _SPECIAL.search(pattern)
    return pattern[: found.start()] if found else pattern


def matcher(pattern: str) -> re.Pattern[str]:
    """Compile a pattern; use `fullmatch` on paths with `/` between folders.

    `**/` also matches no folder at all, so `logs/**/x.csv` finds `logs/x.csv`.
    """
    result, position = "", 0
    while position < len(pattern):
        part, position = _next_part(pattern, position)
        result += part
    return re.compile(result, re.DOTALL)


def _next_part(pattern: str, position: int) -> tuple[str, int]:
    """Translate what stands at `position`; return it and where the rest begins."""
    if pattern.startswith("**/", position):
        return "(?:.*/)?", position + 3
    if pattern.startswith("**", position):
        return ".*", position + 2
    character = pattern[position]
    if character == "*":
        return "[^/]*", position + 1
    if character == "?":
        return "[^/]", position + 1
    if character == "[":
        return _character_class(pattern, position)
    return re.escape(character), position + 1


def _character_class(pattern: str, position: int) -> tuple[str, int]:
    end = pattern.find("]", position + 2)
    if end < 0:
        return re.escape("["), position + 1
    inner = pattern[position + 1 : end].replace("\\", r"\\").replace("[", r"\[")
    if inner[0] in "!^":
        inner = "^/" + inner[1:]
    return f"[{inner}]", end + 1
