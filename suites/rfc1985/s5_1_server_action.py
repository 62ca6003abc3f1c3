"""RFC 1985 5.1 - Server action on receipt of the extended ETRN command."""

from __future__ import annotations

from conformance import At, Client, Observation, answered, presume, scenario

CODES = frozenset({250, 251, 252, 253, 458, 459, 500, 501})
POLICY = frozenset({530})
"""A server that asks for AUTH or TLS first says so to any command (RFC 4954 §6, RFC 3207 §4)."""


@scenario(
    "rfc1985/5.1/reply-codes",
    start=At.EHLO,
    offers=["ETRN"],
    argument={
        "own-name": b"client.example.test",
        "foreign": b"elsewhere.example",
        "subdomains": b"@client.example.test",
        "top-level": b"@test",
        "queue": b"#queue",
        "missing": b"",
        "junk": b"!!",
    },
)
async def etrn_is_answered_with(argument: bytes, smtp: Client) -> Observation:
    """ETRN is answered with one of the codes of the list."""
    return answered(await smtp.say((b"ETRN " + argument).rstrip()), CODES | POLICY)


@scenario(
    "rfc1985/5.1/500-and-501-for-syntax",
    start=At.EHLO,
    offers=["ETRN"],
    argument={"missing": b"", "two": b" client.example.test other.example.test", "at-alone": b" @", "junk": b" !!"},
)
async def malformed_argument_gets_500_or_501(argument: bytes, smtp: Client, second: Client) -> Observation:
    """ETRN without an argument, or with one that is no name, is answered with 500 or 501."""
    presume(answered(await second.say(b"ETRN " + second.helo_name), CODES - {500, 501}))
    return answered(await smtp.say(b"ETRN" + argument), {500, 501})
