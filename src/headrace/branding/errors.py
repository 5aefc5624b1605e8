"""Refusals of branding."""

from headrace.rest.errors import Invalid


class NoColour(Invalid):
    """A colour is not written as one."""

    def __init__(self, field: str) -> None:
        super().__init__(field, "write the colour as #rrggbb, such as #1f6feb.")


class HardToSee(Invalid):
    """A colour does not stand out from the pages' ground."""

    def __init__(self, field: str, ratio: float, *, is_dark: bool) -> None:
        ground, way = ("dark", "lighter") if is_dark else ("light", "darker")
        super().__init__(
            field,
            f"buttons of this colour can hardly be seen on {ground} pages (contrast {ratio:.1f} "
            f"to 1, at least 3 is needed); give a {way} one.",
        )


class NotAPicture(Invalid):
    """A logo is none of the kinds that are taken, or too large."""

    def __init__(self, field: str, most_bytes: int) -> None:
        super().__init__(
            field,
            f"send a PNG, WebP or JPEG picture of at most {most_bytes // 1024} kB, as base64.",
        )
