"""The declarative base of every table, with names for constraints that migrations can rely on."""

from datetime import datetime
from typing import Annotated, Any, ClassVar

from sqlalchemy import BigInteger, DateTime, Identity, MetaData, Text, TypeDecorator, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from headrace.kit.told import Told
from headrace.kit.told_json import from_json, kept, to_json

_NAMES = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

BigId = Annotated[int, mapped_column(BigInteger, Identity(always=True), primary_key=True)]
"""A surrogate key made by the database."""

CreatedAt = Annotated[
    datetime, mapped_column(DateTime(timezone=True), server_default=func.clock_timestamp())
]
"""The moment a row was written, by the database's clock."""


class ToldJson(TypeDecorator[Told]):
    """A message as JSON; null where there is none, or where its text has to do (`to_json`)."""

    impl = JSONB(none_as_null=True)
    cache_ok = True

    def process_bind_param(self, value: Told | None, dialect: Any) -> dict[str, Any] | None:
        """Write a message."""
        del dialect
        return None if value is None else to_json(value)

    def process_result_value(self, value: Any, dialect: Any) -> Told | None:
        """Read a message."""
        del dialect
        return None if value is None else from_json(value)


class Base(DeclarativeBase):
    """Base of all tables. Text is unbounded, times are aware, objects are JSONB."""

    metadata = MetaData(naming_convention=_NAMES)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        int: BigInteger,
        str: Text,
        datetime: DateTime(timezone=True),
        dict[str, Any]: JSONB,
        list[Any]: JSONB,
        list[str]: JSONB,
        Told: ToldJson,
    }


class KeepsError:
    """A row that keeps why something of it failed last; None if it did not.

    error_text: in English, as the API says it. error_told: the message of that text, which pages say
    in the visitor's language; see `kept` for when it counts.
    """

    error_text: Mapped[str | None]
    error_told: Mapped[Told | None] = mapped_column(info={"told": False})

    @property
    def error(self) -> Told | None:
        """What is kept, as a message."""
        return kept(self.error_text, self.error_told)

    @error.setter
    def error(self, message: Told | None) -> None:
        self.error_text = None if message is None else str(message)
        self.error_told = message
