"""Extract templates, as rows that have lasting ids."""

from typing import Any

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from headrace.db.base import Base, BigId, CreatedAt


class ExtractTemplate(Base):
    """A choice of a report and its fields.

    Global templates (`agency_id` None) mirror what connectors declare, found by data source and
    code; a template that a connector no longer declares is retired, not deleted, since extracts
    refer to it.
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
    is_retired: Mapped[bool] = mapped_column(default=False)
    selected_fields: Mapped[list[str]]
    settings: Mapped[dict[str, Any]]
    schedules_limit: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[CreatedAt]
