"""Bodies of the workspace operations."""

from datetime import datetime

from pydantic import BaseModel, Field


class WorkspaceIn(BaseModel):
    """A workspace to create, or its new title and description."""

    title: str = Field(min_length=1, max_length=255, examples=["Acme Ltd"])
    description: str = Field("", max_length=4000)


class WorkspaceOut(BaseModel):
    """One customer of the agency."""

    id: int
    title: str
    description: str
    created_at: datetime
    updated_at: datetime
