"""RFC 4468 4 - 8-Bit and Binary: what came by BURL, at a next hop that takes ASCII only."""

from __future__ import annotations

import re

from conformance import At, Client, Hop, NotReady, Observation, Reply, Unclear, holds, new_token, scenario

ENCODING = re.compile(
    rb"^Content-Transfer-Encoding[ \t]*:[ \t]*(?:quoted-printable|base64)", re.IGNORECASE | re.MULTILINE
)


@scenario(
    "rfc4468/4/down-converts",
    roles=["submission"],
    start=At.EHLO,
    offers=["BURL"],
    facts=["credentials", "eight_bit_url", "bare_next_hop"],
)
async def content_by_burl_is_converted(smtp: Client, hop: Hop) -> Observation:
    """A message with 8-bit text that came by BURL goes to a next hop without 8BITMIME in ASCII, encoded."""
    if not smtp.target.auth_required:
        await smtp.authenticate()
    sender = new_token()
    await smtp.transaction(b"<%b>" % hop.bare(), reverse_path=hop.path(sender))
    outcome = await smtp.say(b"BURL %b LAST" % (smtp.target.eight_bit_url or "").encode("ascii"))
    if not (isinstance(outcome, Reply) and outcome.severity == 2):
        raise NotReady("BURL", outcome)
    received = await hop.arrival()
    if received is None:
        return Unclear("it was not passed on")
    content = received.content
    if not content.isascii():
        return holds(False, expected="ASCII", seen=content)
    return holds(ENCODING.search(content) is not None, expected="the text in an encoding", seen=content)
