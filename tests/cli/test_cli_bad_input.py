"""What the user can mend: one line that names it and says what to do, status 2 or 3, and nothing half-written."""

from __future__ import annotations

import shutil
import socket
import socketserver
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from cli_commands import NOOP, Command, Served, Talk, results_of, talking

from conformance.cli import _run as cli_run
from conformance.reference import server_tls
from conformance.scenario import load, suites_folder

ONE = f"{NOOP}/noop_gets_250[ehlo]"


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert isinstance(port, int)
    return port


def speaks_http(handler: socketserver.BaseRequestHandler) -> None:
    handler.request.recv(4096)
    handler.request.sendall(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")


def speaks_tls(handler: socketserver.BaseRequestHandler) -> None:
    with server_tls().wrap_socket(handler.request, server_side=True) as secure:
        secure.sendall(b"220 mx.example\r\n")


def refuses_clear(handler: socketserver.BaseRequestHandler) -> None:
    """As TLS libraries do: an alert for what is no handshake."""
    handler.request.recv(4096)
    handler.request.sendall(b"\x15\x03\x01\x00\x02\x02\x46")


def speaks_clear(handler: socketserver.BaseRequestHandler) -> None:
    handler.request.sendall(b"220 mx.example ESMTP\r\n")
    handler.request.recv(4096)


def is_silent(handler: socketserver.BaseRequestHandler) -> None:
    while handler.request.recv(4096):
        continue


def breaks_off(handler: socketserver.BaseRequestHandler) -> None:
    handler.request.sendall(b"220-mx.exam")
    is_silent(handler)


def hangs_up(handler: socketserver.BaseRequestHandler) -> None:
    handler.request.shutdown(socket.SHUT_WR)
    with suppress(OSError):
        handler.request.recv(4096)


@pytest.mark.parametrize(
    ("scheme", "talk", "says"),
    [
        ("smtp", speaks_http, "it speaks HTTP: is it the right port?"),
        ("smtps", speaks_http, "it speaks HTTP: is it the right port?"),
        ("smtp", speaks_tls, "a port that begins with TLS is written smtps://"),
        ("smtp", refuses_clear, "it speaks TLS: write smtps:// for a port that begins with TLS"),
        ("smtps", speaks_clear, "it speaks SMTP in clear: write smtp://"),
        ("smtp", is_silent, "it says nothing: a port that begins with TLS is written smtps://"),
        ("smtp", breaks_off, "only 220-mx.exam"),
        ("smtps", is_silent, "no handshake in time; is it a port that begins with TLS?"),
        ("smtp", hangs_up, "connection closed; it hangs up without a greeting"),
        ("smtps", hangs_up, "is it a port that begins with TLS?"),
    ],
)
def test_a_target_that_is_no_smtp_server(command: Command, out: Path, scheme: str, talk: Talk, says: str) -> None:
    with talking(talk) as port:
        ended = command("run", f"{scheme}://127.0.0.1:{port}", ONE, "--timeout", "0.3", "--out", out)
    assert ended.status == 3
    assert ended.problem.startswith("control delivery to <postmaster> failed at ")
    assert says in ended.problem
    assert ("says nothing" in ended.problem) == (talk in {is_silent, speaks_tls} and scheme == "smtp")
    written = results_of(out)
    assert written.results == []
    assert written.end.problem
    assert written.end.evidence
    assert "NOT A USABLE RUN" in ended.out


def test_a_port_where_nobody_listens(command: Command, out: Path) -> None:
    url = f"smtp://127.0.0.1:{closed_port()}"
    ended = command("run", url, ONE, "--out", out)
    assert ended.status == 3
    assert ended.problem == (
        f"control delivery to <postmaster> failed at connect: Connection refused; does a server listen at {url}?"
    )
    assert results_of(out).end.problem


def answering(verb: str, reply: str) -> Talk:
    """A server that answers this to one verb, 250 to all others, and leaves after QUIT."""

    def talk(handler: socketserver.BaseRequestHandler) -> None:
        handler.request.sendall(b"220 mail.example.test\r\n")
        for line in handler.request.makefile("rb"):
            chosen = line.startswith(verb.encode())
            handler.request.sendall(reply.encode() + b"\r\n" if chosen else b"250 mail.example.test\r\n")
            if line.startswith(b"QUIT"):
                return

    return talk


@pytest.mark.parametrize(
    ("verb", "reply", "says"),
    [
        ("RCPT", "550 No such user", "; every server has to take mail for this address"),
        ("RCPT", "452 Not now", ": 452 Not now"),
        ("RCPT", "450 4.2.0 Greylisted", "; where it puts off who is new to it, say for how long: --greylist-delay"),
        ("MAIL", "451 Come back later", "; where it puts off who is new to it, say for how long: --greylist-delay"),
        ("RCPT", "503 Need MAIL", "; delivery reports have this reverse-path"),
        ("MAIL", "550 Who is that?", "; delivery reports have this reverse-path"),
        ("MAIL", "530 5.7.0 Must issue a STARTTLS command first", "; say --starttls-required"),
        ("MAIL", "530 5.7.0 Authentication required", "; say --auth-required"),
    ],
)
def test_a_server_that_refuses_what_we_send_where_nothing_is_named(
    command: Command, out: Path, verb: str, reply: str, says: str
) -> None:
    with talking(answering(verb, reply)) as port:
        ended = command("run", f"smtp://127.0.0.1:{port}", ONE, "--out", out)
    assert ended.status == 3
    assert says in ended.problem


def test_a_server_that_puts_off_for_longer_than_was_said(command: Command, out: Path) -> None:
    with talking(answering("RCPT", "450 Later")) as port:
        ended = command("run", f"smtp://127.0.0.1:{port}", ONE, "--greylist-delay", "0.1", "--out", out)
    assert ended.status == 3
    assert "450 Later; --greylist-delay 0.1 has passed by then" in ended.problem


def test_a_unix_socket_that_is_not_there(command: Command, out: Path, tmp_path: Path) -> None:
    ended = command("run", f"lmtp+unix:{tmp_path / 'no.sock'}", "--out", out)
    assert ended.status == 3
    assert "failed at connect: No such file or directory; does a server listen at lmtp+unix:" in ended.problem


@pytest.mark.parametrize("host", ["nowhere.invalid", "two..dots", "x" * 64 + ".test"])
def test_a_name_that_does_not_resolve(command: Command, out: Path, host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    real = socket.getaddrinfo

    def lookup(name: str, *arguments: object, **options: object) -> object:
        if name == "nowhere.invalid":  # without asking anybody
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return real(name, *arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    ended = command("run", f"smtp://{host}:2525", "--out", out)
    assert ended.status == 3
    assert ended.problem.startswith(f"smtp://{host}:2525: the name can't be resolved: ")
    assert not out.exists()


@pytest.mark.parametrize(
    "address",
    ["192.0.2.1", "198.51.100.7:2525", "8.8.8.8", "[2001:db8::1]", "[::ffff:192.0.2.1]", "100.64.0.1", "192.0.2.1:465"],
)
def test_a_public_address_needs_authorized(
    command: Command, out: Path, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object) -> None:
        pytest.fail("a way to connect was made")

    monkeypatch.setattr(cli_run, "dialler", never)
    ended = command("run", f"smtp://{address}", "--out", out)
    assert ended.status == 2
    assert "is neither loopback nor private: add --authorized if you may test it" in ended.problem
    assert not out.exists()


def test_a_name_needs_authorized_for_its_address(command: Command, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 25)) for address in ("127.0.0.1", "192.0.2.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    monkeypatch.setattr(cli_run, "dialler", lambda *_: pytest.fail("a way to connect was made"))
    ended = command("run", "smtp://mx.example.test", "--out", out)
    assert ended.status == 2
    assert "smtp://mx.example.test:25 is neither loopback nor private" in ended.problem


def test_authorized_is_part_of_the_repeat_command(command: Command, clean: Served, out: Path) -> None:
    assert command("run", clean.url, ONE, "--authorized", "--out", out).status == 0
    assert results_of(out).results[0].repeat == f"smtp-conformance run {clean.url} --authorized '{ONE}'"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (None, "No such file or directory"),
        ("address =\n", "not TOML: "),
        ("\xff", "not TOML: "),
        ('mailboxes = ["a@example.test"]\n', 'no address; write address = "smtp://host:port"'),
        ('address = "smtp://127.0.0.1"\nmailboxs = []\n', "no fact is called 'mailboxs'; did you mean 'mailboxes'?"),
        ('address = "smtp://127.0.0.1"\nmailboxes = "a@example.test"\n', "`$.mailboxes`"),
        ('address = "smtp://127.0.0.1"\nmailboxes = ["<a@example.test>"]\n', "without brackets"),
        ('address = "smtp://127.0.0.1"\nrole = "server"\n', "`$.role`"),
        ('address = "mail.example.test"\n', "write smtp://host:port"),
        ('address = "smtp://127.0.0.1:70000"\n', "Port out of range 0-65535; write smtp://host:port"),
    ],
    ids=["missing", "not-toml", "not-utf-8", "no-address", "unknown", "type", "brackets", "role", "scheme", "port"],
)
def test_a_bad_target_file(command: Command, out: Path, tmp_path: Path, text: str | None, says: str) -> None:
    file = tmp_path / "server.toml"
    if text is not None:
        file.write_bytes(text.encode("latin-1"))
    ended = command("run", file, "--out", out)
    assert ended.status == 2
    assert ended.problem.startswith(f"{file}: ")
    assert says in ended.problem
    assert not out.exists()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["rfc5321/4.1.1.99"], "nothing is selected by 'rfc5321/4.1.1.99'; did you mean 'rfc5321/4.1.1.9'?"),
        (["rfc5321/4.1.1.9/noop_gets_251"], "did you mean 'rfc5321/4.1.1.9/noop_gets_250'?"),
        (["@smugling"], "nothing is selected by '@smugling'; did you mean '@smuggling'?"),
        (["rfc53211"], "nothing is selected by 'rfc53211'; did you mean 'rfc5321'?"),
        (["refrence"], "nothing is selected by 'refrence'; did you mean 'reference'?"),
        (["mail.test:25"], "nothing is selected by 'mail.test:25'; a server is written smtp://mail.test:25"),
        (["zzz"], "a target is smtp://host:port, a .toml file, or one of: smtp-conformance servers"),
        (["--not", "rfc5321/4.1.1.99"], "did you mean 'rfc5321/4.1.1.9'?"),
        (["--not", "rfc5321", "rfc5321"], "nothing is selected: --not and --level leave no scenario"),
        (["--target", "zzz"], "'zzz' is no target; a target is smtp://host:port"),
        (["smtp://127.0.0.1:1", "x.toml"], "one target at a time: 'x.toml' is a second one"),
        (["--target", "reference", "aiosmtpd"], "one target at a time: 'aiosmtpd' is a second one"),
        (["smtp://127.0.0.1:1/x"], "has more than a host and a port; write smtp://host:port"),
        (["http://127.0.0.1:1"], "'http://127.0.0.1:1' is no address; write smtp://host:port"),
        (["smtp://127.0.0.1:1", "--overlap", "0"], "'--overlap': 0 is not in the range x>=1"),
        (["smtp://127.0.0.1:1", "--overlap", "many"], "'--overlap': 'many' is not a valid integer"),
        (["smtp://127.0.0.1:1", "--timeout", "0"], "'--timeout': 0.0 is not in the range x>0"),
        (["smtp://127.0.0.1:1", "--role", "server"], "'--role': 'server' is not one of 'mx'"),
        (["smtp://127.0.0.1:1", "--rcpt", "<a@example.test>"], "write local-part@domain, without brackets"),
        (["--rpct", "a@example.test"], "No such option '--rpct'"),
    ],
)
def test_bad_words(command: Command, out: Path, words: list[str], says: str) -> None:
    ended = command("run", *words, "--out", out)
    assert ended.status == 2
    assert says in ended.problem
    assert ended.problem.count("did you mean") <= 1
    assert not out.exists()


def test_an_unknown_command(command: Command) -> None:
    ended = command("rum")
    assert ended.status == 2
    assert "No such command 'rum'" in ended.problem


@pytest.mark.parametrize(
    ("lay", "says"),
    [
        (lambda out: out.write_text("mine"), "is no folder"),
        (lambda out: (out / "results.jsonl").mkdir(parents=True), "Is a directory"),
        (lambda out: (out / "junit.xml").mkdir(parents=True), "Is a directory"),
        (lambda out: out.symlink_to("/proc/nowhere"), "can't be written: "),
    ],
    ids=["a-file", "results-is-a-folder", "junit-is-a-folder", "proc"],
)
def test_a_place_that_cannot_be_written(
    command: Command, clean: Served, out: Path, lay: Callable[[Path], object], says: str
) -> None:
    lay(out)
    before = sorted(out.rglob("*"))
    clean.server.site.delivered.clear()
    ended = command("run", clean.url, ONE, "--out", out)
    assert ended.status == 2
    assert ended.problem.startswith(str(out))
    assert says in ended.problem
    assert ended.problem.endswith("; name another folder with --out")
    assert sorted(out.rglob("*")) == before
    assert clean.server.site.delivered == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_disk_that_fills_up_stops_the_run(command: Command, clean: Served, out: Path) -> None:
    out.mkdir()
    (out / "results.jsonl").symlink_to("/dev/full")
    (out / "report.html").write_text("of an earlier run")
    ended = command("run", clean.url, NOOP, "--out", out)
    assert ended.status == 3
    assert ended.problem == f"{out / 'results.jsonl'}: can't be written: No space left on device"
    assert [file.name for file in out.iterdir()] == ["results.jsonl"]


def test_a_suite_file_with_a_mistake(
    command: Command, clean: Served, out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "suites" / "rfc5321"
    folder.mkdir(parents=True)
    shutil.copy(suites_folder() / "rfc5321" / "clauses.toml", folder)
    broken = folder / "s4_1_1_9_noop.py"
    broken.write_text("import conformance\n\ndef noop(:\n")
    monkeypatch.setattr(cli_run, "load", lambda: load(folder.parent))
    ended = command("run", clean.url, "--out", out)
    assert ended.status == 2
    assert ended.problem.startswith(f"{broken}:3: ")
    assert "invalid syntax" in ended.problem
    broken.write_text("from conformance import nothing_of_this_name\n")
    ended = command("run", clean.url, "--out", out)
    assert ended.status == 2
    assert ended.problem.startswith(f"{broken}: ImportError: ")
    assert not out.exists()


def test_no_suites_at_all(command: Command, out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli_run, "load", lambda: load(tmp_path))
    ended = command("run", "smtp://127.0.0.1:1", "--out", out)
    assert ended.status == 2
    assert ended.problem == f"{tmp_path}: no suite here; a suite is a folder rfcNNNN with a clauses.toml"


def test_a_launcher_without_what_it_needs(command: Command, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "aiosmtpd", None)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "aiosmtpd" else object())
    ended = command("run", "--out", out)
    assert ended.status == 3
    assert ended.problem.startswith("the aiosmtpd server needs aiosmtpd: pip install 'smtp-conformance[embedded]'")
    assert not out.exists()


def test_a_mistake_of_ours_is_status_3_and_shows_where(
    command: Command, clean: Served, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wrong(*_: object, **__: object) -> None:
        raise KeyError("of ours")

    monkeypatch.setattr(cli_run, "write_html", wrong)
    ended = command("run", clean.url, ONE, "--out", out)
    assert ended.status == 3
    assert "KeyError: 'of ours'" in ended.err
    assert ended.err.endswith("smtp-conformance: this is a mistake of ours; please report it with the lines above\n")
