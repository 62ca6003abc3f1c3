"""RFC 4468 3.5 - Formal Syntax."""

from __future__ import annotations

import re

from conformance import At, Client, Observation, holds, recognised, refused, scenario, visible

PARAMETER = re.compile(rb"imap(?:://[^ /]+)?", re.IGNORECASE)
SYNTAX = "rfc4468/3.5/command-syntax"


@scenario("rfc4468/3.5/ehlo-arguments", roles=["submission"], start=At.EHLO, offers=["BURL"])
async def keyword_has_its_form(smtp: Client) -> Observation:
    """Behind BURL stand imap or IMAP URLs of servers; what a later text adds is noted by nobody."""
    arguments = smtp.offers["BURL"].split()
    odd = [each for each in arguments if each.lower().startswith(b"imap") and PARAMETER.fullmatch(each) is None]
    return holds(not odd, expected="imap, or imap:// and a host", seen=f"BURL {visible(smtp.offers['BURL'])}")


@scenario(SYNTAX, roles=["submission"], start=At.RCPT, offers=["BURL"])
async def listed_command_is_known(smtp: Client) -> Observation:
    """A server that lists BURL does not call it unknown."""
    return recognised(await smtp.say(b"BURL imap://nowhere.invalid/outbox;uid=1 LAST"))


@scenario(
    SYNTAX,
    roles=["submission"],
    start=At.RCPT,
    offers=["BURL"],
    line={
        "nothing": b"BURL",
        "last-alone": b"BURL LAST",
        "relative": b"BURL outbox;uid=1 LAST",
        "unknown-marker": b"BURL imap://nowhere.invalid/outbox;uid=1 FIRST",
        "two-urls": b"BURL imap://nowhere.invalid/a imap://nowhere.invalid/b LAST",
    },
)
async def malformed_burl_is_refused(line: bytes, smtp: Client) -> Observation:
    """BURL without an absolute URI, or with anything but LAST behind it, is refused."""
    return refused(await smtp.say(line))
