"""Write docs/settings.md from the settings' own descriptions: `make settings-page`."""

from pathlib import Path

from headrace.doctor import described_settings

PAGE = Path(__file__).parents[1] / "docs" / "settings.md"
_INTRODUCTION = """# Settings

Every setting is an environment variable. `headrace doctor --settings` prints this list, and
`headrace doctor` says whether the server can work with the values it finds.

Written by `make settings-page` from `src/headrace/settings.py` and `run_settings.py`; edit it there.
"""


def page() -> str:
    """Return the page as it should be."""
    parts = [_INTRODUCTION]
    for name, description, default in described_settings():
        shown = f"Default: `{default}`." if default not in {"", "{}", "[]"} else "Default: empty."
        parts.append(f"## `{name}`\n\n{description}\n\n{shown}\n")
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page())
