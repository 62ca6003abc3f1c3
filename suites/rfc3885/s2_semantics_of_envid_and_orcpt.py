"""RFC 3885 2 - SMTP Extension Overview: ENVID and ORCPT mean what they mean with DSN."""

from __future__ import annotations

from conformance import At, Client, Hop, Observation, Rule, Step, holds, new_token, scenario, typed_value, value_of

CERTIFIER = b"6xGf4fGvEHHmn0xHTvSv5VRwPrk"
NO_FIELD = b"no such field"


@scenario(
    "rfc3885/2/dsn-semantics",
    start=At.EHLO,
    offers=["MTRK"],
    envid={
        "plain": (b"%b@client.example.test", b"%b@client.example.test"),
        "xtext": (b"a+2B%b+3Db@client.example.test", b"a+%b=b@client.example.test"),
    },
)
async def report_has_the_envelope_id(envid: tuple[bytes, bytes], smtp: Client, hop: Hop) -> Observation:
    """A report about a message with MTRK says its ENVID, decoded."""
    written, meant = (form % smtp.token.encode("ascii") for form in envid)
    hop.script(hop.mailbox(), Rule.answer(Step.RCPT, 550))
    sender = new_token()
    await smtp.deliver(
        smtp.message(),
        hop.path(),
        reverse_path=hop.path(sender),
        parameters=b" MTRK=%b:86400 ENVID=%b" % (CERTIFIER, written),
    )
    seen = value_of((await hop.report(sender)).message, "Original-Envelope-Id")
    return holds(seen == meant, expected=meant.decode(), seen=seen or NO_FIELD)


@scenario("rfc3885/2/dsn-semantics", start=At.EHLO, offers=["MTRK"])
async def report_has_the_original_recipient(smtp: Client, hop: Hop) -> Observation:
    """A report about a message with MTRK says the ORCPT of the recipient."""
    hop.script(hop.mailbox(), Rule.answer(Step.RCPT, 550))
    sender = new_token()
    original = b"%b@original.example.test" % smtp.token.encode("ascii")
    await smtp.deliver(
        smtp.message(),
        hop.path() + b" ORCPT=rfc822;" + original,
        reverse_path=hop.path(sender),
        parameters=b" MTRK=%b ENVID=%b@client.example.test" % (CERTIFIER, smtp.token.encode("ascii")),
    )
    report = await hop.report(sender)
    seen = [value_of(group, "Original-Recipient") for group in report.recipients]
    good = any(typed_value(each)[1] == original for each in seen)
    return holds(good, expected=original.decode(), seen=b", ".join(seen) or NO_FIELD)
