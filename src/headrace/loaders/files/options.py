"""The settings every destination made of files takes, as form fields and as checked values."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from headrace.kit.outcomes import Refused
from headrace.kit.told import told
from headrace.loaders.contract import Access, Param, ParamType
from headrace.loaders.files.formats import FORMATS, Format
from headrace.loaders.files.patterns import Partition, Placement, default_file_name

FILE_PARAMS = (
    Param(
        "folder",
        "Folder",
        description="May use {{workspace_id}}, {{workspace_title}}, {{data_source}}, "
        "{{data_table_title}}, {{report_type}}, {{YYYY}}, {{MM}}, {{DD}} and, for loads that "
        "append, {{timestamp}}.",
        initial_value="",
    ),
    Param(
        "file_format",
        "File format",
        ParamType.SELECT,
        required=True,
        description="json is JSON lines: one object a line.",
        initial_value="parquet",
        choices=tuple(FORMATS),
    ),
    Param(
        "file_name",
        "File name",
        description="May use {{filename}} (the destination table, needed), {{YYYY}}, {{MM}}, "
        "{{DD}} and {{account}}; the extension is added. Empty: made to suit the other settings.",
        initial_value="",
    ),
    Param(
        "separator",
        "Separator",
        description="What stands between two values of a CSV file: one character, or \\t.",
        initial_value=",",
    ),
    Param(
        "partition_by",
        "Split files by",
        ParamType.SELECT,
        description="One file a day or a month of the table's date column, or none.",
        initial_value=Partition.NONE.value,
        choices=tuple(Partition),
    ),
    Param(
        "use_load_by_account",
        "One file per account",
        ParamType.BOOLEAN,
        description="Needs {{account}} in the file name.",
        initial_value=False,
    ),
)


@dataclass(frozen=True)
class FileOptions:
    """How one connection lays out its files."""

    placement: Placement
    format: Format

    @classmethod
    def of(cls, params: Mapping[str, Any]) -> "FileOptions":
        """Read and check connection parameters.

        Raises:
            Refused: naming the parameter that is wrong and what it may be.
        """
        by_account = params.get("use_load_by_account") or False
        if not isinstance(by_account, bool):
            raise Refused(told("use_load_by_account must be true or false."))
        file_format = choice(params, "file_format", tuple(FORMATS), "parquet")
        partition = Partition(choice(params, "partition_by", tuple(Partition), Partition.NONE))
        made = FORMATS[file_format](_separator(text(params, "separator", ",")))
        name = text(params, "file_name").strip() or default_file_name(partition, by_account)
        placement = Placement(
            folder=text(params, "folder").strip().strip("/"),
            file_name=name.removesuffix(made.extension),
            partition=partition,
            by_account=by_account,
            extension=made.extension,
        )
        return cls(placement, made)


def text(params: Mapping[str, Any], name: str, default: str = "") -> str:
    """Return a text parameter, or the default where it is absent, null or empty.

    Raises:
        Refused: if it is not a text.
    """
    value = params.get(name)
    if value is None or value == "":
        return default
    if not isinstance(value, str):
        raise Refused(told("{name} must be a text.", name=name))
    return value


def choice(params: Mapping[str, Any], name: str, choices: tuple[str, ...], default: str) -> str:
    """Return a parameter that is one of some choices.

    Raises:
        Refused: if it is none of them.
    """
    value = text(params, name, default)
    if value not in choices:
        raise Refused(
            told(
                "{name} must be one of {choices}, not {value!r}.",
                name=name,
                choices=", ".join(choices),
                value=value[:40],
            )
        )
    return value


def options_of(access: Access) -> FileOptions:
    """Return the file options of a connection."""
    return FileOptions.of(access.params)


def _separator(value: str) -> str:
    r"""Two characters are allowed only for the escape `\t`: no CSV reader takes other pairs."""
    value = "\t" if value == "\\t" else value
    if len(value) != 1 or not value.isascii() or value.isalnum() or value in '"\r\n\\+-.:\0 ':
        raise Refused(
            told(
                "separator must be one ASCII character such as , ; | or \\t: not a letter, "
                "digit, space, quote, backslash, line break, or one of + - . :"
            )
        )
    return value
