"""What happens to values that are not what their column says: the run's policy, applied."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from headrace.connectors.contract import BadValues, Journal
from headrace.kit.outcomes import Refused
from headrace.kit.told import Told, told

WHOLE_ROW = "(whole row)"
"""Stands for the column where a row as a whole was left out and counted."""
_SHOWN_CHARACTERS = 80


@dataclass(frozen=True)
class Tolerance:
    """Counts bad values, or refuses the file at the first one.

    `place` tells where in the file a row is, from the number the reader gave it.
    """

    policy: BadValues
    journal: Journal
    file: str
    place: Callable[[int], Told | str] = str
    types: Mapping[str, str] = field(default_factory=dict)

    def placed(self, place: Callable[[int], Told | str], types: Mapping[str, str]) -> "Tolerance":
        """Return the same policy knowing the file's rows and the types of its columns."""
        return replace(self, place=place, types=types)

    @property
    def fails(self) -> bool:
        """Whether the first bad value ends the read."""
        return self.policy is BadValues.FAIL

    def bad_value(self, column: str, row_number: int, value: str) -> None:
        """Take note of a bad value.

        Raises:
            Refused: if the policy is to fail; the message names row, column and value.
        """
        shown = value[:_SHOWN_CHARACTERS]
        if not self.fails:
            self.journal.count_bad_value(column, row_number, shown)
            return
        wrong = (
            told("is not of type {type}", type=self.types.get(column, "text"))
            if value
            else told("is missing")
        )
        raise Refused(
            told(
                "{file}, {place}, column {column!r}: the value {shown!r} {wrong}. Correct it, "
                "give the column another type, or let the extract count bad values.",
                file=self.file,
                place=self.place(row_number),
                column=column,
                shown=shown,
                wrong=wrong,
            )
        )
