"""Bodies of the token and session operations."""

from datetime import datetime

from pydantic import BaseModel, Field

from headrace.access.passwords import LONGEST, SHORTEST
from headrace.rest.ids import IdIn


class TokenIn(BaseModel):
    """Which workspace the token is for."""

    workspace_id: IdIn = Field(examples=[1])


class TokenOut(BaseModel):
    """A workspace token; it is shown once."""

    token: str = Field(examples=["rD1yO9Wc0fL8k2Jm5Qw7Zt3Nb6Xv4Hs1"])
    expires_in: int = Field(description="Seconds until it expires if it is not used.")
    expires_at: datetime
    workspace_id: int


class PasswordIn(BaseModel):
    """The new password."""

    password: str = Field(
        min_length=SHORTEST, max_length=LONGEST, examples=["correct horse battery staple"]
    )


class SessionOut(BaseModel):
    """A browser session; its id is in the `dts_session_id` cookie."""

    expires_in: int = Field(description="Seconds until it expires if it is not used.")
    expires_at: datetime
