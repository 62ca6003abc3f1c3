"""RFC 8689 5 - Non-delivery Message Handling: how notifications travel."""

from __future__ import annotations

from conformance import (
    At,
    Client,
    Hop,
    NotReady,
    Observation,
    Received,
    Rule,
    Step,
    holds,
    new_token,
    scenario,
    visible,
)

FACTS = ["starttls_required", "account_authority", "extended_next_hop"]
REQUIRETLS = b"REQUIRETLS"


async def notification(smtp: Client, hop: Hop, *, refused: bool) -> Received:
    """The notification about a message with REQUIRETLS that a next hop refused, or that had none to go to.

    It goes to a next hop that has REQUIRETLS under TLS.

    Raises:
        NotReady: none came, or nothing of the message is in it: then there is nothing to protect.
    """
    place, domain = smtp.target.extended_next_hop or "", smtp.target.extended_domain or ""
    sender, recipient = new_token(), new_token()
    to = hop.extended(recipient) if refused else hop.mailbox(recipient)
    hop.script(to, Rule.answer(Step.RCPT, 550))
    with hop.speaks_tls(place, domain, under_tls=[REQUIRETLS]):
        await smtp.deliver(
            smtp.message(token=recipient),
            b"<%b>" % to,
            reverse_path=b"<%b>" % hop.extended(sender),
            parameters=b" " + REQUIRETLS,
        )
        told = await hop.notification(sender)
    if b"smtp-conformance " + recipient.encode("ascii") not in told.content:
        raise NotReady("notification", "nothing of the message's header is in it")
    return told


CAUSES = {"no-tls": False, "refused": True}


@scenario(
    "rfc8689/5/bounces-protected",
    start=At.EHLO,
    offers=["REQUIRETLS"],
    facts=FACTS,
    refused=CAUSES,
    alone=True,
    tags=["starttls"],
)
async def notification_goes_under_tls(refused: bool, smtp: Client, hop: Hop) -> Observation:
    """A notification with the header of a message with REQUIRETLS goes under TLS where that can be had."""
    connection = (await notification(smtp, hop, refused=refused)).transaction.connection
    return holds(connection.secured, expected="a session under TLS", seen=connection.tls_version or "in clear")


@scenario(
    "rfc8689/5/bounces-require-tls",
    start=At.EHLO,
    offers=["REQUIRETLS"],
    facts=FACTS,
    refused=CAUSES,
    alone=True,
    tags=["starttls"],
)
async def notification_requires_tls_too(refused: bool, smtp: Client, hop: Hop) -> Observation:
    """A notification with the header of a message with REQUIRETLS says REQUIRETLS to a next hop that has it."""
    told = await notification(smtp, hop, refused=refused)
    said = visible(told.parameters) or "nothing"
    return holds(REQUIRETLS in told.parameters.upper().split(), expected="REQUIRETLS at MAIL", seen=said)
