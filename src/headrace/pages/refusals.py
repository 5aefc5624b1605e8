"""What was wrong with a form: in all, and at which field."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from pydantic import ValidationError

from headrace.kit.told import Told, joined
from headrace.pages.body_checks import message_of
from headrace.rest.errors import AppError


@dataclass(frozen=True)
class Refusal:
    """Why a form was refused.

    status: of the answer. message: in all; None where the fields say it. by_field: by the field's
    name as the API knows it, such as `settings.url`. Both are said in the visitor's language where
    they are shown.
    """

    status: int = 400
    message: Told | None = None
    by_field: Mapping[str, list[Told]] = field(default_factory=dict)

    @classmethod
    def of_error(cls, error: AppError) -> Self:
        """Return what a service's refusal says."""
        return cls(error.status, error.message, error.by_field)

    @classmethod
    def of_validation(cls, error: ValidationError) -> Self:
        """Return what the check of a body says."""
        found: dict[str, list[Told]] = {}
        for item in error.errors():
            name = ".".join(str(step) for step in item["loc"])
            found.setdefault(name, []).append(message_of(item))
        whole = found.get("", [])
        is_of_the_whole = whole and found.keys() == {""}
        return cls(400, joined(whole) if is_of_the_whole else None, found)

    def at(self, name: str) -> list[Told]:
        """Return what is said at a field; by its full name or, for short, the last part."""
        if name in self.by_field:
            return self.by_field[name]
        return [
            text
            for key, texts in self.by_field.items()
            if key.rpartition(".")[2] == name or key == name.rpartition(".")[2]
            for text in texts
        ]
