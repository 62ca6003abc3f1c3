"""RFC 3461 6.3 - Message/delivery-status fields."""

from __future__ import annotations

import re

from conformance import (
    At,
    Client,
    DeliveryReport,
    Field,
    Hop,
    NotReady,
    Observation,
    Rule,
    Step,
    fields_named,
    holds,
    new_token,
    row,
    scenario,
    took,
    typed_value,
    value_of,
    visible,
    without_comments,
)

REASON = "Nobody of this name lives here, ask next door"
NAME = re.compile(rb"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)+\.?")
OF_MESSAGE = frozenset({"original-envelope-id", "reporting-mta"})
OF_RECIPIENT = frozenset({"original-recipient", "final-recipient", "action", "status", "remote-mta", "diagnostic-code"})


async def told(
    smtp: Client, hop: Hop, mail: bytes = b"", rcpt: bytes = b"", local: bytes = b"%b"
) -> tuple[DeliveryReport, tuple[Field, ...]]:
    """The report about a recipient that the next hop refuses, and the group of fields for it.

    Raises:
        NotReady: no report came, or it has no group.
    """
    sender = new_token()
    hop.script(smtp.token, Rule.answer(Step.RCPT, 550, REASON, times=1))
    path = hop.path(local=local)
    await smtp.deliver(smtp.message(), path + rcpt, reverse_path=hop.path(sender), parameters=mail)
    found = await hop.report(sender)
    if not found.recipients:
        raise NotReady("notification", "it has no group of fields for a recipient")
    return found, found.recipients[0]


ENVELOPE_IDS = {
    "word": row((b"QQ314159", b"QQ314159")),
    "encoded": row((b"a+2Bb+3Dc", b"a+b=c")),
    "capitals-and-small": row((b"aBcDeF", b"aBcDeF")),
    "parentheses": row((b"a(b)c", b"a(b)c")),
}


@scenario("rfc3461/6.3/original-envelope-id", start=At.EHLO, offers=["DSN"], value=ENVELOPE_IDS)
async def envelope_id_is_in_the_report(value: tuple[bytes, bytes], smtp: Client, hop: Hop) -> Observation:
    """Original-Envelope-ID holds the ENVID that came, decoded."""
    given, wanted = value
    found, _ = await told(smtp, hop, b" ENVID=" + given)
    seen = value_of(found.message, "Original-Envelope-ID")
    return holds(seen == wanted, expected=visible(wanted), seen=seen or "no such field")


@scenario("rfc3461/6.3/no-original-envelope-id", start=At.EHLO, offers=["DSN"])
async def no_envelope_id_is_made_up(smtp: Client, hop: Hop) -> Observation:
    """Without ENVID there is no Original-Envelope-ID."""
    found, _ = await told(smtp, hop)
    seen = fields_named(found.message, "Original-Envelope-ID")
    return holds(not seen, expected="no such field", seen=visible(b"".join(each.octets for each in seen)))


@scenario("rfc3461/6.3/reporting-mta", start=At.EHLO, offers=["DSN"])
async def reporting_host_is_named(smtp: Client, hop: Hop) -> Observation:
    """Reporting-MTA is there; where its type is dns, the name has a dot."""
    found, _ = await told(smtp, hop)
    kind, name = typed_value(without_comments(value_of(found.message, "Reporting-MTA")))
    good = bool(kind and name) and (kind != "dns" or b"." in name)
    return holds(good, expected="a host by its full name", seen=f"{kind}; {visible(name)}")


@scenario(
    "rfc3461/6.3/unknown-name-not-dns",
    start=At.EHLO,
    offers=["DSN"],
    reading={"unknown": "", "valid": row("", "rfc3461/9.3/valid-names")},
)
async def name_of_type_dns_is_a_domain(reading: str, smtp: Client, hop: Hop) -> Observation:
    """A Reporting-MTA of the type dns is a domain name, and no address or label."""
    del reading
    found, _ = await told(smtp, hop)
    kind, name = typed_value(without_comments(value_of(found.message, "Reporting-MTA")))
    good = kind != "dns" or NAME.fullmatch(name) is not None
    return holds(good, expected="a domain name", seen=f"{kind}; {visible(name)}")


@scenario("rfc3461/6.3/other-message-fields", start=At.EHLO, offers=["DSN"])
async def other_fields_of_the_message(smtp: Client, hop: Hop) -> Observation:
    """Other fields of the message are there, or not."""
    found, _ = await told(smtp, hop)
    others = [field.name for field in found.message if field.name not in OF_MESSAGE]
    return took("has others" if others else "has none", ", ".join(others))


ORIGINAL_RECIPIENTS = {
    "address": (b"rfc822;someone@example.com", b"someone@example.com"),
    "encoded": (b"rfc822;some+2Bone@example.com", b"some+one@example.com"),
    "capitals-and-small": (b"rfc822;SomeOne@Example.COM", b"SomeOne@Example.COM"),
}


@scenario("rfc3461/6.3/original-recipient", start=At.EHLO, offers=["DSN"], value=ORIGINAL_RECIPIENTS)
async def original_recipient_is_in_the_report(value: tuple[bytes, bytes], smtp: Client, hop: Hop) -> Observation:
    """Original-Recipient holds the type and the address of the ORCPT that came; the address may stay encoded."""
    given, wanted = value
    _, group = await told(smtp, hop, rcpt=b" ORCPT=" + given)
    kind, address = typed_value(value_of(group, "Original-Recipient"))
    good = kind == "rfc822" and address in {wanted, given.partition(b";")[2]}
    seen = f"{kind}; {visible(address)}" if kind else "no such field"
    return holds(good, expected=f"rfc822; {visible(wanted)}", seen=seen)


@scenario("rfc3461/6.3/no-original-recipient", start=At.EHLO, offers=["DSN"])
async def no_original_recipient_is_made_up(smtp: Client, hop: Hop) -> Observation:
    """Without ORCPT there is no Original-Recipient."""
    _, group = await told(smtp, hop)
    seen = value_of(group, "Original-Recipient")
    return holds(not seen, expected="no such field", seen=seen)


@scenario("rfc3461/6.3/final-recipient", start=At.EHLO, offers=["DSN"])
async def final_recipient_is_that_of_the_envelope(smtp: Client, hop: Hop) -> Observation:
    """Final-Recipient holds the address of the envelope, though ORCPT had another."""
    _, group = await told(smtp, hop, rcpt=b" ORCPT=rfc822;someone@example.com")
    _, address = typed_value(without_comments(value_of(group, "Final-Recipient")))
    return holds(address.lower() == hop.mailbox().lower(), expected=visible(hop.mailbox()), seen=address)


@scenario("rfc3461/9.1/address-unchanged", start=At.EHLO, offers=["DSN"])
async def odd_original_recipient_is_not_mended(smtp: Client, hop: Hop) -> Observation:
    """An ORCPT that is no mailbox comes back as it is, and is not bent into one."""
    _, group = await told(smtp, hop, rcpt=b" ORCPT=rfc822;anybody")
    _, address = typed_value(value_of(group, "Original-Recipient"))
    return holds(address == b"anybody", expected="anybody", seen=address)


@scenario("rfc3461/6.3/action", start=At.EHLO, offers=["DSN"])
async def action_is_there(smtp: Client, hop: Hop) -> Observation:
    """The group of a recipient has Action."""
    _, group = await told(smtp, hop)
    seen = value_of(group, "Action")
    return holds(bool(seen), expected="Action", seen=seen or "no such field")


@scenario("rfc3461/6.3/status", start=At.EHLO, offers=["DSN"])
async def status_is_there(smtp: Client, hop: Hop) -> Observation:
    """The group of a recipient has Status with a code of three numbers."""
    _, group = await told(smtp, hop)
    seen = without_comments(value_of(group, "Status"))
    good = re.fullmatch(rb"[245]\.\d{1,3}\.\d{1,3}", seen) is not None
    return holds(good, expected="a status code", seen=seen or "no such field")


@scenario("rfc3461/6.3/remote-mta", start=At.EHLO, offers=["DSN"])
async def remote_host_is_named(smtp: Client, hop: Hop) -> Observation:
    """What was tried by SMTP has Remote-MTA."""
    _, group = await told(smtp, hop)
    kind, name = typed_value(value_of(group, "Remote-MTA"))
    return holds(bool(kind and name), expected="Remote-MTA", seen=f"{kind}; {visible(name)}")


@scenario("rfc3461/6.3/diagnostic-code", start=At.EHLO, offers=["DSN"])
async def diagnostic_code_is_there(smtp: Client, hop: Hop) -> Observation:
    """What was tried by SMTP has Diagnostic-Code."""
    _, group = await told(smtp, hop)
    kind, text = typed_value(value_of(group, "Diagnostic-Code"))
    return holds(bool(kind and text), expected="Diagnostic-Code", seen=f"{kind}; {visible(text, 200)}")


@scenario("rfc3461/9.2/transcription", start=At.EHLO, offers=["DSN"])
async def diagnostic_code_holds_the_reply(smtp: Client, hop: Hop) -> Observation:
    """A Diagnostic-Code of the type smtp holds the code and the text of the reply, folds apart."""
    _, group = await told(smtp, hop)
    kind, text = typed_value(value_of(group, "Diagnostic-Code"))
    if kind != "smtp":
        raise NotReady("notification", f"a Diagnostic-Code of the type {kind or 'none'}")
    seen = b" ".join(text.split())
    good = b"550" in seen and REASON.encode("ascii") in seen
    return holds(good, expected=f"550 {REASON}", seen=text)


@scenario("rfc3461/6.3/smtp-remote-recipient", start=At.EHLO, offers=["DSN"])
async def remote_recipient_may_be_named(smtp: Client, hop: Hop) -> Observation:
    """SMTP-Remote-Recipient is there, or not."""
    _, group = await told(smtp, hop)
    seen = value_of(group, "SMTP-Remote-Recipient")
    return took("has it" if seen else "has none", visible(seen))


@scenario("rfc3461/6.3/other-recipient-fields", start=At.EHLO, offers=["DSN"])
async def other_fields_of_the_recipient(smtp: Client, hop: Hop) -> Observation:
    """Other fields of the recipient are there, or not."""
    _, group = await told(smtp, hop)
    others = [field.name for field in group if field.name not in OF_RECIPIENT]
    return took("has others" if others else "has none", ", ".join(others))
