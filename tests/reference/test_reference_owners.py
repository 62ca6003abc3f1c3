"""Header fields that ask for the owner of a mailbox, and what a relay makes of them and of 8-bit text."""

from __future__ import annotations

from datetime import UTC, datetime
from email import message_from_bytes

import pytest

from conformance.reference._conversion import Conversion, Outward
from conformance.reference._decision import Decisions
from conformance.reference._owners import field, required, time_of, without, written
from conformance.reference._parameters import Parameters
from conformance.reference._soliciting import solicitation

WHEN = datetime(2014, 4, 3, 23, 1, tzinfo=UTC)
HEADER = b"From: <a@b>\r\n"
BODY = b"\r\nRequire-Recipient-Valid-Since: in the body\r\n"


def test_a_field_that_was_written_is_read_again() -> None:
    (found,) = required(HEADER + field(b"a@b.test", WHEN) + BODY)
    assert (bytes(found.mailbox or b""), found.since) == (b"a@b.test", WHEN)


@pytest.mark.parametrize(
    "body", [b"a@b.test; some day", b"a@b.test", b"; Thu, 3 Apr 2014 23:01:00 +0000", b"a@b.test; \xff"]
)
def test_a_field_that_can_not_be_read_is_found_and_says_nothing(body: bytes) -> None:
    (found,) = required(HEADER + b"Require-Recipient-Valid-Since: " + body + b"\r\n" + BODY)
    assert found.mailbox is None or found.since is None


def test_fields_are_taken_out_of_the_header_and_nothing_else_is() -> None:
    content = field(b"a@b.test", WHEN) + HEADER + field(b"c@d.test", WHEN) + BODY
    assert without(content, required(content)) == HEADER + BODY
    assert without(content, required(content)[:1]) == HEADER + field(b"c@d.test", WHEN) + BODY


def test_a_parameter_is_read_without_its_action() -> None:
    assert time_of(b"2014-04-03t23:01:00z;C") == WHEN
    assert time_of(written(WHEN)) == WHEN
    assert time_of(b"2014-04-03T23:01:00") is None
    assert time_of(b"") is None


def test_a_solicitation_is_what_the_field_says() -> None:
    assert (
        solicitation(b"solicitation:  net.example:ADV,\r\n org.example:B\r\n\r\n") == b"net.example:ADV, org.example:B"
    )
    assert solicitation(b"From: <a@b>\r\n\r\nSolicitation: net.example:ADV\r\n") == b""


def test_text_that_came_by_burl_is_encoded_for_seven_bits_only() -> None:
    content = b"Subject: x\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + "Gr\u00fc\u00dfe = \r\n.\r\n".encode()
    parameters = Parameters(of_mail=((b"BURL", b""),))
    message = Outward((b"a@b.test",), content, parameters, 0.0)
    converted = Conversion(Decisions(), frozenset({b"SIZE"})).converted(message).content
    assert converted.isascii()
    decoded = message_from_bytes(converted).get_payload(decode=True)
    assert isinstance(decoded, bytes)
    assert decoded == "Gr\u00fc\u00dfe = \r\n.\r\n".encode()
    assert Conversion(Decisions(), frozenset({b"8BITMIME"})).converted(message).content == content
