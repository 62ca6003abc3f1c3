"""RFC 8689 4.2.2 - Sending with TLS optional."""

from __future__ import annotations

from conformance import (
    At,
    Client,
    Hop,
    Observation,
    Rule,
    Step,
    arrived,
    fields_named,
    new_token,
    row,
    scenario,
    split_message,
    took,
)

FIELD = b"TLS-Required: No\r\n"
UNDER_TLS = ["starttls_required"]


@scenario(
    "rfc8689/4.2.2/optional-tls",
    start=At.EHLO,
    offers=["REQUIRETLS"],
    facts=[*UNDER_TLS, "delivery_within"],
    tags=["starttls"],
    reading={
        "sent": row(""),
        "tagged": row("", "rfc8689/4.1/tags-by-the-field"),
        "tried": row("", "rfc8689/3/no-means-try"),
    },
)
async def message_goes_without_tls_where_its_header_allows_it(reading: str, smtp: Client, hop: Hop) -> Observation:
    """A message with TLS-Required: No goes to a next hop without TLS."""
    del reading
    await smtp.deliver(smtp.message(before=FIELD), hop.path())
    came = await hop.arrival()
    return arrived(came, expected="the message at the next hop")


@scenario("rfc8689/4.1/field-may-stay", start=At.EHLO, offers=["REQUIRETLS"], facts=UNDER_TLS, tags=["starttls"])
async def field_may_stay_in_the_header(smtp: Client, hop: Hop) -> Observation:
    """The field TLS-Required is in what the next hop gets, or is not."""
    await smtp.deliver(smtp.message(before=FIELD), hop.path())
    header = split_message((await hop.message()).content)[0]
    return took("stays" if fields_named(header, "TLS-Required") else "is taken out")


@scenario(
    "rfc8689/4.2.2/bounces",
    start=At.EHLO,
    offers=["REQUIRETLS"],
    facts=[*UNDER_TLS, "delivery_within"],
    at={"mail": Step.MAIL, "recipient": Step.RCPT},
    tags=["starttls"],
)
async def sender_is_told_where_the_next_hop_insists_on_tls(at: Step, smtp: Client, hop: Hop) -> Observation:
    """The sender of a message with TLS-Required: No is told where the next hop wants TLS and has none."""
    sender, recipient = new_token(), new_token()
    wants = Rule.answer(at, 530, "5.7.0 Must issue a STARTTLS command first")
    hop.script(sender if at is Step.MAIL else hop.mailbox(recipient), wants)
    content = smtp.message(token=recipient, before=FIELD)
    await smtp.deliver(content, hop.path(recipient), reverse_path=hop.path(sender))
    told = await hop.notification_arrival(sender)
    return arrived(told, expected="a notification", seen="none")


@scenario(
    "rfc8689/4.2.2/bounces",
    start=At.EHLO,
    offers=["REQUIRETLS"],
    facts=[*UNDER_TLS, "account_authority", "extended_next_hop", "delivery_within"],
    alone=True,
    tags=["starttls"],
)
async def sender_is_told_where_starttls_fails_and_is_wanted(smtp: Client, hop: Hop) -> Observation:
    """The sender of a message with TLS-Required: No is told where the next hop wants TLS, offers it and fails."""
    place, domain = smtp.target.extended_next_hop or "", smtp.target.extended_domain or ""
    sender = new_token()
    hop.server.script(place, Rule.answer(Step.STARTTLS, 454, "TLS not available"))
    hop.script(sender, Rule.answer(Step.MAIL, 530, "5.7.0 Must issue a STARTTLS command first"))
    try:
        with hop.speaks_tls(place, domain):
            await smtp.deliver(smtp.message(before=FIELD), b"<%b>" % hop.extended(), reverse_path=hop.path(sender))
            told = await hop.notification_arrival(sender)
    finally:
        hop.server.unscript(place)
    return arrived(told, expected="a notification", seen="none")
