"""RFC 6152 2 - Framework for the 8-bit MIME Transport Extension."""

from __future__ import annotations

from conformance import (
    At,
    Client,
    Observation,
    Reply,
    Unclear,
    accepted,
    holds,
    presume,
    scenario,
    took,
    visible,
)


@scenario("rfc6152/2/no-keyword-parameter", start=At.EHLO, offers=["8BITMIME"])
async def keyword_has_no_parameter(smtp: Client) -> Observation:
    """Nothing stands behind 8BITMIME in the reply to EHLO."""
    parameters = smtp.offers["8BITMIME"]
    return holds(not parameters, expected="8BITMIME alone", seen=visible(b"8BITMIME " + parameters))


@scenario(
    "rfc6152/2/body-values",
    start=At.EHLO,
    offers=["8BITMIME"],
    parameter={
        "8bitmime": b" BODY=8BITMIME",
        "7bit": b" BODY=7BIT",
        "8bitmime-lower": b" BODY=8bitmime",
        "8bitmime-mixed": b" BODY=8BitMIME",
        "7bit-lower": b" BODY=7bit",
        "keyword-lower": b" body=8BITMIME",
        "keyword-mixed": b" Body=7Bit",
    },
)
async def body_is_taken(parameter: bytes, smtp: Client) -> Observation:
    """MAIL with BODY=7BIT or BODY=8BITMIME is taken as MAIL without it is."""
    presume(accepted(await smtp.mail()))
    presume(accepted(await smtp.say(b"RSET")))
    return accepted(await smtp.mail(parameters=parameter))


@scenario(
    "rfc6152/2/mail-takes-body",
    start=At.EHLO,
    offers=["8BITMIME"],
    reverse_path={"null": b"<>", "ours": b""},
)
async def body_is_optional(reverse_path: bytes, smtp: Client) -> Observation:
    """Where BODY is taken, MAIL without it is taken too, and BODY behind any reverse-path."""
    path = reverse_path or smtp.reverse_path
    presume(accepted(await smtp.mail(path, b" BODY=8BITMIME")))
    presume(accepted(await smtp.say(b"RSET")))
    return accepted(await smtp.mail(path))


OTHER_VALUES = {
    "unknown": b" BODY=9BIT",
    "8bit": b" BODY=8BIT",
    "quoted": b' BODY="8BITMIME"',
    "empty": b" BODY=",
    "without-value": b" BODY",
    "longer": b" BODY=8BITMIMES",
    "twice": b" BODY=8BITMIME BODY=8BITMIME",
    "both": b" BODY=7BIT BODY=8BITMIME",
}


@scenario("rfc6152/2/other-body-values", start=At.EHLO, offers=["8BITMIME"], parameter=OTHER_VALUES)
async def body_of_another_kind_may_be_refused(parameter: bytes, smtp: Client) -> Observation:
    """MAIL with a BODY that is neither 7BIT nor 8BITMIME is refused, or taken."""
    presume(accepted(await smtp.mail(parameters=b" BODY=8BITMIME")))
    presume(accepted(await smtp.say(b"RSET")))
    outcome = await smtp.mail(parameters=parameter)
    if not isinstance(outcome, Reply) or outcome.severity == 4:
        return Unclear(str(outcome))
    return took("refuses" if outcome.severity == 5 else "takes", outcome)


@scenario(
    "rfc5321/4.1.4/bad-mail-keeps-state",
    start=At.EHLO,
    offers=["8BITMIME"],
    parameter={name: OTHER_VALUES[name] for name in ("unknown", "empty", "both")},
)
async def refused_body_is_no_transaction(parameter: bytes, smtp: Client) -> Observation:
    """After a MAIL that was refused for its BODY, another MAIL opens a transaction."""
    outcome = await smtp.mail(parameters=parameter)
    if isinstance(outcome, Reply) and outcome.severity == 2:
        presume(accepted(await smtp.say(b"RSET")))  # it was taken: then what follows is an ordinary MAIL
    return accepted(await smtp.mail(parameters=b" BODY=8BITMIME"))


@scenario("rfc6152/2/ehlo-keyword", start=At.EHLO, lacks=["8BITMIME", "BINARYMIME"])
async def body_is_not_read_by_who_does_not_offer_it(smtp: Client, second: Client) -> Observation:
    """A server that takes BODY=8BITMIME and refuses a BODY of no meaning has the extension, and so lists 8BITMIME."""
    presume(accepted(await second.mail()))
    known = await smtp.mail(parameters=b" BODY=8BITMIME")
    presume(accepted(await smtp.say(b"RSET")))
    unknown = await smtp.mail(parameters=b" BODY=XBOGUS")
    taken = isinstance(known, Reply) and known.severity == 2
    read = taken and isinstance(unknown, Reply) and unknown.severity == 5
    return holds(not read, expected="8BITMIME in the reply to EHLO", seen=f"{known} | {unknown}")
