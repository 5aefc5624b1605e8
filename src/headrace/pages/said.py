"""What a page says about what was just done: chosen by a code in the address, never free text.

A text taken from the address would let anyone put their words on our page with a link.
"""

from headrace.pages.languages import N_

_TEXTS: dict[str, str] = {
    "saved": N_("Your changes are saved."),
    "deleted": N_("It is deleted."),
}


def say(**texts: str) -> None:
    """Add texts by code, each marked with `N_`; at import, by the area of pages that uses them.

    Raises:
        ValueError: if a code is taken by another text.
    """
    for code, text in texts.items():
        if _TEXTS.setdefault(code, text) != text:
            raise ValueError(f"the code {code!r} says something else already")


def said(code: str | None) -> str:
    """Return the text of a code; empty where there is none."""
    return _TEXTS.get(code or "", "")


def every_text() -> list[str]:
    """Return all texts that were added."""
    return list(_TEXTS.values())
