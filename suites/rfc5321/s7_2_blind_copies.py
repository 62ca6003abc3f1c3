"""RFC 5321 7.2 - Blind Copies, for a server that passes mail on."""

from __future__ import annotations

from conformance import CRLF, At, Client, Hop, NotReady, Observation, holds, scenario, took, visible


def recipients(hop: Hop) -> list[bytes]:
    """Three mailboxes at the next hop, of which the header section names the first."""
    return [hop.mailbox(local=local) for local in (b"open-%b", b"blind-%b", b"hidden-%b")]


async def send(smtp: Client, hop: Hop) -> list[bytes]:
    """Give the target a message for three, two of them blind."""
    mailboxes = recipients(hop)
    content = b"To: <%b>" % mailboxes[0] + CRLF + smtp.message(without=["To"])
    await smtp.deliver(content, *(b"<%b>" % each for each in mailboxes))
    return mailboxes


@scenario("rfc5321/7.2/client-keeps-recipients-out", start=At.EHLO)
async def recipients_are_not_copied_into_the_header(smtp: Client, hop: Hop) -> Observation:
    """Of three recipients the two that the header section did not name are not in it at the next hop."""
    mailboxes = await send(smtp, hop)
    received = await hop.message()
    header = received.content.partition(CRLF + CRLF)[0].lower()
    told = [visible(mailbox) for mailbox in mailboxes[1:] if mailbox.lower() in header]
    alone = len(received.forward_paths) == 1 and len(told) == 1
    good = len(told) < len(mailboxes) - 1 or alone
    return holds(good, expected="no list of the recipients", seen=told)


@scenario("rfc5321/7.2/blind-copy-by-itself", start=At.EHLO)
async def blind_copies_may_go_by_themselves(smtp: Client, hop: Hop) -> Observation:
    """Recipients that the header section does not name go out with the others, or each alone."""
    mailboxes = await send(smtp, hop)
    came = await hop.messages(at_least=1)
    blind = mailboxes[1].lower()
    found = [each for each in came if blind in [path.lower() for path in each.forward_paths]]
    if not found:
        came = await hop.messages(at_least=len(mailboxes))
        found = [each for each in came if blind in [path.lower() for path in each.forward_paths]]
    if not found:
        raise NotReady("next hop", "no copy for the blind recipient")
    return took("alone" if len(found[0].forward_paths) == 1 else "with others")
