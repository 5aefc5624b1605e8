"""What a DuckDB destination asks for, and which file that may be."""

from pathlib import Path

from headrace.kit.outcomes import Refused
from headrace.kit.told import told
from headrace.loaders.contract import Access, Category, LoaderSpec, Param, WriteMode

MAX_NAME_BYTES = 255  # DuckDB has no limit; names beyond this are mistakes

SPEC = LoaderSpec(
    name="duckdb",
    title="DuckDB file",
    category=Category.DATABASE,
    params=(
        Param(
            "path",
            "Path",
            required=True,
            description="The file, inside the folder that the operator opened for local files. "
            "It is made if it is missing.",
        ),
    ),
    write_modes=(WriteMode.APPEND, WriteMode.REPLACE, WriteMode.UPSERT),
    max_name_length=MAX_NAME_BYTES,
)


def file_of(access: Access) -> Path:
    """The database file of a connection, every link on the way to it resolved.

    Raises:
        Refused: if the operator opened no folder, or the path leads out of it.
    """
    path = access.params.get("path")
    if not isinstance(path, str) or not path.strip() or "\0" in path:
        raise Refused(told("The connection parameter 'path' is missing; name the DuckDB file."))
    if access.files_root is None:
        raise Refused(
            told(
                "Files on this machine are closed as destinations. The operator opens a folder "
                "for them with HEADRACE_LOCAL_FILES_ROOT."
            )
        )
    root = access.files_root.resolve()
    try:
        file = (root / path).resolve()
        outside = file == root or not file.is_relative_to(root)
        folder = file.is_dir()
    except (OSError, RuntimeError) as error:  # names too long, links in a circle
        raise Refused(told("The path {path!r} cannot be a file's.", path=path[:200])) from error
    if outside:
        raise Refused(
            told(
                "The path {path!r} leads out of the folder opened for local files.", path=path[:200]
            )
        )
    if folder:
        raise Refused(told("The path {path!r} is a folder; name a file.", path=path[:200]))
    return file
