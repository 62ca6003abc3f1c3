"""RFC 5321 3.2 - Client Initiation."""

from __future__ import annotations

from conformance import At, Client, Observation, Reply, Unclear, accepted, holds, presume, scenario

NOTHING_ELSE = {"8BITMIME", "PIPELINING", "CHUNKING", "ENHANCEDSTATUSCODES", "SMTPUTF8"}
"""Keywords that are no words: they list extensions wherever they begin a line."""


@scenario("rfc5321/3.2/no-extensions-to-helo", start=At.GREETING)
async def helo_lists_no_extensions(smtp: Client, second: Client) -> Observation:
    """The keywords that EHLO lists, or else well-known ones, do not stand in the reply to HELO."""
    presume(accepted(await second.ehlo()))
    offered = set(second.offers)
    outcome = await smtp.say(b"HELO " + smtp.helo_name)
    if not (isinstance(outcome, Reply) and outcome.severity == 2):
        return Unclear(f"HELO was refused: {outcome}")
    words = {line.text.strip().split(b" ")[0].decode("ascii", "replace").upper() for line in outcome.lines[1:]}
    return holds(not words & (offered or NOTHING_ELSE), expected="a reply without EHLO keywords", seen=outcome)
