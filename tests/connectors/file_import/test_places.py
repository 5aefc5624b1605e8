"""Where files come from: folders that nothing leads out of, the web, and full disks."""

import errno
import gzip
import io
import os
import socket
import subprocess
import sys
import textwrap
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from connectors.file_import.imports import LOOPBACK, access_to, rows_of
from connectors.file_import.web_server import Page, web_server
from fakes.journal import RecordingJournal
from headrace.connectors.contract import ReadRequest
from headrace.connectors.sources.file_import import CONNECTOR, globbing, spool
from headrace.connectors.sources.file_import.http_answers import (
    body_chunks,
    get,
    retry_after_seconds,
)
from headrace.connectors.sources.file_import.https_file import vetted_url
from headrace.kit import clock
from headrace.kit.outbound import OutboundPolicy
from headrace.kit.outcomes import Reauthorize, Refused, SlowDown, TryLater


@pytest.fixture
def server():
    with web_server() as served:
        yield served


@pytest.fixture
def root(tmp_path):
    """An opened folder with files in it, beside one that is not opened."""
    opened, closed = tmp_path / "open", tmp_path / "closed"
    (opened / "2026" / "03").mkdir(parents=True)
    closed.mkdir()
    for path in ("a.csv", "b.csv", "note.txt", "2026/c.csv", "2026/03/d.csv"):
        (opened / path).write_text(f"path\n{path}\n")
    (closed / "secret.csv").write_text("secret\n1\n")
    (opened / "link.csv").symlink_to(closed / "secret.csv")
    (opened / "folder").symlink_to(closed)
    (opened / "inside.csv").symlink_to(opened / "a.csv")
    os.mkfifo(opened / "pipe.csv")
    return opened


def ids(access):
    return [account.remote_id for account in CONNECTOR.accounts(access)]


def refusal(access):
    with pytest.raises(Refused) as told:
        CONNECTOR.check(access)
    return str(told.value)


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("a.csv", ["a.csv"]),
        ("*.csv", ["a.csv", "b.csv", "inside.csv"]),
        ("?.csv", ["a.csv", "b.csv"]),
        ("[!a].csv", ["b.csv"]),
        ("**/*.csv", ["a.csv", "b.csv", "inside.csv", "2026/c.csv", "2026/03/d.csv"]),
        ("2026/*", ["2026/c.csv"]),
        ("2026/**", ["2026/c.csv", "2026/03/d.csv"]),
        ("folder/*", []),
        ("*.parquet", []),
    ],
)
def test_each_matching_file_is_an_account(root, pattern, found):
    assert ids(access_to(f"file://{root}/{pattern}", root)) == found


def test_accounts_are_titled_by_file_name(root):
    account = next(iter(CONNECTOR.accounts(access_to(f"file://{root}/2026/03/*", root))))
    assert (account.remote_id, account.title) == ("2026/03/d.csv", "d.csv")
    assert account.item["size_bytes"] > 0


def test_names_with_special_characters_are_names(root):
    (root / "100% [new] é.csv").write_text("a\n1\n")
    assert rows_of(access_to((root / "100% [new] é.csv").as_uri(), root)) == [{"a": 1}]
    assert rows_of(access_to(f"file://{root}/100% [new] é.csv", root)) == [{"a": 1}]


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "file://{root}/../closed/secret.csv",
        "file://{root}/%2e%2e/closed/secret.csv",
        "file://{root}/2026/../../closed/*.csv",
        "file://{root}-other/a.csv",
        "file://{root}/a.csv%00.txt",
        "file://{root}",
        "file://{root}/link.csv",
        "file://{root}/folder/secret.csv",
    ],
)
def test_nothing_outside_the_opened_folders_is_read(root, url):  # S85
    assert "HEADRACE_FILE_IMPORT_ROOTS" in refusal(access_to(url.format(root=root), root))


def test_missing_and_forbidden_paths_outside_look_alike(root):  # S16
    there = refusal(access_to("file:///etc/passwd", root))
    assert there == refusal(access_to("file:///etc/no-such-file", root))


@pytest.mark.parametrize("url", ["file://host/a.csv", "file:a.csv", "file://./a.csv"])
def test_file_addresses_are_absolute_and_local(root, url):
    assert refusal(access_to(url, root))


def test_without_opened_folders_no_file_is_read(root):
    assert "HEADRACE_FILE_IMPORT_ROOTS" in refusal(access_to(f"file://{root}/a.csv"))


@pytest.mark.parametrize("name", ["pipe.csv", "2026", "nothing.csv", "*.nothing"])
def test_what_is_no_file_is_refused(root, name):
    assert refusal(access_to(f"file://{root}/{name}", root))


def test_an_account_of_another_address_is_not_read(root):  # S85
    account = next(iter(CONNECTOR.accounts(access_to(f"file://{root}/a.csv", root))))
    request = ReadRequest(account, "whole_file", (), None, RecordingJournal())
    with pytest.raises(Refused, match="does not match"):
        list(CONNECTOR.read(access_to(f"file://{root}/b.csv", root), request))


def test_a_folder_behind_a_link_can_be_opened(root, tmp_path):
    (tmp_path / "mount").symlink_to(root)
    access = access_to(f"file://{tmp_path}/mount/a.csv", tmp_path / "mount")
    assert rows_of(access) == [{"path": "a.csv"}]


def test_a_file_that_grows_while_it_is_read_is_read_again(root):
    path = root / "grows.csv"
    path.write_text("n\n" + "1\n" * 10_000_000)
    access = access_to(path.as_uri(), root)
    account = next(iter(CONNECTOR.accounts(access)))
    reading = CONNECTOR.read(
        access, ReadRequest(account, "whole_file", (), None, RecordingJournal())
    )
    next(reading)
    with path.open("a") as file:
        file.write("2\n")
    with pytest.raises(TryLater, match="changed"):
        list(reading)


# The web


def test_a_file_from_the_web(server):
    url = server.serve(
        "/files/Umsätze.csv.gz".replace("ä", "%C3%A4"), Page(gzip.compress(b"a\n1\n"))
    )
    access = access_to(f"{url}?token=s3cr3t")
    account = next(iter(CONNECTOR.accounts(access)))
    assert account.title == "Umsätze.csv.gz"
    assert "s3cr3t" not in account.remote_id
    assert server.asked == []  # naming the account asks nobody
    CONNECTOR.check(access)
    assert rows_of(access) == [{"a": 1}]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_not_followed(server, status):  # S75
    server.serve("/target.csv", Page(b"a\n1\n"))
    url = server.serve("/a.csv", Page(status=status, headers={"Location": "/target.csv"}))
    assert "redirect" in refusal(access_to(url))
    assert server.asked == ["/a.csv"]


@pytest.mark.parametrize(
    ("status", "outcome"),
    [(401, Reauthorize), (403, Reauthorize), (404, Refused), (410, Refused), (400, Refused),
     (204, Refused), (408, TryLater), (500, TryLater), (503, TryLater)],
)  # fmt: skip
def test_answers_are_told_by_what_happens_next(server, status, outcome):
    access = access_to(server.serve("/a.csv", Page(status=status)) + "?token=s3cr3t")
    for attempt in (CONNECTOR.check, rows_of):
        with pytest.raises(outcome) as told:
            attempt(access)
        assert "s3cr3t" not in str(told.value)  # S99


@pytest.mark.parametrize(("header", "seconds"), [("7", 7), ("999999", 3600), (None, 60), ("?", 60)])
def test_the_server_says_how_long_to_wait(server, header, seconds):  # F04
    headers = {} if header is None else {"Retry-After": header}
    url = server.serve("/a.csv", Page(status=429, headers=headers))
    with pytest.raises(SlowDown) as told:
        rows_of(access_to(url))
    assert told.value.after_seconds == seconds


def test_a_wait_can_be_a_date():  # F04
    in_a_while = clock.now() + timedelta(seconds=100)
    assert 1 < retry_after_seconds(format_datetime(in_a_while, usegmt=True)) <= 100
    past = datetime(2001, 1, 1, tzinfo=UTC)
    assert retry_after_seconds(format_datetime(past, usegmt=True)) == 1


@pytest.mark.parametrize("cut_after", [0, 3, 999])
def test_a_body_that_is_cut_off_is_fetched_again(server, cut_after):  # F05
    url = server.serve("/a.csv", Page(b"a\n" + b"1\n" * 499, cut_after=cut_after))
    with pytest.raises(TryLater, match="broke off"):
        rows_of(access_to(url))


def test_a_server_that_does_not_answer_is_tried_later():
    with socket.socket() as unheard:
        unheard.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unheard.getsockname()[1]}/a.csv?token=s3cr3t"
        with pytest.raises(TryLater) as told:
            rows_of(access_to(url))
    assert "s3cr3t" not in str(told.value)


def test_a_server_that_drips_is_given_up(server):  # S77
    access = access_to(server.serve("/a.csv", Page(b"a\n1\n")))
    chunks = body_chunks(get(access.http, access.settings["url"], "host"), "host")
    next(chunks)
    with clock.shifted(timedelta(hours=7)), pytest.raises(TryLater, match="slowly"):
        next(chunks)


def test_private_hosts_are_refused_unless_opened(server):  # S72
    url = server.serve("/a.csv", Page(b"a\n1\n")).replace("http:", "https:")
    access = access_to(url, policy=OutboundPolicy())
    assert "HEADRACE_ALLOWED_PRIVATE_HOSTS" in refusal(access)
    assert server.asked == []


def test_metadata_services_are_refused_even_if_opened():  # S73
    opened = OutboundPolicy(frozenset({"169.254.169.254"}))
    assert "metadata" in refusal(access_to("http://169.254.169.254/latest", policy=opened))


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/a.csv",
        "https://user:pw@example.com/a.csv",
        "https://example.com/a.csv#part",
        "https:///a.csv",
        "https://exa mple.com/a.csv",
        "https://example.com/a\r\nHost: other/a.csv",
        "https://example.com:99999/a.csv",
        "https://[::1/a.csv",
    ],
)
def test_odd_addresses_are_refused(url):  # S71 S84
    with pytest.raises(Refused):
        vetted_url(url, OutboundPolicy())


def test_plain_http_is_for_hosts_the_operator_named():  # S80
    assert vetted_url("http://127.0.0.1:8/a", LOOPBACK) == ("127.0.0.1:8", "/a")
    network = OutboundPolicy(frozenset({"10.0.0.0/8", "intranet"}))
    assert vetted_url("http://10.1.2.3/a", network) == ("10.1.2.3", "/a")
    assert vetted_url("http://intranet/a", network) == ("intranet", "/a")


# Temporary files


def test_a_file_beyond_the_limit_is_refused():  # S77
    with spool.temporary_file() as file, pytest.raises(Refused, match="larger"):
        spool.fill(file, iter([b"x" * 60, b"x" * 60]), limit=100)


class FullDisk(io.BytesIO):
    """A file on a disk that takes no more."""

    def write(self, _):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_is_told_and_tried_later():  # F20
    with pytest.raises(TryLater, match="full"):
        spool.fill(FullDisk(), iter([b"x" * 60]))


def test_a_full_disk_leaves_nothing_behind(tmp_path, server):  # F20
    url = server.serve("/a.csv", Page(b"a\n" + b"123456789\n" * 100_000))
    program = textwrap.dedent("""
        import resource, signal, sys, tempfile
        from connectors.file_import.imports import access_to, rows_of
        from headrace.kit.outcomes import TryLater
        tempfile.tempdir = sys.argv[2]
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
        try:
            rows_of(access_to(sys.argv[1]))
        except TryLater as told:
            print(told)
    """)
    tests = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", program, url, str(tmp_path)],
        capture_output=True, text=True, check=True, env={**os.environ, "PYTHONPATH": str(tests)},
    )  # fmt: skip
    assert "temporary folder is full" in done.stdout
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("a*.csv", "abc.csv", True),
        ("a*.csv", "a/b.csv", False),
        ("**", "a/b/c", True),
        ("x/**/c", "x/c", True),
        ("x/**/c", "x/a/b/c", True),
        ("x/**/c", "xc", False),
        ("[a-c]?", "b1", True),
        ("[!a-c]x", "bx", False),
        ("[!a]", "/", False),
        ("[x", "[x", True),
        ("[]]", "]", True),
        ("a.b+(c)", "a.b+(c)", True),
        ("a.b", "axb", False),
        ("[\\d]", "5", False),
    ],
)
def test_patterns(pattern, path, matches):
    assert bool(globbing.matcher(pattern).fullmatch(path)) is matches
