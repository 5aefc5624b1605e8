"""The reference of pipeline.py: the same pages read by dlt's `rest_api` source into DuckDB.

Runs in an interpreter that has `dlt[duckdb]`, without headrace. Prints the seconds of
`pipeline.run` as JSON.

    compare_dlt_extract.py URL FOLDER
"""

import json
import os
import sys
import time

os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
os.environ["RUNTIME__LOG_LEVEL"] = "ERROR"

import dlt
from dlt.sources.rest_api import rest_api_source


def main() -> None:
    """Read once, print."""
    url, folder = sys.argv[1:]
    paginator = {"type": "cursor", "cursor_path": "next_cursor", "cursor_param": "cursor"}
    endpoint = {"path": "v1/accounts/bench/report", "data_selector": "data"}
    source = rest_api_source(
        {
            "client": {"base_url": url, "paginator": paginator},
            "resources": [{"name": "report", "endpoint": endpoint}],
        }
    )
    pipeline = dlt.pipeline(
        "bench",
        pipelines_dir=folder,
        destination=dlt.destinations.duckdb(folder + ".duckdb"),
        dataset_name="bench",
    )
    begin = time.perf_counter()
    pipeline.run(source, loader_file_format="parquet")
    print(json.dumps({"seconds": time.perf_counter() - begin}))


if __name__ == "__main__":
    main()
