"""RFC 5321 2.3.8 - Lines, as they show behind the server: one message in, one out, and no bare CR or LF in it."""

from __future__ import annotations

import re

from conformance import (
    CRLF,
    At,
    Client,
    Held,
    Hop,
    NotReady,
    Observation,
    Outcome,
    Reply,
    Silence,
    holds,
    new_token,
    row,
    scenario,
    visible,
)

BARE = re.compile(rb"\r(?!\n)|(?<!\r)\n")
RELAY = "rfc5321/2.3.8/relay-sends-no-bare-cr-or-lf"
BARE_LF_LINE = "rfc5321/4.1.1.4/no-bare-lf-lines"
ONLY_CRLF = "rfc5321/2.3.8/only-crlf"

BARE_ENDS = {
    "lf": b"first\nsecond",
    "cr": b"first\rsecond",
    "lf-lf": b"first\n\nsecond",
    "cr-cr-lf": b"first\r\r\nsecond",
    "lf-cr": b"first\n\rsecond",
    "lf-dot-lf": b"first\n.\nsecond",
    "lf-dot-crlf": b"first\n.\r\nsecond",
    "crlf-dot-lf": b"first\r\n.\nsecond",
    "cr-dot-cr": b"first\r.\rsecond",
    "cr-dot-crlf": b"first\r.\r\nsecond",
    "crlf-dot-cr": b"first\r\n.\rsecond",
    "lf-at-the-end": b"first\n",
    "cr-at-the-end": b"first\r",
}


async def taken(smtp: Client, forward_path: bytes, content: bytes) -> Outcome:
    """Send the content as it is, CRLF.CRLF behind it; returns the outcome of the mail data."""
    await smtp.transaction(forward_path)
    begun = await smtp.say(b"DATA")
    if not (isinstance(begun, Reply) and begun.code == 354):
        raise NotReady("DATA", begun)
    await smtp.raw(content + CRLF + b"." + CRLF)
    outcome = await smtp.reply()
    if isinstance(outcome, Silence):
        raise NotReady("end of data", outcome)
    return outcome


@scenario(RELAY, start=At.EHLO, text=BARE_ENDS, tags=["smuggling"])
async def no_bare_line_end_goes_out(text: bytes, smtp: Client, hop: Hop) -> Observation:
    """A message with a bare CR or LF is refused, or goes to the next hop without one."""
    outcome = await taken(smtp, hop.path(), smtp.message(body=text))
    if not (isinstance(outcome, Reply) and outcome.severity == 2):
        return Held(f"refused: {outcome}", confirm=True)
    received = await hop.message()
    found = BARE.search(received.data)
    seen = "none" if found is None else visible(received.data[max(0, found.start() - 20) : found.end() + 20])
    return holds(found is None, expected="CRLF at the end of every line and no other CR or LF", seen=seen)


SMUGGLED = {
    "lf-dot-lf": row(b"\n.\n", "rfc5321/4.1.1.4/lf-dot-lf"),
    "lf-dot-crlf": row(b"\n.\r\n", BARE_LF_LINE),
    "crlf-dot-lf": row(b"\r\n.\n", BARE_LF_LINE),
    "lf-dot-cr": row(b"\n.\r", BARE_LF_LINE),
    "cr-dot-lf": row(b"\r.\n", BARE_LF_LINE),
    "cr-dot-cr": row(b"\r.\r", ONLY_CRLF),
    "cr-dot-crlf": row(b"\r.\r\n", ONLY_CRLF),
    "crlf-dot-cr": row(b"\r\n.\r", ONLY_CRLF),
    "crlf-dot-cr-crlf": row(b"\r\n.\r\r\n", ONLY_CRLF),
}


@scenario(RELAY, start=At.EHLO, facts=["delivery_within"], end=SMUGGLED, tags=["smuggling"])
async def no_second_message_is_smuggled(end: bytes, smtp: Client, second: Client, hop: Hop) -> Observation:
    """Commands and a message behind what looks like the end of mail data never become a second message."""
    hidden, later = new_token(), new_token()
    commands = b"MAIL FROM:<>" + CRLF + b"RCPT TO:" + hop.path(hidden) + CRLF + b"DATA" + CRLF
    await taken(smtp, hop.path(), smtp.message(body=b"first" + end + commands) + smtp.message(token=hidden))
    await smtp.replies_until_quit()
    await second.deliver(second.message(token=later), hop.path(later))
    return await hop.none(hidden, after=later)
