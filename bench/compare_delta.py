"""The reference of window_replace.py: the same windows replaced in a Delta table.

Runs in an interpreter that has deltalake and pyarrow, without headrace. The table is partitioned by
account and holds files of the same accounts and days as ours. Says `ready`, then replaces a window
for each line it is sent and answers with the milliseconds that took.
"""

import datetime as dt
import os
import sys
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.feather as feather
from deltalake import DeltaTable, write_deltalake


def of_account(rows: pa.Table, account: str) -> pa.Table:
    """Give rows an account, as our files have it."""
    return rows.append_column("account_id", pa.repeat(account, rows.num_rows))


def fill(path: str, rows: pa.Table, accounts: int, file_rows: int) -> None:
    """Build the table: one commit for each span of days, one file in it for each account."""
    for start in range(0, rows.num_rows, file_rows):
        part = rows.slice(start, file_rows)
        tables = [of_account(part, f"account-{number}") for number in range(accounts)]
        write_deltalake(path, pa.concat_tables(tables), mode="append", partition_by=["account_id"])


def main() -> None:
    """Build, measure, print."""
    folder = Path(sys.argv[1])
    accounts, days, rows_a_day, window_days, file_days = map(int, sys.argv[2:])
    rows = feather.read_table(str(folder / "rows.arrow"))
    rows = rows.slice(rows.num_rows - days * rows_a_day)
    path = str(folder / "delta")
    fill(path, rows, accounts, file_days * rows_a_day)
    last: dt.date = pc.max(rows["date"]).as_py()
    first = last - dt.timedelta(days=window_days - 1)
    fresh = rows.slice(rows.num_rows - window_days * rows_a_day)
    table = DeltaTable(path)
    print("ready", flush=True)
    for number, _ in enumerate(sys.stdin):
        account = f"account-{number % accounts}"
        begin = time.perf_counter()
        write_deltalake(
            table,
            of_account(fresh, account),
            mode="overwrite",
            predicate=f"account_id = '{account}' AND date >= '{first}' AND date <= '{last}'",
        )
        milliseconds = (time.perf_counter() - begin) * 1000
        os.sync()  # or our next sync would wait for what deltalake left unsynced
        print(milliseconds, flush=True)


if __name__ == "__main__":
    main()
