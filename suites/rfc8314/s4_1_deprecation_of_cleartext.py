"""RFC 8314 4.1 - Deprecation of Services Using Cleartext and TLS Versions Less Than 1.1."""

from __future__ import annotations

import re

from conformance import At, Client, Observation, Outcome, Reply, Unclear, accepted, holds, presume, row, scenario

WRONG = {
    "password": row((b"", b"certainly not the password"), "rfc8314/4.1/same-refusal"),
    "user": row((b"nobody-of-this-name@client.example.test", b"no password"), "rfc8314/4.1/same-refusal"),
    "word-on-password": row((b"", b"certainly not the password")),
    "word-on-user": row((b"nobody-of-this-name@client.example.test", b"no password")),
}
"""User and password, no user standing for the right one."""

_VARYING = re.compile(rb"[0-9A-Za-z]*[0-9][0-9A-Za-z]*")


async def refused_in_clear(smtp: Client, user: bytes, password: bytes) -> Outcome:
    """What AUTH brings in clear; the password goes only where the server asks for it."""
    presume(accepted(await smtp.ehlo()))
    mechanism = smtp.mechanisms[0] if smtp.mechanisms else "PLAIN"
    usable = mechanism if mechanism in {"PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256"} else "PLAIN"
    return await smtp.try_authenticate(usable, initial=False, user=user, password=password)


def said(reply: Reply) -> tuple[int, bytes]:
    """The code and the text, less what may be the number of a session or a time."""
    status, _, text = reply.text.partition(b" ")
    return reply.code, status + b" " + _VARYING.sub(b"*", text)


@scenario(
    "rfc8314/4.1/no-word-on-credentials",
    start=At.GREETING,
    facts=["starttls_required", "credentials"],
    roles=["submission"],
    wrong=WRONG,
    tags=["auth"],
)
async def refusal_in_clear_tells_nothing_of_credentials(
    wrong: tuple[bytes, bytes], smtp: Client, second: Client
) -> Observation:
    """Where AUTH is refused for want of TLS, the right and wrong credentials bring the same reply."""
    user, password = smtp.credentials
    right = await refused_in_clear(smtp, user, password)
    if not isinstance(right, Reply) or right.code == 421 or right.severity != 5:
        return Unclear(f"not refused in clear: {right}")
    other = await refused_in_clear(second, wrong[0] or user, wrong[1])
    if not isinstance(other, Reply) or other.code == 421:
        return Unclear(str(other))
    return holds(said(right) == said(other), expected=f"as with the right ones: {right}", seen=other)
