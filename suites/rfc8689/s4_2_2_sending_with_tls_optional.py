"""RFC 8689 4.2.2 - Sending with TLS optional."""

from __future__ import annotations

from conformance import (
    At,
    Client,
    Hop,
    Observation,
    arrived,
    fields_named,
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
