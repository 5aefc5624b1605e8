"""Both forms of COPY carry the same values."""

from collections.abc import Callable

import psycopg
import pytest

from contract.nasty_rows import COLUMNS, batch_of, nasty_rows
from headrace.loaders.contract import Full, TargetTable
from headrace.loaders.registry import loaders
from headrace.loaders.targets.postgre_sql import encoding
from loaders.postgre_sql.loader_case import access_of, dsn_of


def test_csv_and_binary_give_equal_tables(
    make_database: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    url = make_database()
    batch = batch_of(COLUMNS, nasty_rows())
    loader = loaders()["postgre_sql"]
    for name, has_pgpq in (("by_binary", True), ("by_csv", False)):
        monkeypatch.setattr(encoding, "HAS_PGPQ", has_pgpq)
        table = TargetTable(name, COLUMNS)
        unit = Full(lambda: iter([batch]))
        written = [item.rows_written for item in loader.write(access_of(url), table, [unit])]
        assert written == [batch.num_rows]
    with psycopg.connect(dsn_of(url)) as connection:
        differing = connection.execute(
            "(TABLE by_binary EXCEPT ALL TABLE by_csv)"
            " UNION ALL (TABLE by_csv EXCEPT ALL TABLE by_binary)"
        ).fetchall()
        count = connection.execute("SELECT count(*) FROM by_csv").fetchone()
    assert differing == []
    assert count == (batch.num_rows,)
