"""What the reference server makes of a message without an envelope."""

from __future__ import annotations

import os

import pytest
import trio
from trio.testing import MockClock

from conformance import CRLF, Ended, Field, fields_named, split_message
from conformance.reference import ReferenceServer
from conformance.reference._composing import Composer, addresses
from conformance.reference._decision import Decisions
from conformance.reference._trace import Accepted

USER = b"alice@example.test"


def composed(*lines: bytes, asked_path: bytes = b"") -> Accepted | bytes:
    return Composer(Decisions()).composed(b"\n".join([*lines, b"", b"Words", b""]), USER, asked_path)


def accepted(*lines: bytes, asked_path: bytes = b"") -> Accepted:
    made = composed(*lines, asked_path=asked_path)
    assert isinstance(made, Accepted)
    return made


def bodies(made: Accepted, name: str) -> list[bytes]:
    return [field.body.strip() for field in fields_named(split_message(made.content)[0], name)]


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b"a@x.test", [b"a@x.test"]),
        (b"Somebody <a@x.test>, b@x.test", [b"a@x.test", b"b@x.test"]),
        (b'"Else, Somebody" <a@x.test> (b@x.test)', [b"a@x.test"]),
        (b"friends: a@x.test, b@x.test;, c@x.test", [b"a@x.test", b"b@x.test", b"c@x.test"]),
        (b"nobody:;", []),
        (b"", []),
        (b'"first last"@x.test', [b'"first last"@x.test']),
        (b"a@[127.0.0.1]", [b"a@[127.0.0.1]"]),
        (b"bob", [b"bob@example.test"]),
        (b"a@x.test,\r\n\tb@x.test", [b"a@x.test", b"b@x.test"]),
        ("j\u00fcrgen@x.test".encode(), ["j\u00fcrgen@x.test".encode()]),
    ],
)
def test_the_addresses_of_a_field(body: bytes, found: list[bytes]) -> None:
    assert addresses(Field(b"To: " + body + CRLF)) == found


def test_the_envelope_is_made_from_the_header() -> None:
    made = accepted(
        b"From: eve@x.test", b"To: a@x.test", b"cc: b@x.test, a@x.test", b"Bcc: c@x.test", b"Sender: d@x.test"
    )
    assert (made.reverse_path, made.forward_paths) == (USER, (b"a@x.test", b"b@x.test", b"c@x.test"))
    assert bodies(made, "bcc") == []
    assert bodies(made, "sender") == [USER]
    assert bodies(made, "from") == [b"eve@x.test"]
    assert len(bodies(made, "date")) == 1
    assert made.content.endswith(b"\r\n\r\nWords\r\n")


def test_a_message_with_blind_copies_alone_gets_an_empty_field() -> None:
    made = accepted(b"Bcc: c@x.test")
    assert (made.forward_paths, bodies(made, "bcc")) == ((b"c@x.test",), [b""])
    assert (bodies(made, "from"), bodies(made, "sender")) == ([USER], [])


def test_a_user_can_ask_for_a_reverse_path_and_for_a_notification() -> None:
    made = accepted(b"To: a@x.test", b"Return-Receipt-To: b@x.test", asked_path=b"b@x.test")
    assert made.reverse_path == b"b@x.test"
    assert made.parameters.notify(b"a@x.test") == {b"SUCCESS", b"FAILURE"}
    assert bodies(made, "return-receipt-to") == []


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ((b"Subject: words",), b"No recipient in To, Cc or Bcc"),
        ((b"To: nobody:;",), b"No recipient in To, Cc or Bcc"),
        ((b"To: a@x.test", b"Date: Thu, 1 Jan 1998 00:00:00 +0000", b"date: now"), b"A field stands there twice"),
        ((b"To: a@x.test", b"no field"), b"A line of the header is no field"),
        ((b"To: a@x.test", b"Subject: " + b"x" * 1000), b"A line is too long"),
    ],
)
def test_what_can_not_be_sent_is_refused(lines: tuple[bytes, ...], why: bytes) -> None:
    assert composed(*lines) == why


def test_a_message_that_is_handed_over_is_delivered_or_refused() -> None:
    server = ReferenceServer()
    done: list[Ended] = []

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            server.dial(nursery)
            done.append(await server.submit(b"To: bob@example.test\n\nWords\n"))
            done.append(await server.submit(b"To: bob@example.test\n\nWords\n", "-f", "eve@example.test"))
            done.append(await server.submit(b"Subject: words\n\n"))

    trio.run(main, clock=MockClock(autojump_threshold=0))
    assert [each.status for each in done] == [os.EX_OK, os.EX_OK, os.EX_DATAERR]
    assert done[2].said == b"No recipient in To, Cc or Bcc"
    first, second = server.site.stored
    assert (first.user, second.user) == (b"bob", b"bob")
    assert b"Return-Path: <alice@example.test>" in first.content
    assert b"Return-Path: <eve@example.test>" in second.content
