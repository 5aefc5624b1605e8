"""What stands between the rows a source gives and the rows stored: filters, then digests."""

from dataclasses import dataclass

import pyarrow as pa
from sqlalchemy.orm import Session

from headrace.extracts.choices import hashed_with
from headrace.extracts.parts import Parts
from headrace.templates import queries as templates
from headrace.templates.filters import Filter, filtered, parse_filters
from headrace.templates.hashing import hashed
from headrace.tenancy.scope import WorkspaceScope


@dataclass(frozen=True)
class Screen:
    """Which rows may be stored, and which of their values only as digests.

    salt: the agency's; empty where nothing is hashed.
    """

    filters: tuple[Filter, ...]
    hashed_fields: frozenset[str]
    salt: bytes

    def shown(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Return what may be stored of a batch.

        Raises:
            Refused: if a filter does not fit the rows.
        """
        if self.filters:
            batch = filtered(batch, self.filters)
        return hashed(batch, self.hashed_fields, self.salt) if self.hashed_fields else batch


def screen_of(session: Session, scope: WorkspaceScope, parts: Parts) -> Screen:
    """Return what an extract's own choices and its template's hide, for one run."""
    fields = frozenset(hashed_with(parts.template, parts.extract.hashed_fields))
    return Screen(
        filters=parse_filters(parts.extract.custom_filters, None),
        hashed_fields=fields,
        salt=templates.salt_of(session, scope.agency_id) if fields else b"",
    )
