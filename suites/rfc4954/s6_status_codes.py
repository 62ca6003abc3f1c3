"""RFC 4954 6 - Status Codes."""

from __future__ import annotations

from conformance import (
    At,
    Client,
    Exchange,
    Observation,
    Outcome,
    Reply,
    Unclear,
    accepted,
    answered,
    carries_status,
    holds,
    not_refused_as,
    presume,
    row,
    scenario,
    watch,
)

SUGGESTED = {235: "2.7.0", 432: "4.7.12", 454: "4.7.0", 534: "5.7.9", 535: "5.7.8", 538: "5.7.11"}
"""The enhanced code that goes with each reply to AUTH that has one."""


@watch("rfc4954/6/suggested-codes")
def watch_auth_is_answered_with_the_suggested_status(exchange: Exchange) -> Observation | None:
    """The replies to AUTH that have an enhanced code of their own carry it."""
    code = exchange.reply.code
    if exchange.verb != "AUTH" or code not in SUGGESTED or "ENHANCEDSTATUSCODES" not in exchange.offers:
        return None
    expected = f"{code} with {SUGGESTED[code]}"
    return holds(exchange.reply.status == SUGGESTED[code], expected=expected, seen=exchange.reply)


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


@scenario(
    "rfc4954/6/534-too-weak",
    start=At.UNAUTHENTICATED,
    offers=["AUTH"],
    facts=["strict_credentials"],
    mechanism={
        "plain": row("PLAIN", offers=["AUTH PLAIN"]),
        "login": row("LOGIN", offers=["AUTH LOGIN"]),
        "cram-md5": row("CRAM-MD5", offers=["AUTH CRAM-MD5"]),
    },
)
async def mechanism_too_weak_for_the_user_gets_534(mechanism: str, smtp: Client, second: Client) -> Observation:
    """The right credentials of a user for whom the mechanism is too weak get 534; where it is not, no 534."""
    user, password = smtp.user_and_password(smtp.target.strict_credentials)
    weak = _too_weak(smtp)
    outcome = await smtp.try_authenticate(mechanism, initial=False, user=user, password=password)
    if mechanism not in weak:
        return not_refused_as(outcome, {534})
    strong = next((name for name in ("SCRAM-SHA-256", "CRAM-MD5") if name in {*smtp.mechanisms} - weak), "")
    if strong:
        presume(accepted(await second.try_authenticate(strong, user=user, password=password), {235}))
    return answered(outcome, {534})


def _too_weak(smtp: Client) -> set[str]:
    """The mechanisms that are too weak for the strict user."""
    strict = smtp.target.strict_credentials
    return {name.upper() for name in strict.mechanisms} if strict else set()


@scenario(
    "rfc4954/6/534-too-weak",
    start=At.UNAUTHENTICATED,
    offers=["AUTH", "ENHANCEDSTATUSCODES"],
    facts=["strict_credentials"],
)
async def mechanism_too_weak_for_the_user_gets_5_7_9(smtp: Client) -> Observation:
    """The 534 carries 5.7.9."""
    user, password = smtp.user_and_password(smtp.target.strict_credentials)
    weak = [name for name in smtp.mechanisms if name in _too_weak(smtp)]
    if not weak:
        return Unclear("none of the mechanisms that are too weak is offered")
    return carries_status(await smtp.try_authenticate(weak[0], user=user, password=password), 534, {"5.7.9"})


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
