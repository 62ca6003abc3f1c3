"""RFC 8689 6 - Reorigination Considerations."""

from __future__ import annotations

from conformance import (
    At,
    Client,
    Hop,
    NotReady,
    Observation,
    Received,
    fields_named,
    holds,
    scenario,
    split_message,
    visible,
)

FACTS = ["starttls_required", "account_authority", "extended_next_hop", "list_elsewhere"]
REQUIRETLS = b"REQUIRETLS"


async def copy_for_a_member(smtp: Client, hop: Hop, content: bytes, parameters: bytes = b"") -> Received:
    """The first copy of a message for the list that arrives at our next hop, which has REQUIRETLS under TLS.

    Raises:
        NotReady: none came.
    """
    place, domain = smtp.target.extended_next_hop or "", smtp.target.extended_domain or ""
    mailing_list = smtp.target.list_elsewhere
    assert mailing_list is not None
    with hop.speaks_tls(place, domain, under_tls=[REQUIRETLS]):
        await smtp.deliver(content, b"<%b>" % mailing_list.address.encode("ascii"), parameters=parameters)
        came = await hop.messages(at_least=1)
    if not came:
        raise NotReady("next hop", "no copy came")
    return came[0]


@scenario("rfc8689/6/mediators", start=At.EHLO, offers=["REQUIRETLS"], facts=FACTS, alone=True, tags=["starttls"])
async def list_passes_requiretls_on(smtp: Client, hop: Hop) -> Observation:
    """What a list sends to its members of a message with REQUIRETLS has it too."""
    came = await copy_for_a_member(smtp, hop, smtp.message(), b" " + REQUIRETLS)
    said = visible(came.parameters) or "nothing"
    return holds(REQUIRETLS in came.parameters.upper().split(), expected="REQUIRETLS at MAIL", seen=said)


@scenario("rfc8689/6/mediators", start=At.EHLO, offers=["REQUIRETLS"], facts=FACTS, alone=True, tags=["starttls"])
async def list_passes_the_field_on(smtp: Client, hop: Hop) -> Observation:
    """What a list sends to its members of a message with TLS-Required: No has the field too."""
    came = await copy_for_a_member(smtp, hop, smtp.message(before=b"TLS-Required: No\r\n"))
    header = split_message(came.content)[0]
    found = [field.body.strip().lower() for field in fields_named(header, "TLS-Required")]
    return holds(found == [b"no"], expected="TLS-Required: No", seen=visible(b" | ".join(found)) or "no such field")
