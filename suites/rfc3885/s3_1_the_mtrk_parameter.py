"""RFC 3885 3.1 - The MTRK parameter to the ESMTP MAIL command."""

from __future__ import annotations

from conformance import At, Client, Observation, accepted, not_refused_as, presume, refused, scenario

ENVID = b" ENVID=%b@client.example.test"
CERTIFIER = b"6xGf4fGvEHHmn0xHTvSv5VRwPrk"
SYNTAX = "rfc3885/3.1/parameter-syntax"


@scenario(
    SYNTAX,
    start=At.EHLO,
    offers=["MTRK"],
    value={
        "certifier": CERTIFIER,
        "timeout": CERTIFIER + b":86400",
        "shortest-timeout": CERTIFIER + b":0",
        "longest-timeout": CERTIFIER + b":999999999",
        "all-letters": b"abcXYZ019+/abcXYZ019+/abcXY",
    },
)
async def certifier_is_taken(value: bytes, smtp: Client, second: Client) -> Observation:
    """MTRK with a certifier, with or without a time, is not called a syntax error."""
    presume(accepted(await second.mail()))
    parameters = b" MTRK=" + value + ENVID % smtp.token.encode("ascii")
    return not_refused_as(await smtp.mail(parameters=parameters), {500, 501, 502, 504, 555})


@scenario(
    SYNTAX,
    start=At.EHLO,
    offers=["MTRK"],
    value={
        "no-value": b"MTRK",
        "empty": b"MTRK=",
        "no-certifier": b"MTRK=:86400",
        "no-time-behind-the-colon": b"MTRK=" + CERTIFIER + b":",
        "letters-for-a-time": b"MTRK=" + CERTIFIER + b":day",
        "negative-time": b"MTRK=" + CERTIFIER + b":-1",
        "ten-digits": b"MTRK=" + CERTIFIER + b":1000000000",
        "two-times": b"MTRK=" + CERTIFIER + b":1:2",
        "not-base64": b"MTRK=6xGf4fGv!HHmn0xHTvSv5VRwPrk",
    },
)
async def malformed_certifier_is_refused(value: bytes, smtp: Client, second: Client) -> Observation:
    """An MTRK that does not fit the syntax is refused."""
    presume(accepted(await second.mail()))
    return refused(await smtp.mail(parameters=b" " + value + ENVID % smtp.token.encode("ascii")))
