"""What a form sent: names and values as typed, read from a bounded, URL-encoded body."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated
from urllib.parse import parse_qs

from fastapi import Depends, Request

from headrace.kit.told import told
from headrace.rest.errors import AppError

_KIND = "application/x-www-form-urlencoded"
_MOST_FIELDS = 20_000


class NotAForm(AppError, status=415):
    """The body is not what a form of ours sends."""

    def __init__(self) -> None:
        super().__init__(told("Send the form as {kind}, in UTF-8.", kind=_KIND))


@dataclass(frozen=True)
class Posted:
    """The fields of a form that was sent."""

    values: Mapping[str, list[str]] = field(default_factory=dict)

    def __contains__(self, name: str) -> bool:
        """Whether a field was sent; a checkbox that is off is not."""
        return name in self.values

    def text(self, name: str, default: str = "") -> str:
        """Return what was typed into a field, without spaces around it."""
        return self.raw(name, default).strip()

    def raw(self, name: str, default: str = "") -> str:
        """Return what was typed into a field as it is, for passwords."""
        return self.values.get(name, [default])[-1]

    def all(self, name: str) -> list[str]:
        """Return every value of a field that may have several."""
        return list(self.values.get(name, []))


async def posted(request: Request) -> Posted:
    """Read the form that a request brings.

    Raises:
        NotAForm: if it brings something else.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    body = await request.body()
    if kind != _KIND and body:
        raise NotAForm
    try:
        text = body.decode("ascii")
        found = parse_qs(text, keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="strict")
    except ValueError as error:
        raise NotAForm from error
    if any("\0" in item for name, values in found.items() for item in (name, *values)):
        raise NotAForm
    return Posted(found)


PostedForm = Annotated[Posted, Depends(posted)]
"""What a handler declares to read the form it got."""
