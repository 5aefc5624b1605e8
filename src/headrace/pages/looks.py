"""How an agency's pages look: what its branding sets, checked so that it can stand in a style sheet."""

import re
from dataclasses import dataclass
from typing import Literal

_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
FONTS = {
    "system": 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif',
    "humanist": 'Seravek, "Gill Sans Nova", Ubuntu, Calibri, "DejaVu Sans", sans-serif',
    "geometric": 'Avenir, Montserrat, Corbel, "URW Gothic", sans-serif',
    "serif": 'Charter, "Bitstream Charter", "Sitka Text", Cambria, serif',
}
"""Font stacks by name; every one is made of fonts that visitors have, so that nothing is loaded."""
_DARK_INK, _LIGHT_INK = "#000000", "#ffffff"
LIGHT_GROUND, DARK_GROUND = "#f6f8f9", "#161b22"
"""What buttons stand on, by theme: of the grounds of `base.css` those that show an accent least."""


def is_colour(text: str) -> bool:
    """Whether a text is a colour as branding takes it: `#1f6feb`."""
    return _COLOUR.fullmatch(text) is not None


def luminance(colour: str) -> float:
    """Return the relative luminance of a colour, 0 to 1 (WCAG 2.2)."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours, 1 to 21 (WCAG 2.2)."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@dataclass(frozen=True)
class Look:
    """An agency's branding.

    name: what the pages call the product; empty: nothing. logo_url, logo_dark_url: addresses on
    this server, or empty. accent, accent_dark: colours `#rrggbb` of buttons and links by theme;
    empty: ours. radius: of corners, in pixels. font: a name of `FONTS`.
    """

    name: str = ""
    logo_url: str = ""
    logo_dark_url: str = ""
    accent: str = ""
    accent_dark: str = ""
    radius: int = 8
    font: str = "system"
    theme: Literal["auto", "light", "dark"] = "auto"

    def css(self) -> str:
        """Return the custom properties that differ from the style sheet's, as declarations.

        The ink on the accent is whichever of black and white can be read better. The accent as text
        is mixed towards the page's ink in the style sheet, so that a pale one stays readable.
        """
        found = [f"--radius: {int(self.radius)}px"] if self.radius != Look.radius else []
        if self.font in FONTS and self.font != Look.font:
            found.append(f"--font: {FONTS[self.font]}")
        light = self.accent if is_colour(self.accent) else ""
        dark = self.accent_dark if is_colour(self.accent_dark) else light
        if light:
            found.append(f"--accent: light-dark({light}, {dark})")
            found.append(f"--on-accent: light-dark({_ink_on(light)}, {_ink_on(dark)})")
            found.append(f"--link: light-dark({_readable(light, '#ffffff', '#000000')},")
            found[-1] += f" {_readable(dark, '#161b22', '#ffffff')})"
        return "; ".join(found)


def _ink_on(colour: str) -> str:
    return max((_DARK_INK, _LIGHT_INK), key=lambda ink: contrast(ink, colour))


def _readable(colour: str, ground: str, towards: str) -> str:
    """Return the colour, mixed with another as far as it takes to be read on a ground (4.5:1)."""
    for share in range(0, 101, 10):
        mixed = _mixed(colour, towards, share / 100)
        if contrast(mixed, ground) >= 5.2:
            return mixed
    return towards


def _mixed(one: str, other: str, share: float) -> str:
    parts = (
        round(int(one[at : at + 2], 16) * (1 - share) + int(other[at : at + 2], 16) * share)
        for at in (1, 3, 5)
    )
    return "#" + "".join(f"{part:02x}" for part in parts)
