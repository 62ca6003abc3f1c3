"""The servers of others, as they are launched: mail comes in, goes on and is refused as the target says."""

from __future__ import annotations

import smtplib
import ssl
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from launched_servers import left, listens, mentioned, until

from conformance.launchers import LAUNCHERS, LaunchError, Server, bring_up, launched
from conformance.launchers._cache import cache_folder
from conformance.launchers._site import password
from conformance.target import Target

pytestmark = pytest.mark.real_server

MESSAGE = (
    "From: <sender@client.example.test>\r\nTo: <{0}>\r\nDate: Mon, 1 Jan 2024 00:00:00 +0000\r\n"
    "Message-ID: <{1}@client.example.test>\r\nSubject: test\r\n\r\nbody\r\n"
)


@pytest.fixture(params=[name for name in LAUNCHERS if name != "reference"], scope="module")
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    try:
        launched = bring_up(request.param, stays=False)
    except LaunchError as error:
        if any(words in str(error) for words in ("needs", "can't be installed", "comes from", "namespaces")):
            pytest.skip(str(error))
        raise
    yield launched
    launched.remove()
    assert not listens(launched.record.port)
    assert mentioned(launched.folder.name) == []
    assert not any(launched.folder.name in each for each in left(cache_folder()))


def client(target: Target) -> smtplib.SMTP:
    lmtp = target.role == "lmtp"
    made = (smtplib.LMTP if lmtp else smtplib.SMTP)("127.0.0.1", target.where.port, "client.example.test", timeout=60)
    made.ehlo_or_helo_if_needed()
    if target.auth_required:
        made.login("alice@example.test", password())
    return made


def test_mailboxes_take_mail_and_others_do_not(server: Server) -> None:
    target = server.target
    with client(target) as smtp:
        assert smtp.mail("sender@client.example.test")[0] == 250
        for mailbox in (*target.mailboxes, target.long_mailbox or ""):
            assert smtp.rcpt(mailbox)[0] == 250
        assert smtp.rcpt(target.refused or "")[0] // 100 == 5
        if target.role != "submission":
            assert smtp.rcpt("somebody@elsewhere.example")[0] // 100 == 5


def test_mail_is_delivered_into_a_maildir(server: Server) -> None:
    target, token = server.target, f"t{time.time_ns()}"
    with client(target) as smtp:
        smtp.sendmail("sender@client.example.test", "bob@example.test", MESSAGE.format("bob@example.test", token))
    folder = server.folder / "mail" / "bob" / "Maildir" / "new"

    def there() -> bool:
        return any(token.encode() in file.read_bytes() for file in folder.glob("*"))

    assert until(there, 30)


def test_a_local_user_hands_over_a_message_without_an_envelope(server: Server) -> None:
    target, token = server.target, f"t{time.time_ns()}"
    if not target.submit.command:
        pytest.skip("it has no such way in")
    given = MESSAGE.format("bob@example.test", token).replace("\r\n", "\n").encode()
    subprocess.run(target.submit.command, input=given, check=True, timeout=60)
    folder = server.folder / "mail" / "bob" / "Maildir" / "new"

    def there() -> bool:
        return any(token.encode() in file.read_bytes() for file in folder.glob("*"))

    assert until(there, 30)


def test_content_is_refused_as_the_target_says(server: Server) -> None:
    target = server.target
    for words, severity in ((target.refused_content, 5), (target.temporarily_refused_content, 4)):
        if words is None:
            continue
        message = f"Comments: {words}\r\n{MESSAGE.format('bob@example.test', 'refused')}{words}\r\n"
        with client(target) as smtp, pytest.raises(smtplib.SMTPDataError) as refused:
            smtp.sendmail("sender@client.example.test", "bob@example.test", message)
        assert refused.value.smtp_code // 100 == severity


def test_starttls_has_our_certificate(server: Server) -> None:
    if server.record.name == "opensmtpd":
        pytest.skip("OpenSMTPD 6.8.0p2 fails at every handshake with OpenSSL 3")
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with smtplib.SMTP("127.0.0.1", server.record.port, "client.example.test", timeout=60) as smtp:
        greets = "LHLO" if server.target.role == "lmtp" else "EHLO"
        assert b"STARTTLS" in smtp.docmd(greets, "client.example.test")[1]
        assert smtp.docmd("STARTTLS")[0] == 220
        assert smtp.sock is not None
        with context.wrap_socket(smtp.sock, server_hostname="mail.example.test") as secured:
            assert secured.getpeercert(binary_form=True)
            smtp.sock = None


def test_it_is_up_again_after_a_crash(server: Server) -> None:
    server.kill()
    assert not listens(server.record.port)
    server.restart()
    with client(server.target) as smtp:
        assert smtp.noop()[0] == 250


def test_the_log_says_something(server: Server) -> None:
    if server.record.name in {"aiosmtpd", "smtp-server"}:
        pytest.skip("a library logs nothing by itself")
    assert any(file.stat().st_size for file in Path(server.logs).rglob("*") if file.is_file())


@pytest.mark.parametrize("name", [name for name, each in LAUNCHERS.items() if each.queue])
def test_a_server_of_a_run_has_no_room_for_a_while(name: str) -> None:
    message = MESSAGE.format("bob@example.test", "full") + 2000 * f"{'x' * 70}\r\n"

    def answers(target: Target) -> int:
        with client(target) as smtp:
            for code, _ in (smtp.mail("sender@client.example.test"), smtp.rcpt("bob@example.test")):
                if code != 250:
                    return code
            try:
                return smtp.data(message)[0]
            except smtplib.SMTPDataError as error:
                return error.smtp_code

    try:
        with launched(name) as target:
            assert answers(target) == 250
            subprocess.run(target.process.fill_queue, check=True, timeout=60)
            assert answers(target) // 100 == 4
            subprocess.run(target.process.make_room, check=True, timeout=60)
            assert answers(target) == 250
            folder = Path(target.process.kill[-1])
    except LaunchError as error:
        if any(words in str(error) for words in ("needs", "can't be installed", "comes from", "namespace")):
            pytest.skip(str(error))
        raise
    assert mentioned(folder.name) == []
    assert not folder.exists()
