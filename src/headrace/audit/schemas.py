"""Bodies of the audit operations."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, Field


class Outcome(StrEnum):
    """How an act ended."""

    SUCCEEDED = "succeeded"
    REFUSED = "refused"


class ExportFormat(StrEnum):
    """How an export is written."""

    JSONL = "jsonl"
    CSV = "csv"


class AuditEntryOut(BaseModel):
    """One privileged act, done or refused."""

    id: int
    occurred_at: datetime
    workspace_id: int | None = Field(description="Null: an act on the agency itself.")
    user_id: int | None = Field(description="Null: nobody, or the operator at the command line.")
    username: str = Field(examples=["chief@example.com"])
    credential: str = Field(
        description="basic, bearer, cookie, code, link, or command line.", examples=["bearer"]
    )
    address: str = Field(examples=["203.0.113.7"])
    request_id: str = Field(examples=["0f8d2c1b7a6e4d3c9b8a7f6e5d4c3b2a"])
    action: str = Field(description="The operation's id, or the command.", examples=["run_load"])
    permission: str | None = Field(examples=["load.run"])
    object_type: str = Field(examples=["load"])
    object_id: str = Field(examples=["7"])
    outcome: Outcome
    details: str = Field(description="Why it was refused; empty otherwise.", examples=[""])
    changes: list[dict[str, Any]] = Field(
        description="Rows created, changed and deleted: object_type, object_id, verb, and the "
        "columns that differ before and after. Secrets read (secret).",
        examples=[
            [
                {
                    "object_type": "load",
                    "object_id": "7",
                    "verb": "changed",
                    "before": {"run_policy": "manual"},
                    "after": {"run_policy": "schedule"},
                }
            ]
        ],
    )
