"""The tables of the table store: files in the lake, and which days of them are live."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from headrace.db.base import Base, BigId, CreatedAt


class StoredFile(Base):
    """An immutable file of the lake, or the mark that an orphan of that path was swept.

    `first_date` and `last_date` are the days its rows really hold, None without a date field.
    """

    __tablename__ = "lake_file"
    __table_args__ = (
        CheckConstraint("swept_at IS NOT NULL OR row_count > 0", name="has_rows"),
        CheckConstraint("(first_date IS NULL) = (last_date IS NULL)", name="both_dates"),
        Index(None, "swept_at", postgresql_where=text("swept_at IS NOT NULL")),
    )

    id: Mapped[BigId]
    path: Mapped[str] = mapped_column(unique=True)
    workspace_id: Mapped[int] = mapped_column(index=True)
    row_count: Mapped[int]
    byte_count: Mapped[int]
    first_date: Mapped[date | None]
    last_date: Mapped[date | None]
    inserted_at: Mapped[datetime]
    swept_at: Mapped[datetime | None]


class StoredSegment(Base):
    """The rows of one account with a date in [first_day, last_day] of one file.

    They are live while `dead_at` is None. Without a file the days were read and hold no rows;
    without days the segment is the whole account. `origin` and `inserted_at` are those of the file
    that the rows were first written to, where compaction has moved them since.
    """

    __tablename__ = "segment"
    __table_args__ = (
        CheckConstraint("(first_day IS NULL) = (last_day IS NULL)", name="both_days"),
        CheckConstraint("first_day <= last_day", name="days_in_order"),
        CheckConstraint("state IN ('final', 'provisional', 'empty')", name="state"),
        CheckConstraint("state <> 'empty' OR file_id IS NULL", name="empty_without_file"),
        CheckConstraint("(origin IS NULL) = (inserted_at IS NULL)", name="both_origins"),
        Index(
            "ix_segment_live",
            "table_id",
            "account_id",
            "first_day",
            postgresql_where=text("dead_at IS NULL"),
        ),
        Index(None, "dead_at", postgresql_where=text("dead_at IS NOT NULL")),
    )

    id: Mapped[BigId]
    table_id: Mapped[int]
    workspace_id: Mapped[int] = mapped_column(index=True)
    account_id: Mapped[str]
    first_day: Mapped[date | None]
    last_day: Mapped[date | None]
    file_id: Mapped[int | None] = mapped_column(ForeignKey(StoredFile.id), index=True)
    state: Mapped[str]
    run_id: Mapped[int | None]
    origin: Mapped[str | None]
    inserted_at: Mapped[datetime | None]
    created_at: Mapped[CreatedAt]
    dead_at: Mapped[datetime | None]


class StoredMark(Base):
    """Days of an account that a run was to read and has not (None: the whole account).

    kind: `failed` for good, or `doubted` and asked for again; see `ledger.MarkKind`.
    """

    __tablename__ = "day_mark"
    __table_args__ = (
        CheckConstraint("(first_day IS NULL) = (last_day IS NULL)", name="both_days"),
        CheckConstraint("first_day <= last_day", name="days_in_order"),
        CheckConstraint("kind IN ('failed', 'doubted')", name="kind"),
        Index(None, "table_id", "account_id", "first_day"),
    )

    id: Mapped[BigId]
    table_id: Mapped[int]
    workspace_id: Mapped[int] = mapped_column(index=True)
    account_id: Mapped[str]
    first_day: Mapped[date | None]
    last_day: Mapped[date | None]
    kind: Mapped[str]
    run_id: Mapped[int]
    created_at: Mapped[CreatedAt]
