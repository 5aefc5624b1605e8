"""Automated recipes, the accounts they read, and the extracts that were made for them."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from headrace.db.base import Base, BigId, CreatedAt, KeepsError


class Trigger(StrEnum):
    """What makes an automated recipe build its table, beside being asked to."""

    ON_EXTRACTION = "on_extraction"
    SCHEDULE = "schedule"
    MANUAL = "manual"


class AutomatedRecipe(KeepsError, Base):
    """A template applied to accounts of a workspace. Where it stands is derived, not stored.

    template_id: an id of `catalogue.TEMPLATES`.
    sync_from_date: the first day of its rows; None for all that the extracts read.
    changed_at: when accounts or first day were last chosen. built_choice: that moment's value for
        the choice that the table was last built from; None while it was not.
    last_build_at: when the last build that went well ended.
    error_text: why the last build failed, None if it did not.
    """

    __tablename__ = "automated_recipe"
    __table_args__ = (
        Index("ix_automated_recipe_list", "workspace_id", "id"),
        Index("ix_automated_recipe_data_table_id", "data_table_id"),
    )

    id: Mapped[BigId]
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"))
    template_id: Mapped[int]
    title: Mapped[str]
    data_sources: Mapped[list[str]]
    sync_from_date: Mapped[date | None]
    trigger: Mapped[str] = mapped_column(default=Trigger.ON_EXTRACTION)
    data_table_id: Mapped[int | None] = mapped_column(
        ForeignKey("data_table.id", ondelete="SET NULL")
    )
    changed_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    built_choice: Mapped[datetime | None]
    last_build_at: Mapped[datetime | None]
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[datetime] = mapped_column(
        server_default=func.clock_timestamp(), onupdate=func.clock_timestamp()
    )


class AutomatedRecipeAccount(Base):
    """An account that an automated recipe reads.

    extract_id: the extract that reads it for the recipe; None where the recipe watches whatever
        extracts there are, or the extract was deleted.
    """

    __tablename__ = "automated_recipe_account"
    __table_args__ = (
        UniqueConstraint("automated_recipe_id", "account_id"),
        Index("ix_automated_recipe_account_account_id", "account_id"),
        Index("ix_automated_recipe_account_extract_id", "extract_id"),
        Index("ix_automated_recipe_account_workspace_id", "workspace_id"),
    )

    id: Mapped[BigId]
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"))
    automated_recipe_id: Mapped[int] = mapped_column(
        ForeignKey("automated_recipe.id", ondelete="CASCADE")
    )
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    extract_id: Mapped[int | None] = mapped_column(ForeignKey("extract.id", ondelete="SET NULL"))


class AutomatedExtract(Base):
    """An extract that was made for automated recipes; it is paused when none needs it any more."""

    __tablename__ = "automated_extract"
    __table_args__ = (Index("ix_automated_extract_workspace_id", "workspace_id"),)

    extract_id: Mapped[int] = mapped_column(
        ForeignKey("extract.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"))
