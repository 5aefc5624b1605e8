"""Bodies of branding."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

Font = Literal["system", "humanist", "geometric", "serif"]
Theme = Literal["auto", "light", "dark"]
_COLOUR: JsonDict = {"pattern": "^#[0-9a-fA-F]{6}$"}
_EXAMPLE: JsonDict = {
    "name": "Acme Reports",
    "accent": "#7a1fa2",
    "accent_dark": "#d9a2f0",
    "radius": 12,
    "font": "humanist",
    "theme": "auto",
}


class BrandingIn(BaseModel):
    """How an agency's pages are to look. What is left out is as ours; logos stay as they are."""

    model_config = ConfigDict(json_schema_extra={"example": _EXAMPLE})

    name: str = Field("", max_length=80, description="What the pages call the product.")
    accent: str | None = Field(
        None, description="Of buttons and links on light pages.", json_schema_extra=_COLOUR
    )
    accent_dark: str | None = Field(
        None, description="On dark pages; left out: `accent`.", json_schema_extra=_COLOUR
    )
    radius: int = Field(8, ge=0, le=24, description="Of corners, in pixels.")
    font: Font = "system"
    theme: Theme = Field("auto", description="`auto`: as the visitor's device has it.")
    logo: str | None = Field(
        None,
        description="A PNG, WebP or JPEG picture of at most 256 kB, as base64. "
        "Null removes it; left out, it stays.",
    )
    logo_dark: str | None = Field(None, description="The same, for dark pages.")


class BrandingOut(BaseModel):
    """How an agency's pages look. Logos are at addresses that change with them."""

    name: str = Field(examples=["Acme Reports"])
    accent: str | None = Field(examples=["#7a1fa2"])
    accent_dark: str | None = Field(examples=["#d9a2f0"])
    radius: int = Field(examples=[12])
    font: Font
    theme: Theme
    logo_url: str | None = Field(
        examples=["https://headrace.example.com/branding/b2v1Rkq0T3u8n5Xc7YdLwA"]
    )
    logo_dark_url: str | None = Field(examples=[None])
    updated_at: datetime | None = Field(description="Null: it was never set.")
