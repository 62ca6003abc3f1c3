from __future__ import annotations

import pytest
from reference_talk import DATA, ENVELOPE, HELLO, MAIL, RCPT, talk

from conformance.reference import ReferenceServer

RSET = b"RSET\r\n"


def chunk(octets: bytes, end: bytes = b"") -> bytes:
    return b"BDAT %d%b\r\n%b" % (len(octets), end, octets)


def last(octets: bytes) -> bytes:
    return chunk(octets, b" LAST")


DIALOGUES: dict[str, tuple[bytes, list[int]]] = {
    "one-chunk": (ENVELOPE + last(b"Subject: a\r\n"), [250, 250, 250, 250]),
    "two-chunks": (ENVELOPE + chunk(b"Subject: a\r") + last(b"\n"), [250, 250, 250, 250, 250]),
    "empty-last": (ENVELOPE + chunk(b"Subject: a\r\n") + last(b""), [250, 250, 250, 250, 250]),
    "behind-the-last": (ENVELOPE + last(b"a") + last(b"NOOP\r\n"), [250, 250, 250, 250, 503]),
    "without-mail": (HELLO + chunk(b"NOOP\r\n") + RSET, [250, 503, 250]),
    "without-recipients": (HELLO + MAIL + chunk(b"NOOP\r\n") + RSET, [250, 250, 503, 250]),
    "after-a-refusal": (HELLO + MAIL + chunk(b"a") + RCPT + last(b"a"), [250, 250, 503, 250, 503]),
    "data-behind-bdat": (ENVELOPE + chunk(b"a") + DATA + RSET, [250, 250, 250, 250, 503, 250]),
    "rset-between-chunks": (ENVELOPE + chunk(b"a") + RSET + MAIL + RCPT + DATA, [250] * 7 + [354]),
    "binary-and-data": (
        HELLO + b"MAIL FROM:<> BODY=BINARYMIME\r\n" + RCPT + DATA + last(b"\x00\r\n.\r\n"),
        [250, 250, 250, 503, 250],
    ),
    "bad-forms": (ENVELOPE + b"BDAT\r\nBDAT x\r\nBDAT 1 FIRST\r\nBDAT 1 LAST now\r\n", [250, 250, 250] + [501] * 4),
    "case": (ENVELOPE + b"bdat 1 last\r\na", [250, 250, 250, 250]),
}


@pytest.mark.parametrize("name", DIALOGUES)
def test_chunks_are_answered(name: str) -> None:
    octets, codes = DIALOGUES[name]
    assert [reply.code for reply in talk(octets)][1:] == codes


@pytest.mark.parametrize("name", DIALOGUES)
def test_chunks_are_answered_octet_by_octet(name: str) -> None:
    octets, codes = DIALOGUES[name]
    assert [reply.code for reply in talk([octets[at : at + 1] for at in range(len(octets))])][1:] == codes


def test_content_of_chunks_is_what_was_sent() -> None:
    server = ReferenceServer()
    talk(ENVELOPE + chunk(b".\r\n") + chunk(b"\x00\xff\r") + last(b"\n.\r\nQUIT\r\n"), server)
    assert [delivery.content for delivery in server.site.delivered] == [b".\r\n\x00\xff\r\n.\r\nQUIT\r\n"]


def test_chunks_before_rset_are_not_delivered() -> None:
    server = ReferenceServer()
    talk(ENVELOPE + chunk(b"old") + RSET + MAIL + RCPT + last(b"new"), server)
    assert [delivery.content for delivery in server.site.delivered] == [b"new"]


def test_where_tls_is_required_four_commands_are_served() -> None:
    server = ReferenceServer(requires_tls=True)
    octets = HELLO + MAIL + b"NOOP\r\nRSET\r\nVRFY a\r\nBDAT 0 LAST\r\nHELO a.example\r\nQUIT\r\n"
    assert [reply.code for reply in talk(octets, server)][1:] == [250, 530, 250, 530, 530, 530, 530, 221]
