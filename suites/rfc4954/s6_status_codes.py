"""RFC 4954 6 - Status Codes."""

from __future__ import annotations

from conformance import (
    At,
    Client,
    Observation,
    Outcome,
    Reply,
    Unclear,
    answered,
    carries_status,
    not_refused_as,
    presume,
    row,
    scenario,
)


@scenario(
    "rfc4954/6/235-2-7-0", start=At.UNAUTHENTICATED, offers=["AUTH", "ENHANCEDSTATUSCODES"], facts=["credentials"]
)
async def success_gets_2_7_0(smtp: Client) -> Observation:
    """The 235 carries 2.7.0."""
    return carries_status(await smtp.try_authenticate(), 235, {"2.7.0"})


@scenario(
    "rfc4954/6/535-5-7-8",
    start=At.UNAUTHENTICATED,
    offers=["AUTH", "ENHANCEDSTATUSCODES"],
    mechanism={
        "plain": row("PLAIN", offers=["AUTH PLAIN"]),
        "login": row("LOGIN", offers=["AUTH LOGIN"]),
        "cram-md5": row("CRAM-MD5", offers=["AUTH CRAM-MD5"]),
    },
)
async def wrong_credentials_get_5_7_8(mechanism: str, smtp: Client) -> Observation:
    """The 535 carries 5.7.8."""
    outcome = await smtp.try_authenticate(mechanism, initial=False, user=b"nobody", password=b"wrong")
    return carries_status(outcome, 535, {"5.7.8"})


async def _first_refusal(smtp: Client) -> Outcome:
    """What an unauthenticated client is told at the first step of a transaction that is not taken."""
    outcome = await smtp.mail()
    if isinstance(outcome, Reply) and outcome.severity == 2:
        outcome = await smtp.rcpt()
    if isinstance(outcome, Reply) and outcome.severity == 2:
        outcome = await smtp.data()
    return outcome


@scenario("rfc4954/6/530-when-required", start=At.UNAUTHENTICATED, facts=["auth_required"])
async def unauthenticated_transaction_gets_530(smtp: Client) -> Observation:
    """Where mail is taken from authenticated clients only, others are refused with 530."""
    outcome = await _first_refusal(smtp)
    if isinstance(outcome, Reply) and outcome.severity == 2:
        return Unclear(f"the target says that it requires authentication, and took mail without: {outcome}")
    return answered(outcome, {530})


@scenario("rfc4954/6/530-5-7-0", start=At.UNAUTHENTICATED, offers=["ENHANCEDSTATUSCODES"], facts=["auth_required"])
async def unauthenticated_transaction_gets_5_7_0(smtp: Client) -> Observation:
    """The 530 that asks for authentication carries 5.7.0."""
    return carries_status(await _first_refusal(smtp), 530, {"5.7.0"})


SPARED = {
    "ehlo": b"EHLO client.example.test",
    "helo": b"HELO client.example.test",
    "noop": b"NOOP",
    "rset": b"RSET",
    "quit": b"QUIT",
}


@scenario("rfc4954/6/530-spares-six-commands", start=At.UNAUTHENTICATED, facts=["auth_required"], line=SPARED)
async def six_commands_need_no_authentication(line: bytes, smtp: Client) -> Observation:
    """EHLO, HELO, NOOP, RSET and QUIT are not refused with 530."""
    return not_refused_as(await smtp.say(line), {530})


@scenario(
    "rfc4954/6/no-listing-before-encryption",
    start=At.UNAUTHENTICATED,
    offers=["AUTH"],
    line={
        "plain": row(b"AUTH PLAIN", offers=["AUTH PLAIN"]),
        "login": row(b"AUTH LOGIN", offers=["AUTH LOGIN"]),
        "cram-md5": row(b"AUTH CRAM-MD5", offers=["AUTH CRAM-MD5"]),
    },
)
async def listed_mechanism_is_not_refused_for_want_of_encryption(line: bytes, smtp: Client) -> Observation:
    """A mechanism that is listed needs no more encryption than there is."""
    return not_refused_as(await smtp.say(line), {523, 530, 538})


@scenario("rfc4954/6/538-historical", start=At.UNAUTHENTICATED, offers=["AUTH"])
async def unlisted_mechanism_is_not_refused_with_538(smtp: Client) -> Observation:
    """A mechanism that is not listed is not refused with 538, which belongs to the past."""
    unlisted = [name for name in ("PLAIN", "LOGIN", "XBOGUS") if name not in smtp.mechanisms]
    presume(answered(await smtp.say(b"NOOP")))
    return not_refused_as(await smtp.say(b"AUTH " + unlisted[0].encode("ascii")), {538})
