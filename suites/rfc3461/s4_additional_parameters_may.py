"""RFC 3461 4 - Additional parameters for RCPT and MAIL commands: what may stand in them."""

from __future__ import annotations

from conformance import (
    At,
    Client,
    Hop,
    Observation,
    Reply,
    Rule,
    Step,
    Unclear,
    accepted,
    new_token,
    presume,
    row,
    scenario,
    took,
    typed_value,
    value_of,
)

ADDRESS = b"o" * 60 + b"@" + b"d" * 60 + b"." + b"d" * 29 + b".example"
"""An address of 159 octets, which is 477 with every octet in hexadecimal."""

LISTS = {
    "two": b" NOTIFY=SUCCESS,FAILURE",
    "all-three": b" NOTIFY=SUCCESS,FAILURE,DELAY",
    "other-order": b" NOTIFY=DELAY,FAILURE",
}
LONG_ORCPT = {
    "490": row(b" ORCPT=rfc822;" + b"".join(b"+%02X" % octet for octet in ADDRESS), "rfc3461/4.2/orcpt-length"),
    "334": row(b" ORCPT=rfc822;" + b"o" * 321, "rfc3461/4.2/orcpt-length"),
}


@scenario("rfc3461/4.1/notify-list", start=At.MAIL, offers=["DSN"], parameter={**LISTS, **LONG_ORCPT})
async def rcpt_may_say_much(parameter: bytes, smtp: Client) -> Observation:
    """RCPT with several words in NOTIFY, or with an ORCPT near its longest, is taken or refused."""
    presume(accepted(await smtp.rcpt(parameters=b" NOTIFY=FAILURE ORCPT=rfc822;+6F@example.com")))
    return _taken(await smtp.rcpt(smtp.other_forward_path, parameter))


@scenario(
    "rfc3461/4.4/envid-length",
    start=At.EHLO,
    offers=["DSN"],
    value={"100": b"e" * 100, "99": b"+2B" * 33},
)
async def mail_may_have_a_long_envelope_id(value: bytes, smtp: Client) -> Observation:
    """MAIL with an ENVID of a hundred characters is taken or refused."""
    presume(accepted(await smtp.mail(parameters=b" ENVID=e+2B")))
    presume(accepted(await smtp.say(b"RSET")))
    return _taken(await smtp.mail(parameters=b" ENVID=" + value))


def _taken(outcome: object) -> Observation:
    if not isinstance(outcome, Reply) or outcome.severity not in {2, 5}:
        return Unclear(str(outcome))
    return took("takes it" if outcome.severity == 2 else "refuses it", outcome)


@scenario(
    "rfc3461/4/parentheses",
    start=At.EHLO,
    offers=["DSN"],
    value={"only": b"(no-comment)", "behind": b"a(b)", "before": b"(a)b", "open": b"a(b"},
)
async def parentheses_may_stand_in_an_envelope_id(value: bytes, smtp: Client, hop: Hop) -> Observation:
    """An ENVID with parentheses is in the report as it came, or without what stands between them, or is refused."""
    presume(accepted(await smtp.mail(parameters=b" ENVID=a")))
    presume(accepted(await smtp.say(b"RSET")))
    refused = await smtp.mail(parameters=b" ENVID=" + value)
    if isinstance(refused, Reply) and refused.severity == 5:
        return took("refuses it", refused)
    presume(accepted(refused))
    presume(accepted(await smtp.say(b"RSET")))
    sender = new_token()
    hop.script(hop.mailbox(), Rule.answer(Step.RCPT, 550))
    await smtp.deliver(smtp.message(), hop.path(), reverse_path=hop.path(sender), parameters=b" ENVID=" + value)
    seen = value_of((await hop.report(sender)).message, "Original-Envelope-Id")
    return took("keeps them" if seen == value else "changes them", seen)


@scenario("rfc3461/4/parentheses", start=At.EHLO, offers=["DSN"], value={"local-part": b'"(a)b"@example.com'})
async def parentheses_may_stand_in_an_original_recipient(value: bytes, smtp: Client, hop: Hop) -> Observation:
    """An ORCPT with parentheses is in the report as it came, or not."""
    sender = new_token()
    hop.script(hop.mailbox(), Rule.answer(Step.RCPT, 550))
    path = hop.path() + b" ORCPT=rfc822;" + value
    await smtp.deliver(smtp.message(), path, reverse_path=hop.path(sender))
    groups = (await hop.report(sender)).recipients
    seen = typed_value(value_of(groups[0], "Original-Recipient"))[1] if groups else b""
    return took("keeps them" if seen == value else "changes them", seen)
