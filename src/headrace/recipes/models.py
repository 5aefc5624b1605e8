"""Recipes, their steps, and the workspaces they are enabled in."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, UniqueConstraint, func
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from headrace.db.base import Base, BigId, CreatedAt, KeepsError


class RecipeState(StrEnum):
    """Where a recipe is in its life (contract 4.4).

    NEW: without steps. STAGING: its steps as they are now were not activated. PRODUCTION: they were.
    """

    NEW = "new"
    STAGING = "staging"
    PRODUCTION = "production"


class Recipe(Base):
    """Steps that build a data table in every workspace where the recipe is enabled.

    inputs: declared names of data tables, as `schemas.RecipeInput`.
    date_column: the column of the last step that holds each row's day; None without days.
    is_active: whether tables are built; they are built from `released`.
    released: inputs, date column and steps as they were when the recipe was last activated; so an
        unfinished change of an active recipe does not reach the tables.
    """

    __tablename__ = "recipe"
    __table_args__ = (
        UniqueConstraint("agency_id", "title"),
        Index("ix_recipe_list", "agency_id", "id"),
    )

    id: Mapped[BigId]
    agency_id: Mapped[int] = mapped_column(ForeignKey("agency.id", ondelete="CASCADE"))
    title: Mapped[str]
    description: Mapped[str] = mapped_column(default="")
    inputs: Mapped[list[Any]] = mapped_column(default=list)
    date_column: Mapped[str | None]
    state: Mapped[str] = mapped_column(default=RecipeState.NEW)
    is_active: Mapped[bool] = mapped_column(default=False)
    released: Mapped[dict[str, Any] | None]
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[datetime] = mapped_column(
        server_default=func.clock_timestamp(), onupdate=func.clock_timestamp()
    )


class RecipeStep(Base):
    """A step of a recipe; steps go by position. definition: as `steps.Step`."""

    __tablename__ = "recipe_step"
    __table_args__ = (
        UniqueConstraint("recipe_id", "name"),
        Index("ix_recipe_step_recipe_id", "recipe_id", "position"),
    )

    id: Mapped[BigId]
    agency_id: Mapped[int] = mapped_column(ForeignKey("agency.id", ondelete="CASCADE"))
    recipe_id: Mapped[int] = mapped_column(ForeignKey("recipe.id", ondelete="CASCADE"))
    position: Mapped[int]
    name: Mapped[str]
    definition: Mapped[dict[str, Any]]
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[datetime] = mapped_column(
        server_default=func.clock_timestamp(), onupdate=func.clock_timestamp()
    )


class EnabledRecipe(KeepsError, Base):
    """A recipe in a workspace: the table it builds there, and how the last build went.

    input_table_ids: the data tables it reads there; their extractions cause a build.
    last_build_at: when the last build that went well ended.
    """

    __tablename__ = "enabled_recipe"
    __table_args__ = (
        UniqueConstraint("workspace_id", "recipe_id"),
        Index("ix_enabled_recipe_recipe_id", "recipe_id"),
        Index("ix_enabled_recipe_data_table_id", "data_table_id"),
    )

    id: Mapped[BigId]
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"))
    recipe_id: Mapped[int] = mapped_column(ForeignKey("recipe.id", ondelete="CASCADE"))
    data_table_id: Mapped[int | None] = mapped_column(
        ForeignKey("data_table.id", ondelete="SET NULL")
    )
    input_table_ids: Mapped[list[int]] = mapped_column(ARRAY(BigInteger), default=list)
    last_build_at: Mapped[datetime | None]
    created_at: Mapped[CreatedAt]
