"""Mail goes out over TLS or not at all, to the server that was named, and says what it should."""

from pathlib import Path

import pytest

from fakes.mail_server import PASSWORD, USERNAME, mail_server
from fakes.server import free_port
from headrace.kit.mail import MailServer, is_address, one_line, send, written
from headrace.kit.outcomes import Refused, TryLater

SENDER = "Acme Data <no-reply@example.com>"
LOGIN = "mailer:p%40ss%3A%20word"
MAIL = written(SENDER, "client@example.com", "Grüße", "Hällo\n.\n..dots\n")


def _server(url: str, ca_bundle: str = "") -> MailServer:
    return MailServer.from_url(url, SENDER, ca_bundle)


@pytest.mark.parametrize(("mode", "scheme"), [("starttls", "smtp"), ("tls", "smtps")])
def test_mail_goes_out_over_tls(mode: str, scheme: str, tmp_path: Path) -> None:  # S80
    with mail_server(tmp_path, mode) as fake:
        url = f"{scheme}://{LOGIN}@127.0.0.1:{fake.port}"
        send(_server(url, str(fake.certificate)), MAIL)
        assert fake.logins == [(USERNAME, True)]
        mail = fake.sent_to("client@example.com")
        assert mail["From"] == SENDER
        assert mail["Subject"] == "Grüße"
        assert mail.get_content().replace("\r\n", "\n") == "Hällo\n.\n..dots\n"


@pytest.mark.parametrize(("mode", "scheme"), [("starttls", "smtp"), ("tls", "smtps")])
def test_a_certificate_nobody_vouches_for_is_refused(
    mode: str, scheme: str, tmp_path: Path
) -> None:  # S80
    with mail_server(tmp_path, mode) as fake:
        with pytest.raises(Refused, match="certificate"):
            send(_server(f"{scheme}://{LOGIN}@127.0.0.1:{fake.port}"), MAIL)
        assert not fake.mails
        assert not fake.logins


def test_without_starttls_nothing_is_sent(tmp_path: Path) -> None:  # S80
    with mail_server(tmp_path) as fake:
        with pytest.raises(Refused, match="STARTTLS"):
            send(_server(f"smtp://{LOGIN}@127.0.0.1:{fake.port}"), MAIL)
        assert not fake.mails
        assert not fake.logins


def test_plain_is_what_the_operator_asked_for(tmp_path: Path) -> None:
    with mail_server(tmp_path) as fake:
        send(_server(f"smtp+plain://127.0.0.1:{fake.port}"), MAIL)
        assert len(fake.mails) == 1


@pytest.mark.parametrize(
    ("reply", "kind"), [("550 no such user", Refused), ("451 come again", TryLater)]
)
def test_refusals_are_told_apart_by_what_should_happen_next(
    reply: str, kind: type[Exception], tmp_path: Path
) -> None:
    with mail_server(tmp_path) as fake:
        fake.refuse_with = reply
        with pytest.raises(kind, match=reply[4:]):
            send(_server(f"smtp+plain://127.0.0.1:{fake.port}"), MAIL)
        assert not fake.mails


def test_a_server_that_is_not_there_is_tried_later() -> None:
    with pytest.raises(TryLater, match="does not answer"):
        send(_server(f"smtp+plain://127.0.0.1:{free_port()}"), MAIL)


def test_a_wrong_login_is_named_and_the_password_is_not(tmp_path: Path) -> None:
    with mail_server(tmp_path, "starttls") as fake:
        server = _server(f"smtp://mailer:hunter22@127.0.0.1:{fake.port}", str(fake.certificate))
        with pytest.raises(Refused, match="login") as refusal:
            send(server, MAIL)
    assert "hunter22" not in str(refusal.value)
    assert "hunter22" not in repr(server)
    assert PASSWORD not in repr(server)


@pytest.mark.parametrize(
    ("url", "sender", "says"),
    [
        ("http://mail.example.com", SENDER, "smtps://"),
        ("smtp://", SENDER, "smtps://"),
        ("smtp+plain://user:secret@10.0.0.1", SENDER, "without TLS"),
        ("smtps://mail.example.com", "", "sender"),
        ("smtps://mail.example.com", "nobody", "sender"),
        ("smtps://mail.example.com", "a@example.com\r\nBcc: b@example.com", "sender"),
    ],
)
def test_addresses_that_cannot_be_used_are_refused(url: str, sender: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        MailServer.from_url(url, sender)


def test_ports_follow_the_scheme() -> None:
    ports = [_server(f"{scheme}://h.example").port for scheme in ("smtps", "smtp", "smtp+plain")]
    assert ports == [465, 587, 25]


@pytest.mark.parametrize(
    "text",
    ["", "a", "@b.com", "a@", "a b@c.com", "a@b.com\r\nBcc: x@y.com", "A <a@b.com>", "a@b.com,c@d.com",
     "a@b@c.com", '"a b"@c.com', "a@[127.0.0.1]", "a;b@c.com", "ü@b.com"],
)  # fmt: skip
def test_what_is_no_address(text: str) -> None:  # S84
    assert not is_address(text)


@pytest.mark.parametrize("text", ["a@b.com", "first.last+tag@sub.example.co.uk", "x_y-z@b-c.org"])
def test_what_is_an_address(text: str) -> None:
    assert is_address(text)


def test_line_breaks_do_not_make_headers() -> None:  # S84
    mail = written(SENDER, "a@b.com", "Hello\r\nBcc: evil@example.com\x00\x85", "text")
    assert mail["Bcc"] is None
    assert mail["Subject"] == "Hello Bcc: evil@example.com"
    assert one_line(" a\n\tb ") == "a b"
