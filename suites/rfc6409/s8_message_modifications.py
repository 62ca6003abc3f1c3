"""RFC 6409 8 - Message Modifications: what a submission server sends on."""

from __future__ import annotations

import re

from conformance import (
    At,
    Broken,
    Client,
    Held,
    Hop,
    Observation,
    Reply,
    Unclear,
    fields_named,
    scenario,
    split_message,
    visible,
)

ZONE = rb"(?:[+-]\d{4}|[A-Za-z]{1,5})"
DATE = re.compile(
    rb"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)\s*,)?\s*\d{1,2}\s+(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
    rb"\s+\d{2,4}\s+\d{1,2}\s*:\s*\d\d(?:\s*:\s*\d\d)?\s+" + ZONE + rb"\s*(?:\(.*\))?\s*",
    re.IGNORECASE | re.DOTALL,
)
ONCE = ("date", "from", "sender", "reply-to", "to", "cc", "bcc", "message-id", "in-reply-to", "references", "subject")
LONGEST_LINE = 998


def wrong(content: bytes) -> str:
    """What of RFC 5322 (2.1.1, 2.2, 3.3, 3.6) and of RFC 5321 (2.3.8) a message does not keep, or nothing."""
    fields, _ = split_message(content)
    number = {name: len(fields_named(fields, name)) for name in ONCE}
    several = [name for name in ONCE if number[name] > 1]
    bare = content.replace(b"\r\n", b"")
    dates = fields_named(fields, "date")
    found = (
        ("no Date", not number["date"]),
        ("no From", not number["from"]),
        (f"more than one {', '.join(several)}", bool(several)),
        ("a Date that is none", any(not DATE.fullmatch(each.body.strip()) for each in dates)),
        ("a line that is no field", any(not each.name for each in fields)),
        ("a line of more than 998 octets", any(len(line) > LONGEST_LINE for line in content.split(b"\r\n"))),
        ("CR or LF alone", b"\r" in bare or b"\n" in bare),
    )
    return ", ".join(what for what, stands in found if stands)


async def _what_is_sent_on(sent: bytes, smtp: Client, hop: Hop) -> bytes | Observation:
    """The message at the next hop; held where it was refused, or given back."""
    await smtp.transaction(hop.path())
    outcome = await smtp.data(sent)
    if not isinstance(outcome, Reply) or outcome.severity not in {2, 5}:
        return Unclear(str(outcome))
    if outcome.severity == 5:
        return Held(f"refused: {outcome}")
    received = await hop.arrival()
    if received is None:
        return Unclear("taken, and nothing came")
    return received.content


UNFINISHED = {
    "no-date": (("Date",), b"", b"text\r\n"),
    "bad-date": (("Date",), b"Date: yesterday\r\n", b"text\r\n"),
    "date-without-zone": (("Date",), b"Date: Thu, 26 Nov 2026 12:00:00\r\n", b"text\r\n"),
    "two-dates": ((), b"Date: Thu, 26 Nov 2026 12:00:00 +0000\r\n", b"text\r\n"),
    "no-from": (("From",), b"", b"text\r\n"),
    "two-froms": ((), b"From: <other@example.com>\r\n", b"text\r\n"),
    "two-subjects": ((), b"Subject: another\r\n", b"text\r\n"),
    "two-tos": ((), b"To: <other@example.com>\r\n", b"text\r\n"),
    "no-date-and-no-message-id": (("Date", "Message-ID"), b"", b"text\r\n"),
    "line-that-is-no-field": ((), b"this is no field\r\n", b"text\r\n"),
    "long-line": ((), b"", b"x" * 1200 + b"\r\n"),
    "bare-lf": ((), b"", b"one\ntwo\r\n"),
    "bare-cr": ((), b"", b"one\rtwo\r\n"),
    "finished": ((), b"", b"text\r\n"),
}
"""Fields to leave out, lines to put before the others, and the body."""


@scenario(
    "rfc6409/8/conforms-when-sent", roles=["submission"], start=At.EHLO, facts=["next_hop"], unfinished=UNFINISHED
)
async def what_is_sent_on_is_a_message(
    unfinished: tuple[tuple[str, ...], bytes, bytes], smtp: Client, hop: Hop
) -> Observation:
    """A message that lacks something, or has too much of it, is completed or refused, and not sent on as it is."""
    without, before, body = unfinished
    seen = await _what_is_sent_on(smtp.message(body, without=without, before=before), smtp, hop)
    if not isinstance(seen, bytes):
        return seen
    problem = wrong(seen)
    return Broken("a message as RFC 5322 has it", f"{problem}: {visible(seen, 300)}") if problem else Held("it is one")
