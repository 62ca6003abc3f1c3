"""RFC 4954 8 - Formal Syntax."""

from __future__ import annotations

from conformance import (
    At,
    Client,
    Observation,
    Reply,
    Unclear,
    accepted,
    answered,
    presume,
    refused,
    scenario,
    took,
)


@scenario(
    "rfc4954/8/case-insensitive",
    start=At.UNAUTHENTICATED,
    offers=["AUTH PLAIN"],
    verb={"lower": b"auth", "mixed": b"Auth", "inverted": b"aUTH"},
)
async def auth_has_no_case(verb: bytes, smtp: Client, second: Client) -> Observation:
    """AUTH is taken in any case of letters."""
    presume(answered(await second.say(b"AUTH PLAIN"), {334}))
    return answered(await smtp.say(verb + b" PLAIN"), {334})


@scenario(
    "rfc4954/8/case-insensitive",
    start=At.EHLO,
    offers=["AUTH"],
    parameter={"lower": b" auth=<>", "mixed": b" Auth=<>"},
)
async def parameter_keyword_has_no_case(parameter: bytes, smtp: Client) -> Observation:
    """The AUTH parameter of MAIL is taken in any case of letters."""
    presume(accepted(await smtp.mail(parameters=b" AUTH=<>")))
    presume(accepted(await smtp.say(b"RSET")))
    return accepted(await smtp.mail(parameters=parameter))


@scenario("rfc4954/8/mechanism-in-any-case", start=At.UNAUTHENTICATED, offers=["AUTH PLAIN"])
async def mechanism_in_small_letters(smtp: Client) -> Observation:
    """A mechanism in small letters is taken, or refused."""
    outcome = await smtp.say(b"AUTH plain")
    if not isinstance(outcome, Reply) or outcome.severity not in {3, 5}:
        return Unclear(str(outcome))
    return took("takes it" if outcome.severity == 3 else "refuses it", outcome)


@scenario(
    "rfc4954/8/sasl-mech-token",
    start=At.UNAUTHENTICATED,
    offers=["AUTH"],
    line={
        "missing": b"AUTH",
        "blank": b"AUTH ",
        "exclamation-mark": b"AUTH PLAIN!",
        "slash": b"AUTH PLAIN/1",
        "three-arguments": b"AUTH PLAIN AG5vYm9keQB3cm9uZw== AG5vYm9keQB3cm9uZw==",
    },
)
async def malformed_auth_is_refused(line: bytes, smtp: Client) -> Observation:
    """AUTH without a mechanism, with something that is none, or with too many arguments is refused."""
    return refused(await smtp.say(line))
