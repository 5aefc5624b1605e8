"""The reference of load.py: the same rows loaded into PostgreSQL by dlt.

Runs in an interpreter that has `dlt[postgres]` and `adbc-driver-postgresql`, without headrace.
Arrow batches of the same Parquet file go in; loader files are Parquet. Prints the seconds of
`pipeline.run` as JSON.

    compare_dlt_load.py append|upsert|prepare URL FILE FOLDER
"""

import json
import os
import sys
import time

os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
os.environ["RUNTIME__LOG_LEVEL"] = "ERROR"
if sys.argv[1] != "append":  # dlt's upsert needs its row id
    os.environ["NORMALIZE__PARQUET_NORMALIZER__ADD_DLT_ID"] = "true"
    os.environ["NORMALIZE__PARQUET_NORMALIZER__ADD_DLT_LOAD_ID"] = "true"

import dlt
import pyarrow.parquet as pq


def main() -> None:
    """Load once, print."""
    mode, url, file, folder = sys.argv[1:]
    upserting = mode != "append"
    rows = 10_000 if mode == "prepare" else None

    def batches():  # type: ignore[no-untyped-def]
        for number, batch in enumerate(pq.ParquetFile(file).iter_batches(50_000)):
            if rows is None or number == 0:
                yield batch.slice(0, rows)

    resource = dlt.resource(
        batches,
        name="bench_ads",
        primary_key=["account_id", "date", "ad_id"] if upserting else None,
        write_disposition={"disposition": "merge", "strategy": "upsert"} if upserting else "append",
    )
    dataset = "dlt_upsert" if upserting else "dlt_append"
    pipeline = dlt.pipeline(
        dataset,
        pipelines_dir=folder + "/dlt",
        destination=dlt.destinations.postgres(url),
        dataset_name=dataset,
    )
    begin = time.perf_counter()
    pipeline.run(resource, loader_file_format="parquet")
    print(json.dumps({"seconds": time.perf_counter() - begin}))


if __name__ == "__main__":
    main()
