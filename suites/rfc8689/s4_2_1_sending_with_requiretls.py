"""RFC 8689 4.2.1 - Sending with TLS required."""

from __future__ import annotations

from ssl import TLSVersion
from typing import Any

from conformance import (
    At,
    Broken,
    Client,
    Held,
    Hop,
    Names,
    NotReady,
    Observation,
    Rule,
    Step,
    Unclear,
    arrived,
    holds,
    new_token,
    row,
    scenario,
    took,
    value_of,
)

UNDER_TLS = ["starttls_required"]
MARK = b"The line that only the whole message has."
TLS_NO = b"TLS-Required: No\r\n"


async def sent(smtp: Client, hop: Hop, parameters: bytes = b" REQUIRETLS", before: bytes = b"") -> str:
    """A message that needs TLS for the next hop without TLS; the sender's token."""
    sender = new_token()
    content = smtp.message(body=MARK + b"\r\n", before=before)
    await smtp.deliver(content, hop.path(), reverse_path=hop.path(sender), parameters=parameters)
    return sender


async def kept_back(hop: Hop, sender: str) -> Observation:
    """Broken where the next hop is told of the message; held where its sender is told instead."""
    tried = [each for each in await hop.transactions() if each.reverse_path.startswith(sender.encode("ascii"))]
    if tried:
        return holds(False, expected="no MAIL", seen=tried[0].commands[0].octets)
    told = await hop.notification_arrival(sender)
    return Held("the sender was told") if told is not None else Unclear("neither the message nor a notification came")


@scenario(
    "rfc8689/4.2.1/not-sent-without",
    start=At.EHLO,
    offers=["REQUIRETLS"],
    facts=UNDER_TLS,
    tags=["starttls"],
    before={
        "plain": row(b""),
        "requirements": row(b"", "rfc8689/4.2.1/requirements"),
        "tagged": row(b"", "rfc8689/4.1/tags-the-message"),
        "parameter-wins": row(TLS_NO, "rfc8689/4.1/parameter-wins"),
    },
)
async def message_does_not_go_without_tls(before: bytes, smtp: Client, hop: Hop) -> Observation:
    """A message with REQUIRETLS does not go to a next hop without TLS, whatever its header says."""
    return await kept_back(hop, await sent(smtp, hop, before=before))


@scenario(
    "rfc8689/4.2.1/bounces",
    start=At.EHLO,
    offers=["REQUIRETLS"],
    facts=[*UNDER_TLS, "delivery_within"],
    tags=["starttls"],
    reading={"told": row(""), "kept": row("", "rfc8689/5/bounce-not-discarded")},
)
async def sender_of_a_message_kept_back_is_told(reading: str, smtp: Client, hop: Hop) -> Observation:
    """The sender of a message with REQUIRETLS that can't be sent on is told, though by a next hop without TLS."""
    del reading
    told = await hop.notification_arrival(await sent(smtp, hop))
    return arrived(told, expected="a notification", seen="none")


@scenario("rfc8689/4.2.1/status-codes", start=At.EHLO, offers=["REQUIRETLS"], facts=UNDER_TLS, tags=["starttls"])
async def notification_says_why(smtp: Client, hop: Hop) -> Observation:
    """The notification has the status 5.7.30 or 5.7.10."""
    found = await hop.report(await sent(smtp, hop))
    seen = value_of(found.recipients[0] if found.recipients else (), "Status")
    return holds(seen in {b"5.7.30", b"5.7.10"}, expected="5.7.30 or 5.7.10", seen=seen)


@scenario(
    "rfc8689/5/ret-hdrs",
    start=At.EHLO,
    offers=["REQUIRETLS"],
    facts=UNDER_TLS,
    tags=["starttls"],
    ret={"none": row(b""), "full": row(b" RET=FULL", "rfc8689/5/ret-full-disregarded", offers=["DSN"])},
)
async def notification_holds_the_header_only(ret: bytes, smtp: Client, hop: Hop) -> Observation:
    """A notification about a message with REQUIRETLS holds no more than the header, whatever RET says."""
    sender = await sent(smtp, hop, b" REQUIRETLS" + ret)
    told = await hop.notification(sender)
    return holds(MARK not in told.content, expected="the header only", seen=told.content[-200:])


REQUIRETLS = b"REQUIRETLS"
AUTHORITY = [*UNDER_TLS, "account_authority"]
LACKS: dict[str, dict[str, Any] | None] = {
    "starttls": None,
    "requiretls": {},
    "known-authority": {"known": False, "under_tls": [REQUIRETLS]},
    "its-name": {"name": "other.example.test", "under_tls": [REQUIRETLS]},
}


async def through(smtp: Client, hop: Hop, domain: str) -> tuple[str, str]:
    """Send a message that needs TLS to this domain; the address at which it arrived, or nothing, and the sender."""
    sender, token = new_token(), new_token()
    path = b"<%b@%b>" % (token.encode("ascii"), domain.encode("ascii"))
    content = smtp.message(token=token)
    await smtp.deliver(content, path, reverse_path=hop.path(sender), parameters=b" " + REQUIRETLS)
    seen = await hop.transactions(sender)
    came = [each for each in seen if each.reverse_path.startswith(sender.encode("ascii"))]
    return came[0].connection.local if came else "", sender


@scenario(
    "rfc8689/4.2.1/next-exchanger",
    start=At.EHLO,
    offers=["REQUIRETLS"],
    facts=AUTHORITY,
    lack=LACKS,
    alone=True,
    tags=["starttls"],
)
async def next_exchanger_with_tls_gets_the_message(
    lack: dict[str, Any] | None, smtp: Client, hop: Hop, dns: Names
) -> Observation:
    """A message with REQUIRETLS goes to the second exchanger where the first has not what it takes."""
    first, second = dns.place(0), dns.place(1)
    hosts = [dns.name("first"), dns.name("second")]
    names = [f"control-{dns.name()}", dns.name(), *hosts]
    dns.add("".join(f"{host}. A {address}\n" for host, address in zip(hosts, dns.exchangers, strict=False)))
    dns.add(f"{names[0]}. MX 0 {hosts[1]}.\n{names[1]}. MX 10 {hosts[0]}.\n{names[1]}. MX 20 {hosts[1]}.\n")
    for name in names:
        dns.vouch(name)
    with hop.speaks_tls(second, hosts[1], under_tls=[REQUIRETLS]):
        if (await through(smtp, hop, names[0]))[0] != second:
            raise NotReady("control", "the message does not go to an exchanger for which our name server vouches")
        if lack is None:
            where, _ = await through(smtp, hop, names[1])
        else:
            lacks = dict(lack)
            with hop.speaks_tls(first, lacks.pop("name", hosts[0]), **lacks):
                where, _ = await through(smtp, hop, names[1])
    return holds(where == second, expected=f"the message at {second}", seen=where or "it was given back")


@scenario(
    "rfc8689/4.2.1/next-exchanger",
    start=At.EHLO,
    offers=["REQUIRETLS"],
    facts=[*AUTHORITY, "extended_next_hop"],
    under_tls={"without-requiretls": True, "without-starttls": False},
    alone=True,
    tags=["starttls"],
)
async def session_without_what_it_takes_ends_with_quit(under_tls: bool, smtp: Client, hop: Hop) -> Observation:
    """A relay says QUIT to a next hop that has not what a message with REQUIRETLS takes."""
    place, domain = smtp.target.extended_next_hop or "", smtp.target.extended_domain or ""
    before = {each.number for each in hop.server.connections()}
    sender = new_token()

    async def refused() -> None:
        content = smtp.message()
        to = b"<%b>" % hop.extended()
        await smtp.deliver(content, to, reverse_path=hop.path(sender), parameters=b" " + REQUIRETLS)
        await hop.notification(sender)

    if under_tls:
        with hop.speaks_tls(place, domain):
            await refused()
    else:
        await refused()
    tried = [each for each in hop.server.connections() if each.local == place and each.number not in before]
    idle = [each for each in tried if not each.transactions]
    if not idle:
        return Unclear("no session without a message was seen")
    ended = await hop.closed(idle[-1])
    if under_tls and not ended.secured:
        return Unclear(f"no TLS came about: {ended.end}")
    verbs = [command.verb for command in ended.commands]
    return holds(verbs[-1:] == [b"QUIT"], expected="QUIT at the end", seen=b" ".join(verbs) or b"nothing was said")


@scenario(
    "rfc8689/4.2.1/tls-recommendations",
    start=At.EHLO,
    offers=["REQUIRETLS"],
    facts=[*AUTHORITY, "extended_next_hop"],
    up_to={"all-versions": TLSVersion.TLSv1_3, "old-versions-only": TLSVersion.TLSv1_1},
    alone=True,
    tags=["starttls"],
)
async def old_versions_of_tls_are_not_used(up_to: TLSVersion, smtp: Client, hop: Hop) -> Observation:
    """A message with REQUIRETLS goes under TLS 1.2 or later, and with a next hop that has none no TLS comes about."""
    place, domain = smtp.target.extended_next_hop or "", smtp.target.extended_domain or ""
    before = {each.number for each in hop.server.connections()}
    sender = new_token()
    with hop.speaks_tls(place, domain, under_tls=[REQUIRETLS], old_up_to=up_to):
        to = b"<%b>" % hop.extended()
        await smtp.deliver(smtp.message(), to, reverse_path=hop.path(sender), parameters=b" " + REQUIRETLS)
        await hop.transactions(sender)
    tried = [each for each in hop.server.connections() if each.local == place and each.number not in before]
    versions = {each.tls_version for each in tried if each.secured}
    odd = sorted(versions - {"TLSv1.2", "TLSv1.3"})
    if odd:
        return Broken("TLS 1.2 or later", ", ".join(odd))
    if not tried:
        return Unclear("the next hop was not tried")
    return Held(", ".join(sorted(versions)) or "no handshake was completed")


@scenario(
    "rfc8689/4.2.1/other-mail-may-go",
    start=At.EHLO,
    offers=["REQUIRETLS"],
    facts=[*UNDER_TLS, "extended_next_hop"],
    alone=True,
    tags=["starttls"],
)
async def session_may_be_used_for_other_mail(smtp: Client, hop: Hop) -> Observation:
    """Whether other mail goes in a session that a message with REQUIRETLS can't have, before its QUIT."""
    place = smtp.target.extended_next_hop or ""
    waiting, sender = new_token(), new_token()
    hop.script(hop.extended(waiting), Rule.answer(Step.RCPT, 451, times=1))
    await smtp.deliver(smtp.message(token=waiting), b"<%b>" % hop.extended(waiting))
    await hop.transactions(waiting)
    before = {each.number for each in hop.server.connections()}
    to = b"<%b>" % hop.extended()
    await smtp.deliver(smtp.message(), to, reverse_path=hop.path(sender), parameters=b" " + REQUIRETLS)
    await hop.notification(sender)
    tried = [each for each in hop.server.connections() if each.local == place and each.number not in before]
    if not tried:
        return Unclear("the next hop was not tried")
    with_mail = [each for each in tried if each.transactions]
    seen = f"{len(tried)} sessions, {len(with_mail)} with mail"
    return took("sends other mail there" if len(with_mail) == len(tried) else "quits at once", seen)
