"""Write row-level security into a migration: for every table that the models have and it lacks.

A table is bound by what its columns say. `workspace_id`: the rows of that workspace; its agency sees
them too. `agency_id` (and no `workspace_id`): the agency's own rows; rows of no agency are for
everyone to read. Neither, but a foreign key to a bound table: the rows whose parent can be seen.
Anything else is the server's own, and no tenant is granted anything on it.
`info={"append_only": True}` on a table leaves tenants INSERT and SELECT alone, and lets nobody, the
owner included, change a row or delete one younger than 30 days by `occurred_at`.
"""

from pathlib import Path

from sqlalchemy import Table

_HELPERS = '''
_AGENCY = "(SELECT CAST(NULLIF(current_setting('headrace.agency_id', true), '') AS bigint))"
_WORKSPACE = "(SELECT CAST(NULLIF(current_setting('headrace.workspace_id', true), '') AS bigint))"
_OF_AGENCY = f"agency_id = {_AGENCY}"
_OF_WORKSPACE = f"workspace_id = {_WORKSPACE}"
_OF_AGENCYS_WORKSPACE = "EXISTS (SELECT FROM workspace WHERE workspace.id = workspace_id)"
_ALL = "SELECT, INSERT, UPDATE, DELETE"


def _seen(parent: str, column: str) -> str:
    return f"EXISTS (SELECT FROM {parent} AS parent WHERE parent.id = {column})"


def _bind(
    table: str, agency: str | None, workspace: str | None, grants: str = _ALL, shared: str = ""
) -> None:
    """Hold a table's readers and writers to the rows of their tenant; None: it is not for them.

    `shared` rows may be read by all, and written by the server alone.
    """
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(f"GRANT {_ALL} ON {table} TO headrace_system")
    op.execute(f"CREATE POLICY system_rows ON {table} TO headrace_system USING (true)")
    for role, rows in (("agency", agency), ("workspace", workspace)):
        if rows is not None:
            op.execute(f"GRANT {grants} ON {table} TO headrace_{role}")
            op.execute(f"CREATE POLICY {role}_rows ON {table} TO headrace_{role} USING ({rows})")
            if shared:
                op.execute(
                    f"CREATE POLICY {role}_shared_rows ON {table} FOR SELECT TO headrace_{role} "
                    f"USING ({shared})"
                )


def _keep_as_written(table: str) -> None:
    """Let nobody change a table's rows, and delete only those that are older than 30 days."""
    op.execute(f"""
        CREATE FUNCTION keep_{table}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF TG_OP = 'DELETE' AND OLD.occurred_at < clock_timestamp() - interval '30 days' THEN
                RETURN OLD;
            END IF;
            RAISE insufficient_privilege USING MESSAGE = 'rows of {table} are kept as written';
        END $$
    """)
    for event, each in (("UPDATE OR DELETE", "ROW"), ("TRUNCATE", "STATEMENT")):
        op.execute(
            f"CREATE TRIGGER keep_{each.lower()} BEFORE {event} ON {table} "
            f"FOR EACH {each} EXECUTE FUNCTION keep_{table}()"
        )


def _unbind(table: str) -> None:
    roles = ("system", "agency", "workspace")
    op.execute(f"REVOKE ALL ON {table} FROM {', '.join(f'headrace_{role}' for role in roles)}")
    for role in roles:
        op.execute(f"DROP POLICY IF EXISTS {role}_rows ON {table}")
        op.execute(f"DROP POLICY IF EXISTS {role}_shared_rows ON {table}")
    op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
    op.execute(f"DROP FUNCTION IF EXISTS keep_{table} CASCADE")
'''


def bind_call(table: Table) -> str:
    """Return the statement of a migration that binds a table."""
    more = ""
    if table.name == "agency":
        more += ', grants="SELECT"'  # its flags are the operator's
    elif table.info.get("append_only"):
        more += ', grants="SELECT, INSERT"'
    agency_id = None if "workspace_id" in table.c else table.c.get("agency_id")
    if agency_id is not None and agency_id.nullable:
        more += ', shared="agency_id IS NULL"'
    agency, workspace = _rows(table)
    return f'_bind("{table.name}", {agency}, {workspace}{more})'


def _rows(table: Table) -> tuple[str, str]:
    """What an agency and what a workspace sees of a table, as expressions of the migration."""
    if table.name == "agency":
        return ('f"id = {_AGENCY}"',) * 2
    if table.name == "workspace":
        return "_OF_AGENCY", 'f"id = {_WORKSPACE}"'
    if "workspace_id" in table.c:
        own_agency = "_OF_AGENCY" if "agency_id" in table.c else "_OF_AGENCYS_WORKSPACE"
        return own_agency, "_OF_WORKSPACE"
    if "agency_id" in table.c:
        return "_OF_AGENCY", "_OF_AGENCY"
    for column in table.c:
        for key in column.foreign_keys:
            parent = key.column.table
            is_bound = parent is not table and _rows(parent) != ("None", "None")
            if is_bound and key.column.name == "id" and not column.nullable:
                return (f'_seen("{parent.name}", "{table.name}.{column.name}")',) * 2
    return "None", "None"


def write(migration: Path, tables: list[Table]) -> None:
    """Bind tables at the end of a migration's upgrade, and free them where its downgrade begins."""
    if not tables:
        return
    calls = "".join(f"    {bind_call(table)}\n" for table in tables)
    kept = [table.name for table in tables if table.info.get("append_only")]
    calls += "".join(f'    _keep_as_written("{name}")\n' for name in kept)
    names = "".join(f'        "{table.name}",\n' for table in tables)
    head, _, tail = migration.read_text().partition("\n\ndef downgrade() -> None:\n")
    migration.write_text(
        f"{head}\n    _bind_tables()\n\n\ndef downgrade() -> None:\n    _unbind_tables()\n{tail}\n"
        f"{_HELPERS}\n\ndef _bind_tables() -> None:\n{calls}"
        f"\n\ndef _unbind_tables() -> None:\n    for table in (\n{names}    ):\n        _unbind(table)\n"
    )
