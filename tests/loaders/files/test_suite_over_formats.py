"""The contract suite again, for every file format and every way to split files."""

from pathlib import Path

import pytest

from contract.loader_cases import LoaderCase
from contract.test_loader_values import (  # noqa: F401
    test_a_column_named_twice_is_refused,
    test_a_column_of_nulls_arrives,
    test_a_column_that_is_no_longer_delivered_stays,
    test_columns_are_added,
    test_columns_are_widened,
    test_columns_that_differ_in_case_are_kept_apart_or_refused,
    test_nasty_column_names_arrive_exactly,
    test_nasty_values_arrive_exactly,
)
from contract.test_loaders import (  # noqa: F401
    test_an_interrupted_first_unit_leaves_nothing,
    test_an_interrupted_unit_changes_nothing,
    test_append_adds_and_repeats_safely,
    test_full_of_no_rows_empties_the_table,
    test_full_replaces_everything,
    test_of_rows_with_one_key_the_last_counts,
    test_units_are_committed_one_by_one,
    test_upsert_removes_doubles_left_by_another_mode,
    test_upsert_takes_nulls_in_keys_as_equal,
    test_window_replaces_its_days_of_its_account,
)
from headrace.loaders.contract import Loader
from headrace.loaders.registry import loaders
from loaders.local_files.loader_case import case_of

LAYOUTS = [
    {"file_format": "csv+gzip"},
    {"file_format": "json"},
    {"file_format": "parquet"},
    {"file_format": "csv", "partition_by": "day"},
    {"file_format": "json+gzip", "partition_by": "month", "use_load_by_account": True},
    {"file_format": "parquet", "partition_by": "day", "use_load_by_account": True},
    {"file_format": "parquet", "use_load_by_account": True},
]


@pytest.fixture
def loader() -> Loader:
    return loaders()["local_files"]


@pytest.fixture(params=LAYOUTS, ids=lambda layout: "-".join(map(str, layout.values())))
def case(request: pytest.FixtureRequest, tmp_path: Path) -> LoaderCase:
    return case_of(tmp_path, {"folder": "", **request.param})
