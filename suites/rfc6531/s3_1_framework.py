"""RFC 6531 3.1 - Framework for the Internationalization Extension."""

from __future__ import annotations

from conformance import (
    At,
    Client,
    Observation,
    Reply,
    Unclear,
    accepted,
    holds,
    not_refused_as,
    presume,
    refused,
    row,
    scenario,
    took,
    visible,
)


@scenario("rfc6531/3.1/keyword-no-parameters", start=At.EHLO, offers=["SMTPUTF8"])
async def keyword_has_no_parameters(smtp: Client) -> Observation:
    """Nothing stands behind SMTPUTF8 in the reply to EHLO."""
    parameters = smtp.offers["SMTPUTF8"]
    return holds(not parameters, expected="SMTPUTF8 alone", seen=visible(parameters))


@scenario("rfc6531/3.1/8bitmime", start=At.EHLO, offers=["SMTPUTF8"])
async def eightbitmime_is_listed_too(smtp: Client) -> Observation:
    """A server that lists SMTPUTF8 lists 8BITMIME."""
    return holds("8BITMIME" in smtp.offers, expected="8BITMIME in the list", seen=" ".join(smtp.offers))


ASCII_SENDER = {
    "alone": b" SMTPUTF8",
    "small-letters": b" smtputf8",
    "with-body": b" BODY=8BITMIME SMTPUTF8",
    "before-body": b" SMTPUTF8 BODY=8BITMIME",
}


@scenario("rfc6531/3.1/paths-extended", start=At.EHLO, offers=["SMTPUTF8"], parameters=ASCII_SENDER)
async def parameter_is_taken(parameters: bytes, smtp: Client) -> Observation:
    """MAIL with SMTPUTF8 is taken where MAIL without it is."""
    presume(accepted(await smtp.mail()))
    presume(accepted(await smtp.say(b"RSET")))
    return accepted(await smtp.mail(parameters=parameters))


@scenario("rfc6531/3.1/message-extended", start=At.EHLO, offers=["SMTPUTF8"])
async def message_with_utf_8_in_its_header_is_taken(smtp: Client) -> Observation:
    """A message whose subject is in UTF-8 is taken under SMTPUTF8."""
    presume(accepted(await smtp.mail(parameters=b" BODY=8BITMIME SMTPUTF8")))
    presume(accepted(await smtp.rcpt()))
    subject = "Subject: Grüße 你好 ".encode()
    return accepted(await smtp.data(smtp.message().replace(b"Subject: ", subject)))


VERBS = {"vrfy": b"VRFY", "expn": row(b"EXPN", offers=["EXPN"])}


@scenario("rfc6531/3.1/vrfy-expn-known", start=At.EHLO, offers=["SMTPUTF8"], verb=VERBS)
async def parameter_of_vrfy_and_expn_is_known(verb: bytes, smtp: Client) -> Observation:
    """VRFY and EXPN with SMTPUTF8 are answered as they are without it."""
    listed = smtp.target.mailing_list
    name = listed.address if verb == b"EXPN" and listed else smtp.target.mailbox
    line = verb + b" " + name.encode("ascii")
    without = await smtp.say(line)
    if not isinstance(without, Reply) or without.severity != 2:
        # EXPN of a mailbox that is no list is refused: then the parameter must not be what is refused.
        return not_refused_as(await smtp.say(line + b" SMTPUTF8"), {500, 501, 504, 555})
    return accepted(await smtp.say(line + b" SMTPUTF8"))


@scenario("rfc5321/4.1.1.2/parameters-when-negotiated", start=At.EHLO, lacks=["SMTPUTF8"])
async def parameter_where_smtputf8_is_not_listed(smtp: Client) -> Observation:
    """A server that does not list SMTPUTF8 refuses its parameter, or it knows it all the same."""
    outcome = await smtp.mail(parameters=b" SMTPUTF8")
    if not isinstance(outcome, Reply) or outcome.severity not in {2, 5}:
        return Unclear(str(outcome))
    return took("takes it" if outcome.severity == 2 else "refuses it", outcome)


@scenario(
    "rfc5321/2.4/refuse-8-bit-commands",
    start=At.EHLO,
    lacks=["SMTPUTF8"],
    line={
        "mail": "MAIL FROM:<jürgen@example.com>".encode(),
        "rcpt": row("RCPT TO:<jürgen@example.com>".encode(), start=At.MAIL),
        "vrfy": "VRFY jürgen".encode(),
    },
)
async def utf_8_is_refused_where_smtputf8_is_not_listed(line: bytes, smtp: Client) -> Observation:
    """A server that does not list SMTPUTF8 refuses commands with UTF-8."""
    return refused(await smtp.say(line))


@scenario(
    "rfc6531/3.1/keyword",
    start=At.EHLO,
    lacks=["SMTPUTF8"],
    mailbox={"local-part": "jürgen@example.com", "domain": "sender@bücher.example.com"},
)
async def extension_that_is_there_is_listed(mailbox: str, smtp: Client, second: Client) -> Observation:
    """Who takes a mailbox in UTF-8 with the parameter and not without it has the extension, and so lists SMTPUTF8."""
    path = b"<%b>" % mailbox.encode()
    presume(accepted(await second.mail()))
    presume(accepted(await second.say(b"RSET")))
    without, given = await second.mail(path), await smtp.mail(path, b" SMTPUTF8")
    if not all(isinstance(each, Reply) and each.severity in {2, 5} for each in (without, given)):
        return Unclear(f"{without} | {given}")
    assert isinstance(without, Reply)
    assert isinstance(given, Reply)
    has = given.severity == 2 and without.severity == 5
    return holds(not has, expected="SMTPUTF8 in the reply to EHLO", seen=f"{given}, and without it {without}")
