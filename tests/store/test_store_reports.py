"""Delivery status notifications, taken apart."""

from __future__ import annotations

import pytest

from conformance import delivery_report, typed_value, value_of, without_comments

REPORT = b"""\
From: postmaster@example.test
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
 boundary="b+1"

Words before the first part.
--b+1

Not delivered.

--b+1
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.example.test
Original-Envelope-Id: QQ314159

Final-Recipient: rfc822; a@example.test
Action: failed (for good)
Status: 5.1.1 (nobody)

Final-Recipient: RFC822;B@example.test
Action: Delayed
Diagnostic-Code: smtp; 450
 later

--b+1
Content-Type: text/rfc822-headers

Subject: hello

--b+1--
Words behind the last.
"""


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n"])
def test_a_report_is_taken_apart(line_end: bytes) -> None:
    found = delivery_report(REPORT.replace(b"\n", line_end))
    assert found is not None
    assert [part.type for part in found.parts] == ["text/plain", "message/delivery-status", "text/rfc822-headers"]
    assert value_of(found.message, "original-envelope-id") == b"QQ314159"
    assert len(found.recipients) == 2
    assert found.actions == ("failed", "delayed")
    group = found.about(b"b@EXAMPLE.test")
    assert group is not None
    assert value_of(group, "Diagnostic-Code") == b"smtp; 450 later"
    assert found.about(b"c@example.test") is None
    assert found.returned is not None
    assert found.returned.body.strip() == b"Subject: hello"


@pytest.mark.parametrize(
    "content",
    [
        b"Subject: words only\r\n\r\nNot delivered.\r\n",
        b"Content-Type: multipart/report\r\n\r\n--\r\n",
        b"Content-Type: multipart/report; boundary=b\r\n\r\nno part at all\r\n",
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nwords\r\n--b--\r\n",
        b"",
    ],
)
def test_what_is_no_report_is_none(content: bytes) -> None:
    assert delivery_report(content) is None


def test_a_report_that_breaks_off_keeps_what_it_has() -> None:
    head = b"Content-Type: multipart/report; boundary=b\r\n\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n"
    found = delivery_report(head + b"Reporting-MTA: dns; x.test\r\n\r\nAction: failed")
    assert found is not None
    assert found.actions == ("failed",)
    assert found.returned is None


def test_values_have_types_and_comments() -> None:
    assert typed_value(b"RFC822 ; a@b.test") == ("rfc822", b"a@b.test")
    assert typed_value(b"no type") == ("no type", b"")
    assert without_comments(b"5.1.1 (nobody)") == b"5.1.1"
