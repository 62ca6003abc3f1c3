"""RFC 6409 4.1 - General Submission Rejection Code."""

from __future__ import annotations

from conformance import At, Client, Observation, Outcome, Reply, refused_with, scenario

DEFINED = frozenset({500, 501, 502, 503, 504, 521, 523, 524, 530, 534, 535, 538, *range(550, 557)})
"""The codes of 5yz that RFC 5321 and the extensions define: what says more than 554, which is one of them."""

IMPROPER = (
    "mail-unknown-parameter",
    "mail-without-a-domain",
    "mail-malformed",
    "rcpt-unknown-parameter",
    "rcpt-unknown-recipient",
    "rcpt-malformed",
    "data-without-recipient",
    "content",
)


async def _given(what: str, smtp: Client) -> Outcome:
    """The reply to what is improper, or to what had to go before it."""
    if what.startswith("mail"):
        paths = {"mail-without-a-domain": b"<sender>", "mail-malformed": b"<sender@@example..com>"}
        return await smtp.mail(paths.get(what), b" X-UNKNOWN=1" if what == "mail-unknown-parameter" else b"")
    outcome = await smtp.mail()
    if not (isinstance(outcome, Reply) and outcome.severity == 2) or what == "data-without-recipient":
        return await smtp.say(b"DATA") if what == "data-without-recipient" else outcome
    match what:
        case "rcpt-unknown-parameter":
            return await smtp.rcpt(parameters=b" X-UNKNOWN=1")
        case "rcpt-unknown-recipient":
            return await smtp.rcpt(b"<%b>" % (smtp.target.refused or "").encode("ascii"))
        case "rcpt-malformed":
            return await smtp.rcpt(b"<user@@example..com>")
        case _:
            await smtp.rcpt()
            return await smtp.data(b"From: <someone@@example..com>\r\nFrom: <>\r\nTo: @\r\n\r\ntext\r\n")


@scenario(
    "rfc6409/4.1/554-in-general",
    roles=["submission"],
    start=At.EHLO,
    facts=["refused"],
    what={each: each for each in IMPROPER},
)
async def refusal_has_a_code_that_says_more_or_554(what: str, smtp: Client) -> Observation:
    """What is improper is refused with a code that has a meaning, or with 554."""
    return refused_with(await _given(what, smtp), DEFINED)
