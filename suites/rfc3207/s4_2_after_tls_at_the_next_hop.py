"""RFC 3207 4.2 - Result of the STARTTLS Command, for a relay at its next hop."""

from __future__ import annotations

import re

from conformance import (
    At,
    Client,
    Hop,
    HopConnection,
    NotReady,
    Observation,
    Received,
    Rule,
    Step,
    Unclear,
    holds,
    new_token,
    reply_octets,
    scenario,
    visible,
)

SECURED = ["account_domain", "account_next_hop", "account_authority"]
LOGIN = b"AUTH PLAIN LOGIN CRAM-MD5"
_SIZE = re.compile(rb"(?:^|\s)SIZE=", re.IGNORECASE)


async def _sent(smtp: Client, hop: Hop, token: str | None = None) -> Received:
    """What the next hop got of a message, under TLS.

    Raises:
        NotReady: it did not come, or in clear.
    """
    token = token or smtp.token
    await smtp.deliver(smtp.message(token=token), b"<%b>" % hop.account(token))
    received = await hop.message(token)
    if not received.transaction.connection.secured:
        raise NotReady("next hop", "the message came in clear")
    return received


async def _uses_what_is_offered(smtp: Client, hop: Hop) -> None:
    """The control: SIZE and AUTH are used where they are offered.

    Raises:
        NotReady: they are not.
    """
    twin = await _sent(smtp, hop, new_token())
    if not twin.transaction.connection.authenticated:
        raise NotReady("control", "the target does not authenticate there")
    if not _SIZE.search(twin.parameters):
        raise NotReady("control", f"SIZE is not used where it is offered: {visible(twin.parameters)}")
    await hop.ended(twin)


def _without_size(received: Received) -> Observation:
    return holds(not _SIZE.search(received.parameters), expected="no SIZE", seen=visible(received.parameters))


@scenario("rfc3207/4.2/ehlo-after-handshake", start=At.EHLO, facts=SECURED)
async def ehlo_is_the_first_command_under_tls(smtp: Client, hop: Hop) -> Observation:
    """The first command under TLS at the next hop is EHLO."""
    await smtp.deliver(smtp.message(), b"<%b>" % hop.account())
    for session in await hop.account_sessions():
        said = [command.verb.decode("ascii", "replace") for command in session.commands if command.secured]
        if said:
            return holds(said[0] == "EHLO", expected="EHLO first", seen=" ".join(said))
    return Unclear("no session under TLS")


@scenario("rfc3207/4.2/client-no-second-handshake", start=At.EHLO, facts=SECURED, alone=True)
async def starttls_is_not_given_under_tls(smtp: Client, hop: Hop) -> Observation:
    """STARTTLS is not given a second time, though the next hop still lists it."""
    hop.script_account(Rule.offer(b"STARTTLS", b"SIZE", LOGIN))
    connection = (await _sent(smtp, hop)).transaction.connection
    again = [command for command in connection.commands if command.verb == b"STARTTLS" and command.secured]
    return holds(not again, expected="no STARTTLS under TLS", seen=_verbs(connection))


def _verbs(connection: HopConnection) -> str:
    return " ".join(command.verb.decode("ascii", "replace") for command in connection.commands)


@scenario("rfc3207/4.2/discard-server-knowledge", start=At.EHLO, facts=SECURED, alone=True)
async def extension_that_is_gone_under_tls_is_not_used(smtp: Client, hop: Hop) -> Observation:
    """SIZE that was offered in clear and is not under TLS is not used."""
    await _uses_what_is_offered(smtp, hop)
    hop.offer_account(LOGIN)
    hop.script_account(Rule.offer(b"STARTTLS", b"SIZE", LOGIN, times=1))
    return _without_size(await _sent(smtp, hop))


@scenario("rfc3207/4.2/discard-server-knowledge", start=At.EHLO, facts=SECURED, alone=True)
async def extension_that_is_there_under_tls_alone_is_used(smtp: Client, hop: Hop) -> Observation:
    """AUTH that is offered under TLS and was not in clear is used, where the target has an account."""
    twin = await _sent(smtp, hop, new_token())
    if not twin.transaction.connection.authenticated:
        raise NotReady("control", "the target does not authenticate there")
    await hop.ended(twin)
    hop.script_account(Rule.offer(b"STARTTLS", b"SIZE", times=1))
    before = {each.number for each in await hop.account_sessions(0)}
    await smtp.deliver(smtp.message(), b"<%b>" % hop.account())
    found = [each for each in await hop.account_sessions(len(before) + 1) if each.number not in before]
    if not (found and found[0].secured):
        return Unclear("the target did not come, or not under TLS")
    return holds(found[0].authenticated, expected="AUTH under TLS", seen=_verbs(found[0]))


INJECTED = {
    "hello": reply_octets(250, "hop.example.test", "SIZE", LOGIN),
    "hello-twice": reply_octets(250, "hop.example.test", "SIZE", LOGIN) * 2,
}


@scenario(
    "rfc3207/6/client-discards-cleartext",
    start=At.EHLO,
    facts=SECURED,
    alone=True,
    tags=["injection"],
    behind=INJECTED,
)
async def reply_injected_in_clear_is_never_read(behind: bytes, smtp: Client, hop: Hop) -> Observation:
    """A reply to EHLO that came in clear behind the 220 does not count under TLS: what it lists is not used."""
    await _uses_what_is_offered(smtp, hop)
    before = {each.number for each in await hop.account_sessions(0)}
    hop.offer_account(b"PIPELINING")
    hop.script_account(Rule(Step.STARTTLS, reply_octets(220, "Ready to start TLS") + behind, times=1))
    await smtp.deliver(smtp.message(), b"<%b>" % hop.account())
    found = [each for each in await hop.account_sessions(len(before) + 1) if each.number not in before]
    if not found:
        return Unclear("the target did not come")
    if not found[0].secured:
        return holds(True, expected="", seen=f"the handshake fails: {found[0].end}")
    sized = any(_SIZE.search(command.octets) for command in found[0].commands if command.verb == b"MAIL")
    used = sized or any(command.verb == b"AUTH" for command in found[0].commands if command.secured)
    return holds(not used, expected="neither AUTH nor SIZE", seen=_verbs(found[0]))
