"""The reference server as an LMTP server (RFC 2033)."""

from __future__ import annotations

import pytest
from reference_talk import DATA, MAIL, RCPT, codes, talk

from conformance.reference import ReferenceServer

LHLO = b"LHLO client.example.test\r\n"
BOB = b"RCPT TO:<bob@example.test>\r\n"
FULL = b"RCPT TO:<full@example.test>\r\n"
NOBODY = b"RCPT TO:<nobody@example.test>\r\n"
END = b".\r\n"


def lmtp() -> ReferenceServer:
    return ReferenceServer(lmtp=True)


DIALOGUES: dict[str, tuple[bytes, list[int]]] = {
    "lhlo": (LHLO, [250]),
    "no-ehlo": (b"EHLO client.example.test\r\n", [500]),
    "no-helo": (b"HELO client.example.test\r\n", [500]),
    "one": (LHLO + MAIL + RCPT + DATA + END, [250, 250, 250, 354, 250]),
    "two": (LHLO + MAIL + RCPT + BOB + DATA + END, [250, 250, 250, 250, 354, 250, 250]),
    "duplicate": (LHLO + MAIL + RCPT + RCPT + DATA + END, [250, 250, 250, 250, 354, 250, 250]),
    "refused": (LHLO + MAIL + RCPT + NOBODY + DATA + END, [250, 250, 250, 550, 354, 250]),
    "order": (LHLO + MAIL + RCPT + FULL + BOB + DATA + END, [250] * 5 + [354, 250, 452, 250]),
    "nobody": (LHLO + MAIL + NOBODY + DATA, [250, 250, 550, 503]),
}


@pytest.mark.parametrize(("octets", "expected"), DIALOGUES.values(), ids=DIALOGUES)
def test_dialogues(octets: bytes, expected: list[int]) -> None:
    assert codes(octets, lmtp()) == expected


def test_what_is_over_quota_is_not_delivered() -> None:
    server = lmtp()
    talk(LHLO + MAIL + RCPT + FULL + DATA + END, server)
    assert [delivery.forward_paths for delivery in server.site.delivered] == [(b"alice@example.test",)]


def test_all_that_rfc_2033_asks_for_is_offered() -> None:
    _, hello = talk(LHLO, lmtp())
    keywords = {line.text.partition(b" ")[0] for line in hello.lines[1:]}
    assert {b"PIPELINING", b"ENHANCEDSTATUSCODES", b"8BITMIME"} <= keywords


def test_replies_have_enhanced_status_codes_of_their_class() -> None:
    _, hello, *replies = talk(LHLO + MAIL + NOBODY + RCPT + DATA + END + b"BOGUS\r\n", lmtp())
    assert not hello.text.startswith(b"2.")
    for reply in replies:
        assert reply.text.startswith(b"%d." % reply.severity) is (reply.code != 354), reply
