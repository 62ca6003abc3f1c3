"""RFC 6531 3.5 - Non-ASCII Addresses and Reply-Codes."""

from __future__ import annotations

from conformance import (
    At,
    Client,
    Hop,
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

LOCAL = "grüße-".encode() + b"%b"


@scenario(
    "rfc6531/3.5/553-for-rcpt",
    start=At.EHLO,
    offers=["SMTPUTF8"],
    case={
        "mail": row((b"MAIL", 550), "rfc6531/3.5/550-for-mail"),
        "rcpt": row((b"RCPT", 553)),
    },
)
async def address_that_has_to_be_ascii_has_a_code(case: tuple[bytes, int], smtp: Client, hop: Hop) -> Observation:
    """A path outside ASCII where MAIL has no SMTPUTF8 is refused with 550 at MAIL and 553 at RCPT."""
    verb, code = case
    outcome = await _given(verb, smtp, hop)
    if isinstance(outcome, Reply) and outcome.code in {500, 530}:
        return Unclear(f"refused for something else: {outcome}")
    return refused_with(outcome, {code})


@scenario(
    "rfc6531/3.5/x-6-7",
    start=At.EHLO,
    offers=["SMTPUTF8", "ENHANCEDSTATUSCODES"],
    verb={"mail": row(b"MAIL"), "rcpt": row(b"RCPT")},
)
async def address_that_has_to_be_ascii_has_a_status(verb: bytes, smtp: Client, hop: Hop) -> Observation:
    """Such a refusal with that code carries X.6.7."""
    outcome = await _given(verb, smtp, hop)
    if not isinstance(outcome, Reply) or outcome.code not in {550, 553}:
        return Unclear(f"no such refusal to look at: {outcome}")
    return holds(outcome.status[1:] == ".6.7", expected="X.6.7", seen=outcome)


async def _given(verb: bytes, smtp: Client, hop: Hop) -> Outcome:
    """The reply to a path outside ASCII where MAIL has no SMTPUTF8, which is taken where it has."""
    path = hop.path(local=LOCAL)
    presume(accepted(await smtp.mail(path, b" SMTPUTF8")))
    presume(accepted(await smtp.rcpt(path)))
    presume(accepted(await smtp.say(b"RSET")))
    if verb == b"MAIL":
        return await smtp.mail(path)
    presume(accepted(await smtp.mail()))
    return await smtp.rcpt(path)


OTHER_REASONS = ("unknown-recipient", "relaying", "no-recipient", "second-mail")


@scenario(
    "rfc6531/3.5/other-reasons",
    start=At.EHLO,
    offers=["SMTPUTF8"],
    facts=["refused"],
    reason={each: each for each in OTHER_REASONS},
)
async def refusal_for_another_reason_is_the_same(reason: str, smtp: Client, second: Client) -> Observation:
    """What is refused without the parameter is refused with it by the same code and the same status."""
    without, seen = await _refused_for(reason, second, b""), await _refused_for(reason, smtp, b" SMTPUTF8")
    if not all(isinstance(each, Reply) and each.severity in {2, 5} for each in (without, seen)):
        return Unclear(f"{without} | {seen}")
    assert isinstance(without, Reply)
    assert isinstance(seen, Reply)
    same = (seen.code, seen.status) == (without.code, without.status)
    return holds(same, expected=f"as without the parameter: {without}", seen=seen)


async def _refused_for(reason: str, smtp: Client, parameters: bytes) -> Outcome:
    """The reply to what is wrong, in a transaction that was opened with these parameters."""
    presume(accepted(await smtp.mail(parameters=parameters)))
    match reason:
        case "unknown-recipient":
            return await smtp.rcpt(b"<%b>" % (smtp.target.refused or "").encode("ascii"))
        case "relaying":
            return await smtp.rcpt(b"<someone@elsewhere.example.org>")
        case "no-recipient":
            return await smtp.say(b"DATA")
        case _:
            return await smtp.mail()
