"""RFC 8689 3 - The TLS-Required Header Field."""

from __future__ import annotations

from conformance import At, Client, Hop, Observation, Unclear, fields_named, holds, scenario, split_message, visible

FIELD = b"TLS-Required: No\r\n"
REQUIRETLS = b"REQUIRETLS"


@scenario(
    "rfc8689/3/no-still-tries-tls",
    start=At.EHLO,
    offers=["REQUIRETLS"],
    facts=["starttls_required", "account_authority", "extended_next_hop"],
    under_tls={"with-requiretls": [REQUIRETLS], "without": []},
    alone=True,
    tags=["starttls"],
)
async def tls_is_used_though_it_is_not_required(under_tls: list[bytes], smtp: Client, hop: Hop) -> Observation:
    """A message with TLS-Required: No goes under TLS to a next hop that offers STARTTLS."""
    place, domain = smtp.target.extended_next_hop or "", smtp.target.extended_domain or ""
    with hop.speaks_tls(place, domain, under_tls=under_tls):
        await smtp.deliver(smtp.message(before=FIELD), b"<%b>" % hop.extended())
        received = await hop.arrival()
    if received is None:
        return Unclear("the message did not come")
    connection = received.transaction.connection
    return holds(connection.secured, expected="a session under TLS", seen=connection.tls_version or "in clear")


async def fields_at_the_next_hop(before: bytes, smtp: Client, hop: Hop) -> list[bytes]:
    """What the fields TLS-Required say in the copy that the next hop gets."""
    await smtp.deliver(smtp.message(before=before), hop.path())
    header = split_message((await hop.message()).content)[0]
    return [field.body.strip() for field in fields_named(header, "TLS-Required")]


@scenario(
    "rfc8689/3/one-field",
    start=At.EHLO,
    offers=["REQUIRETLS"],
    facts=["starttls_required"],
    before={"one": FIELD, "folded": b"TLS-Required:\r\n No\r\n", "none": b""},
    tags=["starttls"],
)
async def message_has_the_field_once_at_most(before: bytes, smtp: Client, hop: Hop) -> Observation:
    """A message that came with one field TLS-Required, or with none, does not go on with several."""
    found = await fields_at_the_next_hop(before, smtp, hop)
    return holds(len(found) <= 1, expected="one field at most", seen=visible(b" | ".join(found)))


@scenario(
    "rfc8689/3/field-needs-no",
    start=At.EHLO,
    offers=["REQUIRETLS"],
    facts=["starttls_required"],
    before={"one": FIELD, "lower": b"TLS-Required: no\r\n", "none": b""},
    tags=["starttls"],
)
async def field_says_no_and_nothing_else(before: bytes, smtp: Client, hop: Hop) -> Observation:
    """The field TLS-Required of a message that goes on says No."""
    found = await fields_at_the_next_hop(before, smtp, hop)
    odd = [value for value in found if value.lower() != b"no"]
    return holds(not odd, expected="No", seen=visible(b" | ".join(found)) or "no such field")
