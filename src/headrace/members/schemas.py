"""Bodies of the operations on users and members."""

from datetime import datetime

from pydantic import BaseModel, Field

from headrace.access.passwords import LONGEST, SHORTEST
from headrace.rest.ids import IdIn


class UserIn(BaseModel):
    """A user to create. They may nothing until they are given a role in a workspace."""

    username: str = Field(
        min_length=1,
        max_length=255,
        description="What they sign in with, usually an e-mail address; without a colon.",
        examples=["ada@example.com"],
    )
    name: str = Field("", max_length=255, examples=["Ada Lovelace"])
    password: str | None = Field(
        None,
        min_length=SHORTEST,
        max_length=LONGEST,
        description="Made by the server, and shown once, if it is left out.",
        examples=["correct horse battery staple"],
    )


class UserPatch(BaseModel):
    """What to change of a user; what is left out stays."""

    name: str | None = Field(None, max_length=255, examples=["Ada Lovelace"])
    is_active: bool | None = Field(
        None, description="False ends the user's sessions, tokens and iframes at once."
    )


class UserOut(BaseModel):
    """A user of the agency."""

    id: int
    username: str = Field(examples=["ada@example.com"])
    name: str = Field(examples=["Ada Lovelace"])
    is_chief: bool
    is_active: bool
    created_at: datetime


class UserCreated(UserOut):
    """The new user."""

    password: str | None = Field(
        description="What the server made; it is shown this once. Null if one was sent."
    )


class MemberIn(BaseModel):
    """A user of the agency who is to work in the workspace."""

    username: str = Field(min_length=1, max_length=255, examples=["ada@example.com"])
    role_id: IdIn = Field(examples=[1])


class MemberRoleIn(BaseModel):
    """The role a member is to have."""

    role_id: IdIn = Field(examples=[1])


class MemberOut(BaseModel):
    """A user who works in the workspace."""

    user_id: int
    name: str = Field(description="The e-mail address if the user has no name.")
    email: str = Field(examples=["ada@example.com"])
    is_active: bool
    role_id: int
    role_title: str = Field(examples=["Editor"])


class MemberRole(BaseModel):
    """A role that the caller can give."""

    id: int
    title: str
    description: str
