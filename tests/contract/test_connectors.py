"""The suite every connector passes: its description is sound, its rows exact, its failures told."""

import re
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from xml.etree import ElementTree as ET
from zoneinfo import ZoneInfo

import msgspec
import pyarrow as pa
import pytest

from contract.connector_cases import (
    ConnectorCase,
    Reading,
    in_order,
    open_case_of,
    read,
    sorted_rows,
)
from fakes.journal import RecordingJournal
from headrace.connectors import sources
from headrace.connectors.contract import (
    SYSTEM_FIELDS,
    AuthKind,
    BadValues,
    Connector,
    DataClass,
    Setting,
    SettingType,
    date_field_of,
)
from headrace.connectors.paid_media import PAID_MEDIA_COLUMNS
from headrace.connectors.registry import connectors
from headrace.kit.columns import Column, ColumnType, column_type_of, columns_of, wider
from headrace.kit.outcomes import OutsideError, Reauthorize, Refused
from headrace.kit.told import Told

_FOLDER = Path(next(iter(sources.__path__)))
_MOST_BATCH_BYTES = 24_000_000
_SELECTS = {SettingType.SELECT, SettingType.MULTI_SELECT}


@pytest.fixture(params=sorted(connectors()))
def connector(request: pytest.FixtureRequest) -> Connector:
    return connectors()[request.param]


@pytest.fixture
def case(
    connector: Connector, request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[ConnectorCase]:
    with open_case_of(connector.spec.name)(request, tmp_path) as opened:
        yield opened


def column_of(connector: Connector, report: str, name: str) -> Column:
    declared = {item.name: item for item in connector.spec.report(report).fields}
    found = declared.get(name) or connector.dynamic_field(report, name)
    assert found is not None, f"{report} has no field {name}"
    return Column(found.name, found.type)


def repeated(names: Sequence[str]) -> set[str]:
    """The names that occur more than once; case does not tell columns apart.  # F26"""
    plain = [name.lower() for name in names]
    return {name for name in plain if plain.count(name) > 1}


# The description


def test_names_are_given_once(connector):
    spec = connector.spec
    assert not repeated([report.name for report in spec.reports])
    assert not repeated([template.code for template in spec.templates])
    assert not repeated([setting.name for setting in spec.settings])
    assert not repeated([setting.name for setting in spec.auth.fields])
    for report in spec.reports:
        assert not repeated([item.name for item in report.fields]), report.name
        assert not repeated([setting.name for setting in report.settings]), report.name


def test_titles_are_written_for_people(connector):
    spec = connector.spec
    titles = [spec.title, *(report.title for report in spec.reports)]
    titles += [item.title for report in spec.reports for item in report.fields]
    titles += [template.title for template in spec.templates]
    titles += [template.description for template in spec.templates]
    titles += [setting.title for setting in (*spec.settings, *spec.auth.fields)]
    assert all(title.strip() for title in titles)
    assert spec.categories


def test_no_field_has_a_name_of_the_platform(connector):
    for report in connector.spec.reports:
        assert not {item.name for item in report.fields} & set(SYSTEM_FIELDS), report.name


def test_reports_tell_how_they_relate_to_time(connector):
    for report in connector.spec.reports:
        fields = {item.name: item for item in report.fields}
        if report.date_field is not None:
            assert fields[report.date_field].type is ColumnType.DATE, report.name
            assert report.data_class is DataClass.DAILY, report.name
        elif report.data_class is DataClass.DAILY:
            assert report.date_field_setting in {item.name for item in connector.spec.settings}
        assert report.chunk_days >= 1
        assert report.lookback_days >= 0
        assert report.history_days is None or report.history_days > report.lookback_days


def test_templates_choose_fields_that_exist_and_all_mandatory_ones(connector):
    for template in connector.spec.templates:
        report = connector.spec.report(template.report)
        if report.fields:
            chosen = [column_of(connector, report.name, name) for name in template.selected_fields]
            assert not repeated([column.name for column in chosen])
            mandatory = {item.name for item in report.fields if item.mandatory}
            assert mandatory <= set(template.selected_fields), template.code
        offered = {setting.name: setting for setting in report.settings}
        for name, value in template.settings.items():
            assert suits(offered[name], value), (template.code, name)


def suits(setting: Setting, value: object) -> bool:
    """Whether a value is one that the form could send."""
    allowed = {choice.value for choice in setting.choices}
    if setting.type is SettingType.SELECT:
        return value in allowed
    if setting.type in {SettingType.MULTI_SELECT, SettingType.DYNAMIC_MULTI_SELECT}:
        chosen = value if isinstance(value, list | tuple) else [value]
        return setting.type is SettingType.DYNAMIC_MULTI_SELECT or set(chosen) <= allowed
    if setting.type is SettingType.BOOLEAN:
        return isinstance(value, bool)
    if setting.type is SettingType.INTEGER:
        return isinstance(value, int) and not isinstance(value, bool)
    if setting.type is SettingType.DATE:
        return isinstance(value, str) and bool(date.fromisoformat(value))
    return isinstance(value, str)


def test_settings_can_be_shown_as_a_form(connector):
    spec = connector.spec
    settings = [*spec.settings, *spec.auth.fields]
    settings += [setting for report in spec.reports for setting in report.settings]
    for setting in settings:
        assert (setting.type in _SELECTS) == bool(setting.choices), setting.name
        assert not repeated([choice.value for choice in setting.choices]), setting.name
        assert setting.initial_value is None or suits(setting, setting.initial_value), setting.name
        assert not (setting.secret and setting.initial_value), setting.name


def test_the_form_of_authorization_is_complete(connector):
    auth = connector.spec.auth
    if auth.kind is AuthKind.OAUTH2:
        assert auth.authorize_url
        assert auth.token_url
    if auth.kind is AuthKind.CREDENTIALS:
        assert auth.fields
    if auth.kind is AuthKind.NONE:
        assert not auth.fields


def test_the_sunset_is_a_day(connector):
    sunset = connector.spec.sunset
    assert sunset is None or date.fromisoformat(sunset).isoformat() == sunset


def test_the_folder_holds_a_readme_and_an_icon(connector):
    folder = _FOLDER / connector.spec.name
    readme = (folder / "README.md").read_text("utf-8")
    assert readme.startswith("# ")
    assert len(readme) > 300
    icon = (folder / "icon.svg").read_bytes()
    assert len(icon) < 10_000
    root = ET.fromstring(icon)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert root.get("viewBox")
    assert not re.search(rb"<script|href=|\son\w+=", icon, re.IGNORECASE)  # S53


# The connection


def test_good_credentials_pass_the_check(connector, case):
    assert connector.check(case.access) is None


def test_bad_credentials_ask_for_a_new_authorization(connector, case):
    if case.refused is None:
        assert connector.spec.auth.kind is AuthKind.NONE
        return
    with pytest.raises(Reauthorize) as refusal:
        connector.check(case.refused)
    assert_tells_no_secret(case, refusal.value)


def test_accounts_are_named_once_and_hold_no_secret(connector, case):
    accounts = list(connector.accounts(case.access))
    assert accounts
    ids = [account.remote_id for account in accounts]
    assert len(set(ids)) == len(ids)
    for account in accounts:
        assert isinstance(account.remote_id, str)
        assert account.remote_id
        assert account.title
        assert ZoneInfo(account.timezone)
        kept = msgspec.json.encode([account.title, account.item]).decode()
        assert not any(secret in kept for secret in case.secrets)  # S30


# The rows


def test_the_expected_rows_are_read(connector, case):
    assert case.readings
    for reading in case.readings:
        batches = read(connector, case, reading)
        assert rows_of(batches) == sorted_rows(reading.rows), reading.report
        assert_well_formed(connector, case, reading, batches)


def test_its_paid_media_fit_the_common_columns(connector, case):
    mapping = connector.spec.paid_media
    if mapping is None:
        assert case.paid_media is None
        return
    template = next(item for item in connector.spec.templates if item.code == mapping.template)
    report = connector.spec.report(template.report)
    assert list(mapping.fields) == list(PAID_MEDIA_COLUMNS)
    offered = {setting.name: setting for setting in report.settings}
    assert all(suits(offered[name], value) for name, value in mapping.settings.items())
    reading = case.paid_media
    assert (reading.report, reading.fields) == (report.name, mapping.extracted_fields)
    assert dict(mapping.settings).items() <= dict(reading.settings).items()
    batches = read(connector, case, reading)
    assert rows_of(batches) == sorted_rows(reading.rows)
    for column, name in mapping.fields.items():
        found = column_type_of(batches[0].schema.field(name).type)
        assert wider(found, PAID_MEDIA_COLUMNS[column]) == PAID_MEDIA_COLUMNS[column], column
        assert batches[0].column(name).null_count == 0, column


def test_a_read_can_be_repeated(connector, case):
    for reading in case.readings:
        once, again = (rows_of(read(connector, case, reading)) for _ in range(2))
        assert once == again


def test_a_read_that_goes_on_with_a_bookmark_gives_all_rows(connector, case):  # F01
    for reading in case.readings:
        journal = RecordingJournal()
        read(connector, case, reading, journal=journal)
        kept = msgspec.json.encode(journal.bookmarks).decode()
        assert not any(secret in kept for secret in case.secrets)
        for bookmark in [None, *journal.bookmarks]:
            again = read(connector, case, reading, journal=RecordingJournal(saved=bookmark))
            assert rows_of(again) == sorted_rows(reading.rows), reading.report


def test_columns_come_in_the_order_asked(connector, case):
    for reading in case.readings:
        if reading.fields:
            turned = in_order(reading, reading.fields[::-1])
            batches = read(connector, case, turned)
            assert_well_formed(connector, case, turned, batches)
            assert rows_of(batches) == sorted_rows(reading.rows)


def test_no_rows_is_a_good_answer(connector, case):
    if case.empty is None:
        assert not any(report.date_field for report in connector.spec.reports)
        return
    batches = read(connector, case, case.empty)
    assert sum(batch.num_rows for batch in batches) == 0
    assert_well_formed(connector, case, case.empty, batches)


def test_a_bad_number_fails_the_read_and_is_named(connector, case):  # S98
    if case.bad_number is None:
        assert not any(report.fields for report in connector.spec.reports)
        return
    with pytest.raises(Refused) as refusal:
        read(connector, case, case.bad_number.reading)
    for words in (*case.bad_number.says, case.bad_number.columns[0]):
        assert words in str(refusal.value)
    assert_tells_no_secret(case, refusal.value)


def test_a_bad_number_is_nulled_and_counted(connector, case):
    if case.bad_number is None:
        assert not any(report.fields for report in connector.spec.reports)
        return
    journal = RecordingJournal()
    reading = case.bad_number.reading
    batches = read(connector, case, reading, BadValues.NULL_AND_COUNT, journal)
    assert rows_of(batches) == sorted_rows(reading.rows)
    assert tuple(bad.column for bad in journal.bad_values) == case.bad_number.columns
    assert all(bad.row_number >= 1 for bad in journal.bad_values)


def test_failures_have_the_right_outcome_and_tell_no_secret(connector, case):  # F05 F06 F07 S98
    for failing in case.failing:
        with pytest.raises(OutsideError) as failure:
            read(connector, case, failing.reading)
        assert type(failure.value) is failing.outcome, failing.title
        message = str(failure.value).lower()
        assert all(words.lower() in message for words in failing.says), (failing.title, message)
        assert_tells_no_secret(case, failure.value)


def rows_of(batches: Sequence[pa.RecordBatch]) -> list[dict[str, object]]:
    return sorted_rows([row for batch in batches for row in batch.to_pylist()])


def assert_well_formed(
    connector: Connector, case: ConnectorCase, reading: Reading, batches: Sequence[pa.RecordBatch]
) -> None:
    wanted = list(reading.columns) or [
        column_of(connector, reading.report, name) for name in reading.fields
    ]
    settings = (reading.access or case.access).settings
    date_field = date_field_of(connector, reading.report, settings)
    for batch in batches:
        assert columns_of(batch.schema) == wanted
        assert batch.schema == batches[0].schema
        assert batch.nbytes <= _MOST_BATCH_BYTES
        batch.validate(full=True)
        if reading.window and date_field in batch.schema.names:
            days = [value for value in batch.column(date_field).to_pylist() if value is not None]
            assert all(reading.window.first <= day <= reading.window.last for day in days)


def assert_tells_no_secret(case: ConnectorCase, failure: BaseException) -> None:
    """S99: neither the message, nor its values, nor what led to it may hold a secret."""
    assert isinstance(failure.args[0], Told), f"write told(...): {failure}"
    told: BaseException | None = failure
    while told is not None:
        assert not any(secret in f"{told} {told!r}" for secret in case.secrets)
        told = told.__cause__
