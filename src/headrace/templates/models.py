"""Extract templates, as rows that have lasting ids."""

from typing import Any

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from headrace.db.base import Base, BigId, CreatedAt


class ExtractTemplate(Base):
    """A choice of a report and its fields.

    Global templates (`agency_id` None) mirror what connectors declare, found by data source and
    code; a template that a connector no longer declares is retired, not deleted, since extracts
    refer to it. Custom ones belong to an agency and narrow a global one; they are retired too.

    is_wide: whether the dimensions are chosen by whoever uses it.
    is_created_from_wide: a custom template whose dimensions were chosen in a wide one.
    scheduling: the schedules an extract gets that names none, as `runs.schemas.Scheduling`.
    hashed_fields: fields that no extract of it stores as they are.
    historical_data_depth_limit: the most days of history an extract may ask for; None for no bound
        beside the source's own.
    """

    __tablename__ = "extract_template"
    __table_args__ = (
        Index(
            "uq_extract_template_global",
            "datasource_name",
            "code",
            unique=True,
            postgresql_where=text("agency_id IS NULL"),
        ),
        Index(
            "uq_extract_template_title",
            "agency_id",
            "title",
            unique=True,
            postgresql_where=text("agency_id IS NOT NULL AND NOT is_retired"),
        ),
    )

    id: Mapped[BigId]
    agency_id: Mapped[int | None] = mapped_column(ForeignKey("agency.id"), index=True)
    datasource_name: Mapped[str]
    code: Mapped[str | None]
    title: Mapped[str]
    description: Mapped[str] = mapped_column(default="")
    report: Mapped[str]
    data_class: Mapped[str]
    sql_name: Mapped[str]
    is_wide: Mapped[bool] = mapped_column(default=False)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("extract_template.id"), index=True)
    is_created_from_wide: Mapped[bool] = mapped_column(server_default=text("false"))
    is_retired: Mapped[bool] = mapped_column(default=False)
    selected_fields: Mapped[list[str]]
    settings: Mapped[dict[str, Any]]
    scheduling: Mapped[list[Any]] = mapped_column(server_default=text("'[{}]'::jsonb"))
    hashed_fields: Mapped[list[str]] = mapped_column(server_default=text("'[]'::jsonb"))
    historical_data_depth_limit: Mapped[int | None]
    schedules_limit: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[CreatedAt]
