"""Where the files of a table go: folder and file-name patterns, and which files a table owns.

Patterns are filled in by plain replacement of a fixed set of names. Values lose every character
that could leave the folder. A file belongs to a table only if its whole path could have been made
by the table's own pattern, and the rules below make sure that no path fits two tables.
"""

import hashlib
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum

from headrace.kit.days import DayRange
from headrace.kit.outcomes import Refused
from headrace.kit.told import told
from headrace.loaders.contract import TargetTable
from headrace.loaders.files.pattern_syntax import VARIABLE, check_literals, variables_of

LABELS = ("workspace_id", "workspace_title", "data_source", "data_table_title", "report_type")
DATES = ("YYYY", "MM", "DD")
FOLDERVARIABLES = (*LABELS, *DATES, "timestamp")
FILEVARIABLES = ("filename", *DATES, "account")

MAX_KEY_BYTES = 1024  # the limit of S3 for a key
MAX_PART_BYTES = 255  # the limit of common file systems for one name

_TABLE_NAME = re.compile(r"[A-Za-z0-9_]{1,100}")
_PLAIN_ACCOUNT = re.compile(r"[a-z0-9][a-z0-9._-]{0,79}")
_DATE_PATTERNS = {
    "YYYY": "[0-9]{4}",
    "MM": "[0-9]{2}",
    "DD": "[0-9]{2}",
    "timestamp": "[0-9]{8}T[0-9]{12}Z",
}
_MARK = (
    r"(?:\.(?P<mark_moment>[0-9]{8}T[0-9]{12}Z)-(?P<mark_account>[0-9a-f]{12})"
    r"-(?:all|(?P<mark_first>[0-9]{8})-(?P<mark_last>[0-9]{8})))?"
)


class Partition(StrEnum):
    """How the rows of a table are spread over files by their date."""

    NONE = "none"
    DAY = "day"
    MONTH = "month"


def validate_table_name(name: str) -> None:
    """Raise `Refused` unless the name is 1-100 ASCII letters, digits and underscores.

    A name that holds nothing else can be told apart from the rest of a file name.
    """
    if not _TABLE_NAME.fullmatch(name):
        raise Refused(
            told(
                "{name!r} cannot be a file name here: use 1 to 100 letters a-z, digits and "
                "underscores as the destination table.",
                name=name[:120],
            )
        )


def default_file_name(partition: Partition, by_account: bool) -> str:
    """Return the file-name pattern that suits the other settings."""
    dates = {Partition.NONE: "", Partition.DAY: "-{{YYYY}}-{{MM}}-{{DD}}"}
    account = "-{{account}}" if by_account else ""
    return "{{filename}}" + account + dates.get(partition, "-{{YYYY}}-{{MM}}")


@dataclass(frozen=True)
class Mark:
    """What tells the files of one append unit from all others.

    account: a digest of the account id; days: None for a unit without days.
    """

    moment: datetime
    account: str
    days: DayRange | None

    def __str__(self) -> str:
        days = f"{self.days.first:%Y%m%d}-{self.days.last:%Y%m%d}" if self.days else "all"
        return f".{moment_text(self.moment)}-{self.account}-{days}"


@dataclass(frozen=True)
class Place:
    """One file of a table: its key, first day of its period, account as written, and mark."""

    key: str
    period: date | None
    account: str | None
    mark: Mark | None


@dataclass(frozen=True)
class Placement:
    """Checked settings that say where files go.

    Raises:
        Refused: if a pattern breaks a rule; the message names what and how to mend it.
    """

    folder: str
    file_name: str
    partition: Partition
    by_account: bool
    extension: str

    def __post_init__(self) -> None:
        folder = variables_of(self.folder, FOLDERVARIABLES, "folder")
        name = variables_of(self.file_name, FILEVARIABLES, "file_name")
        check_literals(self.folder, self.file_name)
        _check_names(name, self.by_account)
        _check_dates(folder | name, self.partition)
        if self.by_account:
            _boundary(self.file_name)


@dataclass(frozen=True)
class TablePlaces:
    """The places of one table's files."""

    placement: Placement
    table: str
    labels: Mapping[str, str]

    @classmethod
    def of(cls, placement: Placement, table: TargetTable) -> "TablePlaces":
        """Bind a placement to a table.

        Raises:
            Refused: if the table lacks what the patterns need.
        """
        validate_table_name(table.name)
        if placement.partition is not Partition.NONE and table.date_column is None:
            raise Refused(
                told(
                    "{name} has no date column, so its files cannot be split by {partition}: use a "
                    "connection with partition_by none for it.",
                    name=table.name,
                    partition=placement.partition.value,
                )
            )
        for label in LABELS:
            if label in VARIABLE.findall(placement.folder) and label not in table.labels:
                raise Refused(
                    told(
                        "The folder uses {{{{{label}}}}}, which {name} does not have.",
                        label=label,
                        name=table.name,
                    )
                )
        labels = {label: clean(str(value)) for label, value in table.labels.items()}
        return cls(placement, table.name, labels)

    @property
    def prefix(self) -> str:
        """The part of every key before the first value that differs between files."""
        fixed = {**self.labels, "filename": self.table}
        return re.split(r"\{\{", _fill(self._pattern, fixed, keep_unknown=True))[0]

    @property
    def is_one_file(self) -> bool:
        """Whether the whole table is one file (which then exists even without rows)."""
        return self.placement.partition is Partition.NONE and not self.placement.by_account

    def account_text(self, account_id: str) -> str:
        """Return how an account is written in file names; different accounts differ."""
        plain_underscores = _boundary(self.placement.file_name)
        fits = _PLAIN_ACCOUNT.fullmatch(account_id) and (plain_underscores or "_" not in account_id)
        if fits:
            return account_id
        kept = re.sub(r"[^a-z0-9]+", "-", account_id.lower()).strip("-")[:60] or "account"
        return f"{kept}-{digest(account_id)}"

    def key(self, period: date | None, account_id: str | None, mark: Mark | None = None) -> str:
        """Return the key of the file for a period, an account and an append unit.

        Raises:
            Refused: if the patterns ask for a moment the unit does not have, or the key is too
                long.
        """
        values = {**self.labels, "filename": self.table}
        if account_id is not None:
            values["account"] = self.account_text(account_id)
        day = period or (mark.moment.astimezone(UTC).date() if mark else None)
        if day is not None:
            values |= {"YYYY": f"{day.year:04}", "MM": f"{day.month:02}", "DD": f"{day.day:02}"}
        if mark is not None:
            values["timestamp"] = moment_text(mark.moment)
        suffix = f"{mark or ''}{self.placement.extension}"
        return _within_limits(_fill(self._pattern, values) + suffix)

    def place(self, key: str) -> Place | None:
        """Tell what a key stands for, or None if it is not one of this table's files."""
        match = self._expression.fullmatch(key)
        if not match:
            return None
        found = match.groupdict()
        try:
            mark = _mark_of(found)
            period = _period_of(found) if self.placement.partition is not Partition.NONE else None
        except ValueError:  # digits that are no date: not ours
            return None
        return Place(key, period, found.get("account"), mark)

    def period_of(self, day: date) -> date | None:
        """Return the first day of the period whose file holds a day."""
        match self.placement.partition:
            case Partition.NONE:
                return None
            case Partition.DAY:
                return day
            case Partition.MONTH:
                return day.replace(day=1)

    def may_hold(self, place: Place, days: DayRange | None) -> bool:
        """Whether a file may hold rows of some days, by its name alone."""
        if days is None:
            return True
        if place.mark and place.mark.days and not place.mark.days.overlaps(days):
            return False
        if place.period is None:
            return True
        first, last = self.period_of(days.first), self.period_of(days.last)
        return first is not None and last is not None and first <= place.period <= last

    @property
    def _pattern(self) -> str:
        folder = self.placement.folder
        return f"{folder}/{self.placement.file_name}" if folder else self.placement.file_name

    @property
    def _expression(self) -> re.Pattern[str]:
        account = r"[a-z0-9._-]+" if _boundary(self.placement.file_name) else r"[a-z0-9.-]+"
        forms = {**_DATE_PATTERNS, "account": account}
        fixed = {**self.labels, "filename": self.table}
        parts, seen = [], set()
        for index, text in enumerate(VARIABLE.split(self._pattern)):
            if index % 2 == 0:
                parts.append(re.escape(text))
            elif text in fixed:
                parts.append(re.escape(fixed[text]))
            else:
                again, form = f"(?P={text})", f"(?P<{text}>{forms[text]})"
                parts.append(again if text in seen else form)
                seen.add(text)
        return re.compile("".join(parts) + _MARK + re.escape(self.placement.extension))


def clean(value: str) -> str:
    """Make a value fit to stand in a path: ASCII letters, digits, `_`, `-` and inner dots.

    A text that nothing is left of becomes `_` and a digest.
    """
    plain = unicodedata.normalize("NFKD", value).encode("ascii", "ignore").decode()
    plain = re.sub(r"[^A-Za-z0-9._-]+", "_", plain)
    plain = re.sub(r"\.{2,}", ".", plain).strip("._")[:100]
    return plain or f"_{digest(value)}"


def digest(text: str) -> str:
    """Return twelve hexadecimal digits that stand for a text."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def moment_text(moment: datetime) -> str:
    """Write a moment in UTC to the microsecond, without characters a path dislikes."""
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%S%fZ")


def fixed_folder(folder: str) -> str:
    """Return the leading part of a folder pattern that holds no variable, without end slash."""
    head = folder.split("{{", maxsplit=1)[0]
    return head.rstrip("/") if head == folder else head.rpartition("/")[0]


def _check_names(variables: set[str], by_account: bool) -> None:
    if "filename" not in variables:
        raise Refused(
            told("file_name must contain {{{{filename}}}}, so that two tables never share a file.")
        )
    if by_account and "account" not in variables:
        raise Refused(told("Loading by account needs {{{{account}}}} in file_name."))
    if not by_account and "account" in variables:
        raise Refused(told("{{{{account}}}} in file_name needs use_load_by_account."))


def _check_dates(variables: set[str], partition: Partition) -> None:
    if partition is Partition.MONTH and "DD" in variables:
        raise Refused(told("{{{{DD}}}} is not allowed when files are split by month."))
    needed = {Partition.NONE: (), Partition.DAY: DATES, Partition.MONTH: ("YYYY", "MM")}[partition]
    for name in needed:
        if name not in variables:
            raise Refused(
                told(
                    "Files split by {partition} need {{{{{name}}}}} in folder or file_name.",
                    partition=partition.value,
                    name=name,
                )
            )


def _boundary(file_name: str) -> bool:
    """Whether what stands between table and account keeps them apart whatever they hold.

    False: they are kept apart only if the account holds no underscore. A table name holds letters,
    digits and `_`, so any other character between them ends it; a lone `_` might belong to either.

    Raises:
        Refused: if nothing keeps them apart.
    """
    pieces = VARIABLE.split(file_name)
    if "account" not in pieces[1::2]:
        return True
    places = sorted((pieces.index("filename", 1), pieces.index("account", 1)))
    between = "".join(pieces[places[0] + 1 : places[1] : 2])
    if re.search(r"[^A-Za-z0-9_]", between):
        return True
    if "_" not in between:
        raise Refused(
            told("Put a character such as - between {{{{filename}}}} and {{{{account}}}}.")
        )
    return False


def _fill(pattern: str, values: Mapping[str, str], *, keep_unknown: bool = False) -> str:
    def one(match: re.Match[str]) -> str:
        name = match.group(1)
        if name in values:
            return values[name]
        if keep_unknown:
            return match.group()
        raise Refused(
            told(
                "{{{{{name}}}}} needs files split by date, or loads that append: any other "
                "load replaces its own files, so their names must stay the same.",
                name=name,
            )
        )

    return VARIABLE.sub(one, pattern)


def _within_limits(key: str) -> str:
    if len(key.encode()) > MAX_KEY_BYTES or any(
        len(part.encode()) > MAX_PART_BYTES for part in key.split("/")
    ):
        raise Refused(
            told("The path {key!r}… is too long: shorten folder or file_name.", key=key[:80])
        )
    return key


def _period_of(found: Mapping[str, str | None]) -> date:
    return date(int(found["YYYY"] or 0), int(found["MM"] or 0), int(found.get("DD") or 1))


def _mark_of(found: Mapping[str, str | None]) -> Mark | None:
    moment, account = found["mark_moment"], found["mark_account"]
    if moment is None or account is None:
        return None
    first, last = found["mark_first"], found["mark_last"]
    days = DayRange(_day(first), _day(last)) if first and last else None
    at = datetime.strptime(moment, "%Y%m%dT%H%M%S%fZ").replace(tzinfo=UTC)
    return Mark(at, account, days)


def _day(text: str) -> date:
    return date(int(text[:4]), int(text[4:6]), int(text[6:]))
