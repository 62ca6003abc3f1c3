"""RFC 6531 3.5 - Non-ASCII Addresses and Reply-Codes."""

from __future__ import annotations

from conformance import (
    At,
    Client,
    Observation,
    Outcome,
    Reply,
    Unclear,
    accepted,
    holds,
    presume,
    refused_with,
    row,
    scenario,
)

MAILBOX = "<grüße@example.com>".encode()


@scenario(
    "rfc6531/3.5/553-for-rcpt",
    start=At.EHLO,
    offers=["SMTPUTF8"],
    case={
        "mail": row((b"MAIL", 550), "rfc6531/3.5/550-for-mail"),
        "rcpt": row((b"RCPT", 553), start=At.MAIL),
    },
)
async def address_that_has_to_be_ascii_has_a_code(case: tuple[bytes, int], smtp: Client) -> Observation:
    """A path outside ASCII where MAIL has no SMTPUTF8 is refused with 550 at MAIL and 553 at RCPT."""
    verb, code = case
    outcome = await _given(verb, smtp)
    if isinstance(outcome, Reply) and outcome.code in {500, 530}:
        return Unclear(f"refused for something else: {outcome}")
    return refused_with(outcome, {code})


@scenario(
    "rfc6531/3.5/x-6-7",
    start=At.EHLO,
    offers=["SMTPUTF8", "ENHANCEDSTATUSCODES"],
    verb={"mail": row(b"MAIL"), "rcpt": row(b"RCPT", start=At.MAIL)},
)
async def address_that_has_to_be_ascii_has_a_status(verb: bytes, smtp: Client) -> Observation:
    """Such a refusal with that code carries X.6.7."""
    outcome = await _given(verb, smtp)
    if not isinstance(outcome, Reply) or outcome.code not in {550, 553}:
        return Unclear(f"no such refusal to look at: {outcome}")
    return holds(outcome.status[1:] == ".6.7", expected="X.6.7", seen=outcome)


async def _given(verb: bytes, smtp: Client) -> Outcome:
    """The reply to a path outside ASCII, behind one that is taken."""
    if verb == b"MAIL":
        presume(accepted(await smtp.mail()))
        presume(accepted(await smtp.say(b"RSET")))
        return await smtp.mail(MAILBOX)
    presume(accepted(await smtp.rcpt()))
    return await smtp.rcpt(_own(smtp))


def _own(smtp: Client) -> bytes:
    """A mailbox outside ASCII in a domain that the target serves."""
    domain = smtp.forward_path.rpartition(b"@")[2].removesuffix(b">") or b"example.test"
    return "<grüße@".encode() + domain + b">"
