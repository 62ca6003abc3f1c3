"""The reference server is the measure of all scenarios: it must be right by the RFC's text."""

from __future__ import annotations

import ssl

import pytest
import trio
from reference_talk import DATA, ENVELOPE, HELLO, MAIL, RCPT, at_once, codes, octet_by_octet, talk
from trio.testing import memory_stream_pair

from conformance.reference import Delivery, ReferenceServer, _session, server_tls

QUIT = b"QUIT\r\n"
NOBODY = b"RCPT TO:<nobody@example.test>\r\n"
BOB = b"RCPT TO:<bob@example.test>\r\n"
RSET = b"RSET\r\n"
END = b".\r\n"


def delivered(octets: bytes) -> list[Delivery]:
    server = ReferenceServer()
    talk(octets, server)
    return server.site.delivered


def content_of(mail_data: bytes) -> bytes:
    """What is delivered of one message, whose mail data ends with these octets."""
    (delivery,) = delivered(ENVELOPE + DATA + mail_data + QUIT)
    return delivery.content


def test_the_greeting_begins_with_the_name_of_the_host() -> None:
    (greeting,) = talk(b"")
    assert greeting.octets.startswith(b"220 mail.example.test ")


def test_ehlo_names_the_host_and_lists_extensions_one_a_line() -> None:
    _, hello = talk(HELLO)
    assert (hello.code, hello.lines[0].text.partition(b" ")[0]) == (250, b"mail.example.test")
    keywords = [line.text.partition(b" ")[0] for line in hello.lines[1:]]
    assert {b"PIPELINING", b"8BITMIME", b"SIZE", b"EXPN", b"HELP"} <= set(keywords)
    assert len(keywords) == len(set(keywords))


def test_helo_is_answered_in_one_line_without_extensions() -> None:
    _, hello = talk(b"HELO client.example.test\r\n")
    assert (hello.code, len(hello.lines)) == (250, 1)


def test_starttls_is_offered_with_tls_only_and_not_again_under_it() -> None:
    (_, clear) = talk(HELLO, ReferenceServer(tls=server_tls()))
    assert b"STARTTLS" in clear.text
    (_, without) = talk(HELLO)
    assert b"STARTTLS" not in without.text


DIALOGUES: dict[str, tuple[bytes, list[int]]] = {
    "nothing": (b"", []),
    "quit": (QUIT, [221]),
    "quit-ends-it": (QUIT + b"NOOP\r\n", [221]),
    "noop-before-hello": (b"NOOP\r\n", [250]),
    "rset-before-hello": (RSET, [250]),
    "help-before-hello": (b"HELP\r\n", [214]),
    "vrfy-before-hello": (b"VRFY alice\r\n", [250]),
    "mail-before-hello": (MAIL, [503]),
    "rcpt-before-mail": (HELLO + RCPT, [250, 503]),
    "data-before-mail": (HELLO + DATA, [250, 503]),
    "data-before-rcpt": (HELLO + MAIL + DATA, [250, 250, 503]),
    "nested-mail": (ENVELOPE + MAIL + DATA, [250, 250, 250, 503, 354]),
    "rset-clears": (ENVELOPE + RSET + RCPT + DATA, [250, 250, 250, 250, 503, 503]),
    "ehlo-clears": (ENVELOPE + HELLO + DATA, [250, 250, 250, 250, 503]),
    "helo-clears": (ENVELOPE + b"HELO client.example.test\r\n" + DATA, [250, 250, 250, 250, 503]),
    "noop-clears-nothing": (ENVELOPE + b"NOOP\r\n" + DATA, [250, 250, 250, 250, 354]),
    "vrfy-clears-nothing": (ENVELOPE + b"VRFY bob\r\n" + DATA, [250, 250, 250, 250, 354]),
    "refused-ehlo-clears-nothing": (ENVELOPE + b"EHLO\r\n" + DATA, [250, 250, 250, 501, 354]),
    "refused-recipient-clears-nothing": (ENVELOPE + NOBODY + DATA, [250, 250, 250, 550, 354]),
    "refused-mail-opens-nothing": (HELLO + b"MAIL FROM:a\r\n" + RCPT, [250, 501, 503]),
    "only-a-refused-recipient": (HELLO + MAIL + NOBODY + DATA, [250, 250, 550, 503]),
    "null-reverse-path": (HELLO + b"MAIL FROM:<>\r\n" + RCPT, [250, 250, 250]),
    "two-transactions": ((ENVELOPE + DATA + END) * 2, [250, 250, 250, 354, 250] * 2),
    "after-the-message-nothing-is-open": (ENVELOPE + DATA + END + RCPT + DATA, [250, 250, 250, 354, 250, 503, 503]),
    "postmaster": (HELLO + MAIL + b"RCPT TO:<Postmaster>\r\n", [250, 250, 250]),
    "postmaster-at-a-domain": (HELLO + MAIL + b"RCPT TO:<postMASTER@EXAMPLE.test>\r\n", [250, 250, 250]),
    "local-part-has-a-case": (HELLO + MAIL + b"RCPT TO:<Alice@example.test>\r\n", [250, 250, 550]),
    "domain-has-none": (HELLO + MAIL + b"RCPT TO:<alice@Example.TEST>\r\n", [250, 250, 250]),
    "quoted-local-part": (HELLO + MAIL + b'RCPT TO:<"alice"@example.test>\r\n', [250, 250, 250]),
    "source-route": (HELLO + MAIL + b"RCPT TO:<@relay.example.test:alice@example.test>\r\n", [250, 250, 250]),
    "no-relay": (HELLO + MAIL + b"RCPT TO:<a@elsewhere.example>\r\n", [250, 250, 550]),
    "null-forward-path": (HELLO + MAIL + b"RCPT TO:<>\r\n", [250, 250, 501]),
    "address-literal": (b"EHLO [127.0.0.1]\r\nEHLO [IPv6:::1]\r\n", [250, 250]),
    "ehlo-without-a-name": (b"EHLO\r\n" + MAIL, [501, 503]),
    "ehlo-with-a-bad-name": (b"EHLO under_score.example\r\nEHLO -\r\nEHLO [1.2.3]\r\n", [501, 501, 501]),
    "any-case": (b"eHLO client.example.test\r\nmAIL fROM:<>\r\nrCPT tO:<alice@example.test>\r\n", [250, 250, 250]),
    "trailing-white-space": (b"NOOP \t\r\nRSET  \r\nQUIT \r\n", [250, 250, 221]),
    "unknown": (b"XYZZY\r\n\r\nNOOP\r\n", [500, 500, 250]),
    "argument-not-allowed": (HELLO + b"RSET now\r\nDATA now\r\nQUIT now\r\n" + QUIT, [250, 501, 501, 501, 221]),
    "argument-of-noop": (b"NOOP whatever\r\nHELP NOOP\r\n", [250, 214]),
    "vrfy": (b"VRFY alice\r\nVRFY <alice@example.test>\r\nVRFY nobody\r\nVRFY\r\n", [250, 250, 550, 501]),
    "expn": (b"EXPN staff\r\nEXPN nobody\r\nEXPN\r\n", [250, 550, 501]),
    "starttls-not-there": (HELLO + b"STARTTLS\r\n", [250, 502]),
    "body-parameter": (HELLO + b"MAIL FROM:<> BODY=8BITMIME\r\n", [250, 250]),
    "bad-body-parameter": (HELLO + b"MAIL FROM:<> BODY=9BIT\r\n" + MAIL, [250, 501, 250]),
    "size-parameter": (HELLO + b"MAIL FROM:<> SIZE=1000\r\n", [250, 250]),
    "size-too-big": (HELLO + b"MAIL FROM:<> SIZE=99999999999\r\n" + RCPT, [250, 552, 503]),
    "bad-size": (HELLO + b"MAIL FROM:<> SIZE=big\r\nMAIL FROM:<> SIZE\r\n", [250, 501, 501]),
    "unknown-parameter": (HELLO + b"MAIL FROM:<> XYZZY=1\r\n" + RCPT, [250, 555, 503]),
    "a-parameter-twice": (HELLO + b"MAIL FROM:<> SIZE=1 SIZE=1\r\n", [250, 501]),
    "parameter-after-helo": (b"HELO client.example.test\r\nMAIL FROM:<> SIZE=1\r\n" + MAIL, [250, 555, 250]),
    "unknown-rcpt-parameter": (HELLO + MAIL + b"RCPT TO:<alice@example.test> XYZZY\r\n" + DATA, [250, 250, 555, 503]),
    "nul-in-a-command": (b"NO\0OP\r\nNOOP\r\n", [500, 250]),
    "8-bit-in-a-command": (HELLO + b"MAIL FROM:<\xe4@example.test>\r\n" + RCPT, [250, 500, 503]),
    "control-in-a-command": (b"NOOP \x07\r\nNOOP \x7f\r\n", [500, 500]),
    "bare-lf-ends-no-line": (b"NOOP\nNOOP\r\nNOOP\r\n", [500, 250]),
    "bare-cr-ends-no-line": (b"NOOP\rNOOP\r\nNOOP\r\n", [500, 250]),
    "cr-cr-lf": (b"NOOP\r\r\nNOOP\r\n", [500, 250]),
    "an-unfinished-line-is-no-command": (b"NOOP\r\nQUIT", [250]),
}


@pytest.mark.parametrize(("octets", "expected"), DIALOGUES.values(), ids=DIALOGUES)
def test_every_command_has_its_reply(octets: bytes, expected: list[int]) -> None:
    assert codes(octets) == expected


@pytest.mark.parametrize(("octets", "expected"), DIALOGUES.values(), ids=DIALOGUES)
def test_how_the_octets_are_cut_changes_nothing(octets: bytes, expected: list[int]) -> None:
    assert codes(octet_by_octet(octets)) == expected


def test_a_transaction_delivers_its_envelope_and_content() -> None:
    (delivery,) = delivered(ENVELOPE + BOB + DATA + b"Subject: a\r\n\r\nb\r\n" + END)
    assert delivery == Delivery(
        b"a@client.example.test", (b"alice@example.test", b"bob@example.test"), b"Subject: a\r\n\r\nb\r\n"
    )


def test_a_null_reverse_path_is_empty_and_a_route_is_dropped() -> None:
    octets = HELLO + b"MAIL FROM:<@a.example,@b.example:c@d.example>\r\n" + RCPT + DATA + END
    octets += b"MAIL FROM:<>\r\nRCPT TO:<@a.example:bob@example.test>\r\n" + DATA + END
    first, second = delivered(octets)
    assert first.reverse_path == b"c@d.example"
    assert (second.reverse_path, second.forward_paths) == (b"", (b"bob@example.test",))


def test_nothing_of_one_transaction_is_in_the_next() -> None:
    first, second = delivered(ENVELOPE + BOB + DATA + b"one\r\n" + END + MAIL + RCPT + DATA + b"two\r\n" + END)
    assert (len(first.forward_paths), len(second.forward_paths)) == (2, 1)
    assert (first.content, second.content) == (b"one\r\n", b"two\r\n")


@pytest.mark.parametrize("aborted", [b"", RSET + QUIT, HELLO + QUIT, QUIT, DATA + b"half a mess", DATA + b"a\r\n."])
def test_what_is_not_finished_is_not_delivered(aborted: bytes) -> None:
    assert delivered(ENVELOPE + aborted) == []


# Mail data.

MAIL_DATA: dict[str, tuple[bytes, bytes]] = {
    "empty": (b".\r\n", b""),
    "one-line": (b"a\r\n.\r\n", b"a\r\n"),
    "blank-line": (b"\r\n.\r\n", b"\r\n"),
    "stuffed-dot": (b"..\r\n.\r\n", b".\r\n"),
    "stuffed-dots": (b"...\r\n..a\r\n.\r\n", b"..\r\n.a\r\n"),
    "unstuffed-dot": (b".a\r\nb.\r\n.\r\n", b"a\r\nb.\r\n"),
    "dot-inside": (b"a.b\r\n.\r\n", b"a.b\r\n"),
    "stuffed-lines-in-a-row": (b"a\r\n..\r\n..\r\n..\r\n.\r\n", b"a\r\n.\r\n.\r\n.\r\n"),
    "dot-space": (b". \r\n.\r\n", b" \r\n"),
    "lf-dot-lf": (b"a\n.\nb\r\n.\r\n", b"a\n.\nb\r\n"),
    "lf-dot-crlf": (b"a\n.\r\nb\r\n.\r\n", b"a\n.\r\nb\r\n"),
    "crlf-dot-lf": (b"a\r\n.\nb\r\n.\r\n", b"a\r\n\nb\r\n"),
    "cr-dot-cr": (b"a\r.\rb\r\n.\r\n", b"a\r.\rb\r\n"),
    "crlf-dot-cr": (b"a\r\n.\rb\r\n.\r\n", b"a\r\n\rb\r\n"),
    "cr-cr-lf-dot": (b"a\r\r\n.\r\n", b"a\r\r\n"),
    "nul-and-8-bit": (b"\0a\xff\x80\r\n.\r\n", b"\0a\xff\x80\r\n"),
    "commands": (b"QUIT\r\nRSET\r\n.\r\n", b"QUIT\r\nRSET\r\n"),
}


@pytest.mark.parametrize(("mail_data", "content"), MAIL_DATA.values(), ids=MAIL_DATA)
def test_mail_data_ends_at_its_dot_and_is_unstuffed(mail_data: bytes, content: bytes) -> None:
    assert content_of(mail_data) == content


@pytest.mark.parametrize(("mail_data", "content"), MAIL_DATA.values(), ids=MAIL_DATA)
def test_how_mail_data_is_cut_changes_nothing(mail_data: bytes, content: bytes) -> None:
    server = ReferenceServer()
    assert codes([ENVELOPE, DATA, *octet_by_octet(mail_data), QUIT], server) == [250, 250, 250, 354, 250, 221]
    assert [delivery.content for delivery in server.site.delivered] == [content]


def test_every_octet_in_a_line_survives() -> None:
    every = bytes(octet for octet in range(256) if octet not in b"\r\n") + b"\r\n"
    assert content_of(every + END) == every


def test_a_message_within_the_limit_is_taken_and_one_beyond_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_session, "MAX_MESSAGE", 1000)
    line = b"x" * 98 + b"\r\n"
    assert codes(ENVELOPE + DATA + line * 10 + END + QUIT)[3:] == [354, 250, 221]
    server = ReferenceServer()
    assert codes(ENVELOPE + DATA + line * 10 + b"\r\n" + END + RCPT + QUIT, server)[3:] == [354, 552, 503, 221]
    assert server.site.delivered == []


def test_a_stuffed_dot_does_not_count_towards_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_session, "MAX_MESSAGE", 6)
    assert codes(ENVELOPE + DATA + b"..\r\n..\r\n" + END)[3:] == [354, 250]


def test_the_size_that_is_announced_is_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_session, "MAX_MESSAGE", 1000)
    octets = HELLO + b"MAIL FROM:<> SIZE=1001\r\nMAIL FROM:<> SIZE=1000\r\n"
    _, hello, beyond, within = talk(octets)
    assert b"SIZE 1000" in hello.text
    assert (beyond.code, within.code) == (552, 250)


def test_a_message_of_many_lines_comes_whole() -> None:
    lines = b"".join(b"line %d\r\n" % number for number in range(20_000))
    assert content_of(lines + END) == lines


# Limits: RFC 5321 §4.5.3.1 asks for these at least.


def test_a_command_line_of_512_octets_is_read() -> None:
    longest = b"NOOP " + b"x" * (512 - 7) + b"\r\n"
    assert len(longest) == 512
    assert codes(longest + QUIT) == [250, 221]
    assert codes([*octet_by_octet(longest), QUIT]) == [250, 221]


@pytest.mark.parametrize("length", [_session.MAX_COMMAND, 3 * _session.MAX_COMMAND])
def test_a_line_without_an_end_is_given_up_and_the_next_one_read(length: int) -> None:
    blocks = [b"NOOP " + b"x" * length, b"x" * 100 + b"\r", b"\nNOOP\r\n", QUIT]
    assert codes(blocks) == [500, 250, 221]


def test_a_line_that_never_ends_is_no_command() -> None:
    assert codes([b"x" * 5000, b"x" * 5000]) == []


def test_a_hundred_recipients_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    server = ReferenceServer()
    octets = HELLO + MAIL + RCPT * 100 + DATA + END
    assert codes(octets, server)[2:] == [250] * 100 + [354, 250]
    assert len(server.site.delivered[0].forward_paths) == 100
    monkeypatch.setattr(_session, "MAX_RECIPIENTS", 2)
    assert codes(HELLO + MAIL + RCPT * 3 + DATA)[2:] == [250, 250, 452, 354]


def test_a_local_part_of_64_octets_and_a_domain_of_253_are_read() -> None:
    domain = b".".join([b"d" * 63] * 3 + [b"d" * 61])
    assert len(domain) == 253
    octets = b"EHLO " + domain + b"\r\n" + MAIL + b"RCPT TO:<" + b"a" * 64 + b"@example.test>\r\n"
    assert codes(octets) == [250, 250, 250]


def test_a_host_that_takes_no_mail_says_so_and_waits_for_quit() -> None:
    server = ReferenceServer(rejects=True)
    replies = talk(HELLO + MAIL + b"NOOP\r\n" + QUIT + b"NOOP\r\n", server)
    assert [reply.code for reply in replies] == [554, 503, 503, 503, 221]


def test_sessions_share_the_site_and_nothing_else() -> None:
    server = ReferenceServer()
    assert codes(ENVELOPE, server) == [250, 250, 250]
    assert codes(DATA, server) == [503]
    assert codes(ENVELOPE + DATA + END, server)[-1] == 250
    assert codes(ENVELOPE + DATA + END, server)[-1] == 250
    assert len(server.site.delivered) == 2


def test_a_client_that_is_gone_ends_the_session() -> None:
    async def main() -> None:
        ours, theirs = memory_stream_pair()
        with trio.fail_after(5):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(ReferenceServer().serve, theirs)
                await ours.receive_some(100)
                await ours.aclose()

    at_once(main)


# STARTTLS (RFC 3207).


def under_tls(clear: bytes, secured: bytes, behind: bytes = b"") -> tuple[list[int], list[bytes]]:
    """The codes before the handshake, and the lines after it until the server waits or closes."""

    async def main() -> tuple[list[int], list[bytes]]:
        ours, theirs = memory_stream_pair()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(ReferenceServer(tls=server_tls()).serve, theirs)
            await ours.send_all(clear + b"STARTTLS\r\n" + behind)
            heard = b""
            while b"Ready to start TLS" not in heard:
                heard += bytes(await ours.receive_some(65536))
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            stream = trio.SSLStream(ours, context)
            await stream.do_handshake()
            if secured:
                await stream.send_all(secured)
            answered = b""
            with trio.move_on_after(5):
                while octets := await stream.receive_some(65536):
                    answered += bytes(octets)
            nursery.cancel_scope.cancel()
        before = [int(line[:3]) for line in heard.splitlines() if line[3:4] == b" "]
        return before, answered.splitlines()

    return at_once(main)


def test_starttls_forgets_all_that_was_said_in_clear() -> None:
    before, after = under_tls(ENVELOPE, MAIL + DATA)
    assert before == [220, 250, 250, 250, 220]
    assert [line[:3] for line in after] == [b"503", b"503"]


def test_ehlo_under_tls_offers_no_starttls_and_a_second_one_is_refused() -> None:
    _, after = under_tls(HELLO, HELLO + b"STARTTLS\r\n" + QUIT)
    assert not any(b"250" in line and b"STARTTLS" in line for line in after)
    assert [line[:3] for line in after[-2:]] == [b"503", b"221"]


def test_the_server_says_nothing_first_after_the_handshake() -> None:
    assert under_tls(HELLO, b"")[1] == []


def test_what_came_in_clear_behind_starttls_is_not_read_under_tls() -> None:
    before, after = under_tls(HELLO, b"NOOP\r\n", behind=b"QUIT\r\n")
    assert before == [220, 250, 220]
    assert [line[:3] for line in after] == [b"250"]


def test_starttls_takes_no_argument() -> None:
    assert codes(HELLO + b"STARTTLS now\r\n" + QUIT, ReferenceServer(tls=server_tls())) == [250, 501, 221]


def test_a_handshake_that_fails_ends_the_session() -> None:
    async def main() -> None:
        ours, theirs = memory_stream_pair()
        with trio.fail_after(5):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(ReferenceServer(tls=server_tls()).serve, theirs)
                await ours.send_all(b"STARTTLS\r\n")
                heard = b""
                while b"Ready to start TLS" not in heard:
                    heard += bytes(await ours.receive_some(65536))
                await ours.send_all(b"NOOP\r\nthis is no handshake\r\n")
                while octets := await ours.receive_some(65536):
                    assert not octets.startswith(b"250")

    at_once(main)
