"""Refusals of branding."""

from headrace.kit.told import told
from headrace.rest.errors import Invalid


class NoColour(Invalid):
    """A colour is not written as one."""

    def __init__(self, field: str) -> None:
        super().__init__(field, told("write the colour as #rrggbb, such as #1f6feb."))


class HardToSee(Invalid):
    """A colour does not stand out from the pages' ground."""

    def __init__(self, field: str, ratio: float, *, is_dark: bool) -> None:
        super().__init__(
            field,
            told(
                "buttons of this colour can hardly be seen on dark pages (contrast {ratio:.1f} to "
                "1, at least 3 is needed); give a lighter one.",
                ratio=round(ratio, 1),
            )
            if is_dark
            else told(
                "buttons of this colour can hardly be seen on light pages (contrast {ratio:.1f} to "
                "1, at least 3 is needed); give a darker one.",
                ratio=round(ratio, 1),
            ),
        )


class NotAPicture(Invalid):
    """A logo is none of the kinds that are taken, or too large."""

    def __init__(self, field: str, most_bytes: int) -> None:
        super().__init__(
            field,
            told(
                "send a PNG, WebP or JPEG picture of at most {most} kB, as base64.",
                most=most_bytes // 1024,
            ),
        )
