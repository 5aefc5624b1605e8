"""What a loader is: a description as data, a check, and a write in repeatable units.

Each unit can be carried out again after an unknown outcome with no bookkeeping in the user's
database: it first removes exactly what an earlier attempt of it could have left. A loader knows no
workspace and no database of ours. `tests/contract/test_loaders.py` holds every loader to this.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, ClassVar, Protocol

import pyarrow as pa

from headrace.kit.columns import Column
from headrace.kit.days import DayRange
from headrace.kit.outbound import OutboundPolicy

ACCOUNT_COLUMN = "account_id"
INSERT_DATE_COLUMN = "__insert_date"


class WriteMode(StrEnum):
    """How a load treats rows already delivered (contract section 2, load behaviour)."""

    APPEND = "append"
    REPLACE = "replace"
    UPSERT = "upsert"


class ParamType(StrEnum):
    """The kinds of input a connection form can ask for."""

    STRING = "string"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    SELECT = "select"


@dataclass(frozen=True)
class Param:
    """One connection parameter of a destination."""

    name: str
    title: str
    type: ParamType = ParamType.STRING
    required: bool = False
    secret: bool = False
    description: str = ""
    initial_value: Any = None
    choices: tuple[str, ...] = ()


class Category(StrEnum):
    """The family of a destination (contract 3.12)."""

    WAREHOUSE = "warehouse"
    DATABASE = "database"
    FILE_STORAGE = "file_storage"
    BI = "bi"


@dataclass(frozen=True)
class LoaderSpec:
    """A loader's description of itself.

    max_name_length: the longest table name the destination takes, in bytes.
    runs_per_place: how many loads one place bears at once, where that is less than an operator would
        allow.
    """

    name: str
    title: str
    category: Category
    params: tuple[Param, ...]
    write_modes: tuple[WriteMode, ...]
    supports_partitioning: bool = False
    max_name_length: int = 63
    docs_url: str | None = None
    runs_per_place: int | None = None


@dataclass(frozen=True)
class TargetTable:
    """The table to keep up to date.

    columns: exactly the columns to deliver, in order; system columns included.
    key: names of the columns that identify a row within an account and day (for upserts); may be
        empty, and then a row is identified by nothing and windows are replaced instead.
    date_column: the column that holds each row's day, or None.
    labels: what file-name and folder patterns may use (`workspace_id`, `workspace_title`,
        `data_source`, `data_table_title`, `report_type`).
    """

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    date_column: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)


Batches = Callable[[], Iterator[pa.RecordBatch]]
"""Opens the unit's rows: batches with the schema of `TargetTable.columns`. May be called again."""


@dataclass(frozen=True)
class Full:
    """The whole table: afterwards it holds these rows and no others. Readers see old or new."""

    batches: Batches


@dataclass(frozen=True)
class Window:
    """All rows of one account in some days (or of the account, without days): replaced by these."""

    account_id: str
    days: DayRange | None
    batches: Batches


@dataclass(frozen=True)
class Upsert:
    """A window whose rows are matched by key.

    Equal rows stay, changed ones are updated, new ones are inserted, and those of the account and
    days that are not among the batches are deleted.
    """

    account_id: str
    days: DayRange | None
    batches: Batches


@dataclass(frozen=True)
class Append:
    """New rows of one account, all with the same `insert_date`.

    Rows of the same account and insert date (and days, where given) are an earlier attempt of this
    unit and are removed first.
    """

    account_id: str
    insert_date: datetime
    days: DayRange | None
    batches: Batches


Unit = Full | Window | Upsert | Append


@dataclass(frozen=True)
class Delivered:
    """What one committed unit changed at the destination."""

    rows_written: int
    rows_deleted: int = 0


@dataclass(frozen=True)
class Access:
    """What a loader needs to reach its destination for one connection.

    `files_root` is the folder the operator opened for destinations on this machine
    (`HEADRACE_LOCAL_FILES_ROOT`), or None.
    """

    params: Mapping[str, Any]
    policy: OutboundPolicy
    files_root: Path | None = None


class Loader(Protocol):
    """A kind of destination. Instances are stateless and shared by threads."""

    spec: ClassVar[LoaderSpec]

    def check(self, access: Access) -> None:
        """Prove that the destination can be reached and written to, leaving nothing behind.

        Raises `Refused`, `Reauthorize` or `TryLater` with what to do otherwise.
        """

    def validate_name(self, name: str) -> None:
        """Raise `Refused` if the table name cannot be used at this destination."""

    def write(
        self, access: Access, table: TargetTable, units: Iterable[Unit]
    ) -> Iterator[Delivered]:
        """Carry out the units in order, yielding after each commit.

        The table is created where it is missing; missing columns are added, narrower ones widened.
        Nothing of a unit shows to readers before it is committed. Memory does not grow with rows.
        """
