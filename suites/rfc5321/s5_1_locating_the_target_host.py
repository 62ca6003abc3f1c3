"""RFC 5321 5.1 - Locating the Target Host."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

from conformance import (
    At,
    Broken,
    Client,
    Fault,
    Held,
    Hop,
    Names,
    NotReady,
    Observation,
    Received,
    Reply,
    Rule,
    Step,
    Unclear,
    accepted,
    holds,
    new_token,
    presume,
    row,
    scenario,
    split_message,
    took,
    visible,
)

ADDRESSES = ("MX", "A", "AAAA")

Return = Callable[[Client, Hop, str], Awaitable[Observation]]

EVERY = 1000
"""More transactions than will come: all that come in the time are looked at."""


def exchanger(names: Names, label: str, address: str) -> str:
    """The record of a host of this scenario."""
    return f"{names.name(label)}. A {address}\n"


def mx(names: Names, preference: int, label: str, domain: str = "") -> str:
    """An MX record of the scenario's domain (or of another of its names) for a host of it."""
    return f"{names.name(domain)}. MX {preference} {names.name(label)}.\n"


def own_record(smtp: Client, names: Names, preference: int) -> str:
    """An MX record that names the target itself, as it greets, and so leads to where we reach it."""
    said = smtp.hello.lines[0].text.split(b" ")[0].decode("ascii", "replace") if isinstance(smtp.hello, Reply) else ""
    if not re.fullmatch(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", said):
        said = names.name("self")
    names.add_host(said, smtp.target.where.host)
    return f"{names.name()}. MX {preference} {said}.\n"


def host(received: Received) -> str:
    """The address at which a message came in."""
    return received.transaction.connection.local.rpartition(":")[0]


async def send(smtp: Client, hop: Hop, names: Names) -> str:
    """Give the target a message for the scenario's domain; returns the token to whose mailbox notifications go."""
    sender = new_token()
    path = b"<recipient@%b>" % names.name().encode("ascii")
    await smtp.deliver(smtp.message(), path, reverse_path=hop.path(sender))
    return sender


async def where(smtp: Client, hop: Hop, names: Names) -> str | Observation:
    """The address at which the message arrives, or that it was given back, or that nobody can say."""
    sender = await send(smtp, hop, names)
    received = await hop.arrival()
    if received is not None:
        return host(received)
    returned = await hop.notification_arrival(sender)
    if returned is not None:
        return Broken("the message at an exchanger", "a notification")
    return Unclear("neither the message nor a notification came")


async def arrives_at(address: str, smtp: Client, hop: Hop, names: Names) -> Observation:
    """Held where the message comes in at this address, broken where at another or where it is given back."""
    seen = await where(smtp, hop, names)
    return (
        seen if not isinstance(seen, str) else holds(seen == address, expected=f"the message at {address}", seen=seen)
    )


async def refused_or_taken(smtp: Client, hop: Hop, names: Names) -> str | Observation:
    """Held where mail for the domain is refused for good; else the token to whose mailbox notifications go."""
    sender = new_token()
    outcomes = [await smtp.mail(hop.path(sender))]
    outcomes.append(await smtp.rcpt(b"<recipient@%b>" % names.name().encode("ascii")))
    if isinstance(outcomes[-1], Reply) and outcomes[-1].severity == 5:
        return Held(f"refused: {outcomes[-1]}")
    if isinstance(outcomes[-1], Reply) and outcomes[-1].severity == 2:
        outcomes.append(await smtp.data(smtp.message()))
    if not (isinstance(outcomes[-1], Reply) and outcomes[-1].severity == 2):
        return Unclear(f"not taken: {outcomes[-1]}")
    return sender


async def given_back(smtp: Client, hop: Hop, names: Names, reason: str) -> Observation:
    """Held where mail for the domain is refused or its sender told; broken where neither happens though a twin is told.

    The twin is a message that we refuse for good.
    """
    sender = await refused_or_taken(smtp, hop, names)
    if not isinstance(sender, str):
        return sender
    twin = await hop.refuses(smtp)
    seen = await hop.no_notification(sender, after=twin)
    match seen:
        case Broken():
            return Held("a notification came")
        case Held():
            return Broken(f"a notification: {reason}", "none, though that about another message came")
        case _:
            return seen


async def never_at(address: str, smtp: Client, hop: Hop, names: Names) -> Observation:
    """Broken where the message is offered at this address, held where it is not though a later one has come."""
    await send(smtp, hop, names)
    twin = new_token()
    await smtp.deliver(smtp.message(token=twin), hop.path(twin))
    await hop.message(twin)
    within = smtp.target.delivery_within
    tried = await hop.transactions(at_least=EVERY, within=within)
    places = {each.connection.local.rpartition(":")[0] for each in tried}
    if address in places:
        return Broken(f"no attempt at {address}", ", ".join(sorted(places)))
    if within is None:
        return Unclear("nothing was tried there, and the target does not say delivery-within")
    return Held(f"no attempt at {address} within {within:g} s, though a later message came")


@scenario("rfc5321/5.1/dns-lookup", start=At.EHLO)
async def domain_is_looked_up(smtp: Client, hop: Hop, dns: Names) -> Observation:
    """Before a message is sent on, the domain of its recipient is looked up."""
    dns.add(mx(dns, 10, "host") + exchanger(dns, "host", dns.exchangers[0]))
    await send(smtp, hop, dns)
    received = await hop.message()
    asked = [query for query in await dns.queries(dns.name()) if query.at <= received.began]
    return holds(bool(asked), expected="a question before the message", seen=f"{len(asked)} questions")


@scenario("rfc5321/5.1/mx-first", start=At.EHLO)
async def exchangers_are_asked_for_first(smtp: Client, hop: Hop, dns: Names) -> Observation:
    """The first question about the domain once the message is there is for MX records.

    What is asked before may be about the address that RCPT gave, as whether it stands for another.
    """
    dns.add(mx(dns, 10, "host") + exchanger(dns, "host", dns.exchangers[0]))
    presume(accepted(await smtp.mail(hop.path(new_token()))))
    presume(accepted(await smtp.rcpt(b"<recipient@%b>" % dns.name().encode("ascii"))))
    before = await dns.queries(dns.name(), at_least=0)
    presume(accepted(await smtp.data(smtp.message())))
    await hop.message()
    every = await dns.queries(dns.name())
    asked = [query.type for query in every[len(before) :] if query.name.rstrip(".") == dns.name()]
    first = next((type_ for type_ in asked if type_ in ADDRESSES), "")
    if not first:
        return Unclear(
            f"nothing was asked for the message itself; before it: {', '.join(each.type for each in before)}"
        )
    return holds(first == "MX", expected="MX first", seen=", ".join(asked))


@scenario("rfc5321/5.1/full-names", start=At.EHLO)
async def names_in_questions_are_whole(smtp: Client, hop: Hop, dns: Names) -> Observation:
    """Every question about the domain and its hosts is for the full name, and not for one with something behind it."""
    dns.add(mx(dns, 10, "host") + exchanger(dns, "host", dns.exchangers[0]))
    await send(smtp, hop, dns)
    await hop.message()
    asked = {query.name.rstrip(".") for query in await dns.queries()}
    others = sorted(name for name in asked if not name.endswith(dns.name()))
    return holds(not others, expected=f"names that end in {dns.name()}", seen=", ".join(others or sorted(asked)))


@scenario(
    "rfc5321/5.1/preference-decides",
    start=At.EHLO,
    preferences={
        "first": (10, 20, 30),
        "last": (30, 20, 10),
        "middle": (20, 10, 30),
        "by-number": (100, 20, 3),
        "zero": (1, 0, 65535),
    },
)
async def lowest_preference_comes_first(
    preferences: tuple[int, ...], smtp: Client, hop: Hop, dns: Names
) -> Observation:
    """Of several exchangers that all take mail the one with the lowest number gets it."""
    for number, (preference, address) in enumerate(zip(preferences, dns.exchangers, strict=False)):
        dns.add(mx(dns, preference, f"host{number}") + exchanger(dns, f"host{number}", address))
    best = min(zip(preferences, dns.exchangers, strict=False))[1]
    return await arrives_at(best, smtp, hop, dns)


@scenario(
    "rfc5321/3.6.2/relay-sends-to-next-server",
    start=At.EHLO,
    reading={"next-server": "", "host-from-domain": row("", "rfc5321/2.1/host-from-domain")},
)
async def only_exchanger_gets_the_mail(reading: str, smtp: Client, hop: Hop, dns: Names) -> Observation:
    """Mail for a domain with one exchanger is sent to that host, by SMTP."""
    del reading
    dns.add(mx(dns, 10, "host") + exchanger(dns, "host", dns.exchangers[1]))
    return await arrives_at(dns.exchangers[1], smtp, hop, dns)


@scenario(
    "rfc5321/5.1/tries-each-address",
    start=At.EHLO,
    dead={
        "one": 1,
        "two": 2,
        "two-addresses": row(1, "rfc5321/5.1/two-addresses"),
    },
)
async def next_exchanger_is_tried(dead: int, smtp: Client, hop: Hop, dns: Names) -> Observation:
    """Where nothing listens at the best exchangers the next one gets the message."""
    for number in range(dead):
        dns.add(mx(dns, 10 * (number + 1), f"dead{number}") + exchanger(dns, f"dead{number}", dns.dead(number)))
    dns.add(mx(dns, 50, "alive") + exchanger(dns, "alive", dns.exchangers[0]))
    return await arrives_at(dns.exchangers[0], smtp, hop, dns)


@scenario("rfc5321/5.1/tries-each-address", start=At.EHLO)
async def next_address_of_a_host_is_tried(smtp: Client, hop: Hop, dns: Names) -> Observation:
    """Where nothing listens at one address of the only exchanger its other address gets the message."""
    dns.add(mx(dns, 10, "host") + exchanger(dns, "host", dns.dead()) + exchanger(dns, "host", dns.exchangers[0]))
    return await arrives_at(dns.exchangers[0], smtp, hop, dns)


@scenario("rfc5321/5.1/addresses-in-order", start=At.EHLO)
async def exchangers_are_tried_in_order(smtp: Client, hop: Hop, dns: Names) -> Observation:
    """A better exchanger that refuses for now is tried before a worse one that takes the message."""
    first, second, third = dns.exchangers[:3]
    for preference, address in ((30, third), (10, first), (20, second)):
        label = f"host{preference}"
        dns.add(mx(dns, preference, label) + exchanger(dns, label, address))
    hop.script(smtp.token, Rule.answer(Step.RCPT, 450, times=1))
    await send(smtp, hop, dns)
    tried = [each.connection.local.rpartition(":")[0] for each in await hop.transactions(at_least=1)]
    seen = ", ".join(tried)
    if not tried:
        return Unclear("nothing came")
    return holds(tried[0] == first and tried[1:2] != [third], expected=f"{first}, then not {third}", seen=seen)


@scenario("rfc5321/5.1/addresses-of-a-host-in-order", start=At.EHLO)
async def addresses_of_a_host_are_tried_in_order(smtp: Client, hop: Hop, dns: Names) -> Observation:
    """Of one host the address that the DNS has first is tried first; its resolver may have given it another order."""
    first, other = dns.exchangers[:2]
    dns.add(mx(dns, 10, "host") + exchanger(dns, "host", first) + exchanger(dns, "host", other))
    hop.script(smtp.token, Rule.answer(Step.RCPT, 450, times=1))
    await send(smtp, hop, dns)
    tried = [each.connection.local.rpartition(":")[0] for each in await hop.transactions(at_least=2)]
    if tried[:2] == [first, other]:
        return Held(f"{first}, then {other}")
    return Unclear(f"tried {', '.join(tried) or 'none'}, which the resolver may have ordered so")


@scenario("rfc5321/5.1/implicit-mx", start=At.EHLO)
async def host_of_the_domain_is_the_exchanger(smtp: Client, hop: Hop, dns: Names) -> Observation:
    """A domain without MX records gets its mail at its own address."""
    dns.add(f"{dns.name()}. A {dns.exchangers[0]}")
    return await arrives_at(dns.exchangers[0], smtp, hop, dns)


@scenario("rfc5321/5.1/no-addresses-beside-mx", start=At.EHLO)
async def address_beside_mx_records_is_not_used(smtp: Client, hop: Hop, dns: Names) -> Observation:
    """Mail whose only exchanger is dead does not go to the domain's own address."""
    dns.add(mx(dns, 10, "dead") + exchanger(dns, "dead", dns.dead()) + f"{dns.name()}. A {dns.exchangers[0]}")
    return await never_at(dns.exchangers[0], smtp, hop, dns)


@scenario("rfc5321/5.1/follows-cname", start=At.EHLO)
async def alias_is_followed(smtp: Client, hop: Hop, dns: Names) -> Observation:
    """Mail for an alias goes to the exchanger of what it stands for."""
    dns.add(f"{dns.name()}. CNAME {dns.name('real')}.")
    dns.add(mx(dns, 10, "host", "real") + exchanger(dns, "host", dns.exchangers[0]))
    return await arrives_at(dns.exchangers[0], smtp, hop, dns)


@scenario("rfc5321/5.1/no-such-domain", start=At.EHLO)
async def domain_that_does_not_exist_is_reported(smtp: Client, hop: Hop, dns: Names) -> Observation:
    """Mail for a domain that does not exist is refused or comes back."""
    dns.fail(dns.name(), Fault.NXDOMAIN)
    return await given_back(smtp, hop, dns, "there is no such domain")


@scenario("rfc5321/2.3.5/only-resolvable-domains", start=At.EHLO, facts=["delivery_within"])
async def domain_that_does_not_exist_is_in_no_command(smtp: Client, hop: Hop, dns: Names) -> Observation:
    """A domain that does not exist is refused, or at least goes out in no RCPT."""
    dns.fail(dns.name(), Fault.NXDOMAIN)
    sender = new_token()
    path = b"<recipient@%b>" % dns.name().encode("ascii")
    await smtp.mail(hop.path(sender))
    outcome = await smtp.rcpt(path)
    if isinstance(outcome, Reply) and outcome.severity == 5:
        return Held(f"refused: {outcome}")
    outcome = await smtp.data(smtp.message())
    if not (isinstance(outcome, Reply) and outcome.severity == 2):
        return Unclear(f"not taken: {outcome}")
    twin = await hop.refuses(smtp)
    await hop.notification(twin)
    tried = await hop.transactions(at_least=EVERY, within=smtp.target.delivery_within)
    said = [visible(each.forward_path) for one in tried for each in one.recipients if each.forward_path == path[1:-1]]
    return holds(not said, expected="no RCPT with a domain that does not exist", seen=", ".join(said) or "none")


@scenario("rfc5321/5.1/temporary-error-queued", start=At.EHLO, slow=True)
async def error_of_the_name_server_is_temporary(smtp: Client, hop: Hop, dns: Names) -> Observation:
    """Mail for a domain that can't be looked up for now is refused for now, or not given back at once."""
    dns.fail(dns.name(), Fault.SERVFAIL)
    sender = new_token()
    presume(accepted(await smtp.mail(hop.path(sender))))
    outcome = await smtp.rcpt(b"<recipient@%b>" % dns.name().encode("ascii"))
    if isinstance(outcome, Reply) and outcome.severity == 4 and outcome.code != 421:
        return Held(f"the client keeps it: {outcome}")
    presume(accepted(outcome))
    presume(accepted(await smtp.data(smtp.message())))
    twin = await hop.refuses(smtp)
    return await hop.no_notification(sender, after=twin)


@scenario("rfc5321/5.1/unusable-mx-is-error", start=At.EHLO)
async def exchangers_without_address_are_reported(smtp: Client, hop: Hop, dns: Names) -> Observation:
    """Mail for a domain all of whose exchangers have no address is refused or comes back."""
    dns.add(mx(dns, 10, "nowhere") + mx(dns, 20, "nowhere-else"))
    return await given_back(smtp, hop, dns, "no MX record is usable")


@scenario("rfc5321/5.1/unusable-implicit-mx-is-error", start=At.EHLO)
async def domain_without_address_is_reported(smtp: Client, hop: Hop, dns: Names) -> Observation:
    """Mail for a domain that has neither MX records nor addresses is refused or comes back."""
    dns.add(f'{dns.name()}. TXT "no mail here"')
    return await given_back(smtp, hop, dns, "the domain has no address")


@scenario("rfc5321/5.1/ties-at-random", start=At.EHLO)
async def equals_share_the_mail(smtp: Client, hop: Hop, dns: Names) -> Observation:
    """Of twenty messages both of two equal exchangers get some; one of them alone may have a reason.

    Each is for a domain of its own, so that none is sent in a session that another message opened.
    """
    for label, address in zip(("one", "other"), dns.exchangers, strict=False):
        dns.add(exchanger(dns, label, address))
    for number in range(20):
        domain = f"domain{number}-{dns.name()}"
        dns.add("".join(f"{domain}. MX 10 {dns.name(label)}.\n" for label in ("one", "other")))
        path = b"<recipient@%b>" % domain.encode("ascii")
        await smtp.deliver(smtp.message(), path, reverse_path=hop.path(new_token()))
    came = await hop.messages(at_least=20)
    seen = sorted({host(received) for received in came})
    if len(seen) < 2:
        return Unclear(f"{len(came)} messages at {', '.join(seen) or 'none'}")
    return Held(f"{len(came)} messages at {', '.join(seen)}")


@scenario("rfc5321/5.1/mx-to-alias", start=At.EHLO)
async def exchanger_may_be_an_alias(smtp: Client, hop: Hop, dns: Names) -> Observation:
    """Mail for a domain whose exchanger is an alias is delivered, or comes back."""
    dns.add(mx(dns, 10, "alias") + f"{dns.name('alias')}. CNAME {dns.name('host')}.\n")
    dns.add(exchanger(dns, "host", dns.exchangers[0]))
    seen = await where(smtp, hop, dns)
    match seen:
        case str():
            return took("follows the alias", seen)
        case Broken():
            return took("gives the message back", seen.seen)
        case _:
            return seen


async def completes(smtp: Client, hop: Hop, part: bytes) -> Observation:
    """Broken where mail for a part of our relay domain's name arrives at the whole; held where it is refused."""
    sender = new_token()
    await smtp.mail(hop.path(sender))
    outcome = await smtp.rcpt(b"<%b@%b>" % (smtp.token.encode("ascii"), part))
    if isinstance(outcome, Reply) and outcome.severity == 5:
        return Held(f"refused: {outcome}")
    if not (isinstance(outcome, Reply) and outcome.severity == 2):
        return Unclear(f"not taken: {outcome}")
    outcome = await smtp.data(smtp.message())
    if not (isinstance(outcome, Reply) and outcome.severity == 2):
        return Unclear(f"not taken: {outcome}")
    came = await hop.arrival()
    if came is not None:
        path = came.forward_paths[0]
        seen = f"the message for {visible(path)}"
        return Broken("no mail but for full names", seen) if path.lower() == hop.mailbox() else Unclear(seen)
    if await hop.notification_arrival(sender) is not None:
        return Held("given back")
    return Unclear("neither the message nor a notification came")


@scenario("rfc5321/5.1/relay-does-not-infer", start=At.EHLO, roles=["mx", "relay"], facts=["domains"])
async def relay_completes_no_name(smtp: Client, hop: Hop) -> Observation:
    """Mail for the first label of the relay domain is not taken for that domain."""
    whole = hop.target.relay_domains[0].lower()
    above = [domain.lower() for domain in smtp.target.domains if whole.endswith(f".{domain.lower()}")]
    if not above:
        raise NotReady("domains", "our relay domain is below none of them, so that no part of its name means it here")
    return await completes(smtp, hop, whole.removesuffix(f".{max(above, key=len)}").encode("ascii"))


@scenario("rfc5321/5.1/submission-does-not-infer", start=At.EHLO, roles=["submission"], facts=["next_hop"])
async def submission_completes_no_name(smtp: Client, hop: Hop) -> Observation:
    """Nor does a submission server take several of its labels for it; one label it may complete (RFC 6409 §4.2)."""
    whole = hop.target.relay_domains[0].lower()
    short = whole.rpartition(".")[0]
    if "." not in short:
        raise NotReady("relay-domains", f"{whole} has too few labels, so that no part of it has several")
    return await completes(smtp, hop, short.encode("ascii"))


@scenario("rfc5321/2.3.5/alias-domains-permitted", start=At.EHLO)
async def alias_may_be_a_domain(smtp: Client, hop: Hop, dns: Names) -> Observation:
    """Mail for a domain that is an alias goes where the alias points, is refused, or comes back."""
    dns.add(f"{dns.name()}. CNAME {dns.name('real')}.")
    dns.add(mx(dns, 10, "host", "real") + exchanger(dns, "host", dns.exchangers[0]))
    sender = new_token()
    await smtp.mail(hop.path(sender))
    outcome = await smtp.rcpt(b"<recipient@%b>" % dns.name().encode("ascii"))
    if isinstance(outcome, Reply) and outcome.severity == 5:
        return took("refuses it", outcome)
    outcome = await smtp.data(smtp.message())
    if not (isinstance(outcome, Reply) and outcome.severity == 2):
        return Unclear(f"not taken: {outcome}")
    received = await hop.arrival()
    if received is not None:
        return took("sends it on", host(received))
    returned = await hop.notification_arrival(sender)
    return Unclear("neither the message nor a notification came") if returned is None else took("gives it back")


@scenario("rfc5321/5.1/limit-on-addresses", start=At.EHLO)
async def number_of_addresses_may_have_a_limit(smtp: Client, hop: Hop, dns: Names) -> Observation:
    """Where all exchangers refuse a message for now, all of them are tried, or some only."""
    addresses = dns.exchangers[:4]
    for number, address in enumerate(addresses):
        dns.add(mx(dns, 10 * (number + 1), f"host{number}") + exchanger(dns, f"host{number}", address))
    hop.script(smtp.token, Rule.answer(Step.RCPT, 450))
    await send(smtp, hop, dns)
    tried = await hop.transactions(at_least=len(addresses))
    places = {each.connection.local.rpartition(":")[0] for each in tried}
    if not places:
        return Unclear("nothing came")
    return took("tries all" if len(places) == len(addresses) else "tries some only", ", ".join(sorted(places)))


@scenario("rfc5321/5.1/exchanger-may-relay", start=At.EHLO)
async def exchanger_may_relay(smtp: Client, hop: Hop, dns: Names) -> Observation:
    """A server that is an exchanger of the domain passes mail on to a better one, rewritten or not, or does not."""
    dns.add(mx(dns, 20, "self") + exchanger(dns, "self", smtp.target.where.host))
    dns.add(mx(dns, 10, "better") + exchanger(dns, "better", dns.exchangers[0]))
    sender = await send(smtp, hop, dns)
    received = await hop.arrival()
    if received is None:
        returned = await hop.notification_arrival(sender)
        return Unclear("neither the message nor a notification came") if returned is None else took("gives it back")
    path = received.forward_paths[0].lower()
    same = received.reverse_path == hop.mailbox(sender) and path == b"recipient@%b" % dns.name().encode("ascii")
    return took("relays it" if same else "relays it with another envelope", visible(path))


@scenario(
    "rfc5321/5.1/relay-drops-its-level-and-worse",
    start=At.EHLO,
    level={"worse": 30, "equal": 20, "sorted": row(30, "rfc5321/5.1/relay-sorts-mx")},
)
async def no_worse_exchanger_than_itself(level: int, smtp: Client, hop: Hop, dns: Names) -> Observation:
    """A relay that is an exchanger itself does not turn to one of its own preference or a higher number."""
    worse = dns.exchangers[1]
    dns.add(mx(dns, level, "worse") + exchanger(dns, "worse", worse))
    dns.add(own_record(smtp, dns, 20))
    dns.add(mx(dns, 10, "dead") + exchanger(dns, "dead", dns.dead()))
    return await never_at(worse, smtp, hop, dns)


LOOP_SECONDS = 200.0
"""How long a message may run in a loop until its server has had enough of it, and gives it back after all (§6.3)."""

OWN_STAMPS = 8
"""Received fields that a server may leave on a message by handing it on within itself; a loop leaves far more."""


async def comes_back(smtp: Client, hop: Hop, sender: str) -> Observation:
    """The message is given back, though that may take as long as a loop: else it is broken, as a twin is told of."""
    twin = await hop.refuses(smtp)
    await hop.notification(twin)
    if await hop.notification_arrival(sender, within=smtp.target.delivery_within) is not None:
        return Held("a notification came")
    if smtp.target.delivery_within is None:
        return Unclear("no notification came, and the target does not say delivery-within")
    expected = "a notification: no MX record is left"
    came = await hop.arrival(within=0.0)
    if came is not None:
        return Broken(expected, f"the message, at {host(came)}")
    if await hop.notification_arrival(sender, within=LOOP_SECONDS) is not None:
        return Held(f"a notification came, {smtp.target.delivery_within:g} s later than about another message")
    return Broken(expected, f"none within {LOOP_SECONDS:g} s, though that about another message came")


async def comes_back_at_once(smtp: Client, hop: Hop, sender: str) -> Observation:
    """The message that is given back has not been sent to its own server: nobody else would stamp it so often."""
    within = (smtp.target.delivery_within or 0.0) + LOOP_SECONDS
    told = await hop.notification_arrival(sender, within=within)
    if told is None:
        return Unclear(f"no notification within {within:g} s; what the relay does with the message is not to be seen")
    stamps = len(re.findall(rb"(?im)^received:", split_message(told.content)[1]))
    if not stamps:
        return Unclear("the notification does not quote the Received fields of the message")
    return holds(stamps <= OWN_STAMPS, expected="no attempt at itself", seen=f"it went through {stamps} servers")


@scenario(
    "rfc5321/5.1/relay-returns-without-mx",
    start=At.EHLO,
    check={
        "best": comes_back,
        "looks-for-itself": row(comes_back_at_once, "rfc5321/5.1/relay-looks-for-itself"),
    },
)
async def relay_that_is_the_best_gives_mail_back(check: Return, smtp: Client, hop: Hop, dns: Names) -> Observation:
    """Mail for which the relay itself is the best exchanger is refused or comes back, without a way through itself."""
    dns.add(own_record(smtp, dns, 10))
    dns.add(mx(dns, 20, "worse") + exchanger(dns, "worse", dns.exchangers[0]))
    taken = await refused_or_taken(smtp, hop, dns)
    return await check(smtp, hop, taken) if isinstance(taken, str) else taken


@scenario("rfc5321/5.1/relay-looks-for-itself", start=At.EHLO, name={"localhost": "localhost", "other-name": "another"})
async def exchanger_with_its_own_address_is_itself(name: str, smtp: Client, hop: Hop, dns: Names) -> Observation:
    """Mail for a domain whose exchanger has the relay's own address does not go round, whatever that host is called."""
    called = name if name == "localhost" else dns.name(name)
    dns.add_host(called, smtp.target.where.host)
    dns.add(f"{dns.name()}. MX 10 {called}.\n")
    taken = await refused_or_taken(smtp, hop, dns)
    return await comes_back_at_once(smtp, hop, taken) if isinstance(taken, str) else taken


@scenario("rfc5321/5.1/relay-tries-the-rest", start=At.EHLO)
async def better_exchanger_than_itself_gets_the_mail(smtp: Client, hop: Hop, dns: Names) -> Observation:
    """A relay that is an exchanger itself sends to one that is better."""
    dns.add(own_record(smtp, dns, 20))
    dns.add(mx(dns, 10, "better") + exchanger(dns, "better", dns.exchangers[0]))
    return await arrives_at(dns.exchangers[0], smtp, hop, dns)
