"""RFC 3461 4 - Additional parameters for RCPT and MAIL commands: parentheses in them."""

from __future__ import annotations

from conformance import (
    At,
    Client,
    Hop,
    Observation,
    Reply,
    Rule,
    Step,
    accepted,
    new_token,
    presume,
    scenario,
    took,
    typed_value,
    value_of,
)


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
    """An ORCPT with parentheses is in the report as it came, or otherwise, or is refused."""
    presume(accepted(await smtp.mail()))
    presume(accepted(await smtp.rcpt(parameters=b" ORCPT=rfc822;ab@example.com")))
    refused = await smtp.rcpt(smtp.other_forward_path, b" ORCPT=rfc822;" + value)
    if isinstance(refused, Reply) and refused.severity == 5:
        return took("refuses it", refused)
    presume(accepted(refused))
    presume(accepted(await smtp.say(b"RSET")))
    sender = new_token()
    hop.script(hop.mailbox(), Rule.answer(Step.RCPT, 550))
    path = hop.path() + b" ORCPT=rfc822;" + value
    await smtp.deliver(smtp.message(), path, reverse_path=hop.path(sender))
    groups = (await hop.report(sender)).recipients
    seen = typed_value(value_of(groups[0], "Original-Recipient"))[1] if groups else b""
    return took("keeps them" if seen == value else "changes them", seen)
