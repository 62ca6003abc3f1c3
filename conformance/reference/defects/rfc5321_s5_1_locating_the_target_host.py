"""Defects of a client that looks for the host to which mail goes (RFC 5321 §5.1)."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from operator import attrgetter

from dnslib import QTYPE, DNSRecord

from conformance.reference._decision import defect
from conformance.reference._mailer import Copy, Mailer
from conformance.reference._relay import Failed, Sent
from conformance.reference._routing import Exchanger, Routing, UnroutableError
from conformance.reference._session import ServerSession
from conformance.reference._site import EXCHANGERS, HOST, RELAY_DOMAIN
from conformance.wire.paths import Mailbox, Path

HERE = "rfc5321/5.1/"

OfDomain = Callable[[str], list[Exchanger]]
OfHost = Callable[[str], list[str]]
OfExchangers = Callable[[list[Exchanger]], list[Exchanger]]
OfName = Callable[[str], DNSRecord]


NEVER = "domain-is-never-looked-up"


@defect(
    Routing.addresses,
    name=NEVER,
    proves={HERE + "domain_is_looked_up", HERE + "only_exchanger_gets_the_mail*"},
    also={
        HERE + "*",
        "rfc5321/2.3.5/only-resolvable-domains",
        "rfc7505/1/no-delivery-attempt",
        "rfc7505/4.1/fails-at-once",
    },
)
def domain_is_never_looked_up(clean: OfHost, routing: Routing, domain: str) -> list[str]:
    """Sends everything to one host and asks no name server."""
    del clean, routing, domain
    return [EXCHANGERS[0].rpartition(":")[0]]


@defect(Routing.takes_no_mail, name=NEVER)
def null_mx_is_never_asked_for(clean: Callable[[str], bool], routing: Routing, domain: str) -> bool:
    """Sends everything to one host and asks no name server."""
    del clean, routing, domain
    return False


@defect(Routing.host_at, name=NEVER)
def name_of_the_host_is_never_asked_for(
    clean: Callable[[str, str], str], routing: Routing, domain: str, address: str
) -> str:
    """Sends everything to one host and asks no name server."""
    del clean, routing, address
    return domain


@defect(Routing.exchangers, proves={HERE + "exchangers_are_asked_for_first"})
def addresses_are_asked_for_first(clean: OfDomain, routing: Routing, domain: str) -> list[Exchanger]:
    """Asks for the addresses of a domain before it asks for MX records."""
    routing.usable_addresses(domain)
    return clean(domain)


@defect(Routing.mx_records, proves={HERE + "names_in_questions_are_whole"})
def names_are_completed(clean: OfDomain, routing: Routing, domain: str) -> list[Exchanger]:
    """Asks for the name with its own domain behind it first."""
    with suppress(UnroutableError):
        routing.look_up(f"{domain}.example.test", "MX")
    return clean(domain)


@defect(
    Routing.in_order,
    proves={HERE + "lowest_preference_comes_first*", HERE + "exchangers_are_tried_in_order"},
    also={HERE + "ties-at-random"},
)
def highest_preference_comes_first(
    clean: OfExchangers, routing: Routing, exchangers: list[Exchanger]
) -> list[Exchanger]:
    """Takes the highest preference number for the best."""
    del routing
    return clean(exchangers)[::-1]


@defect(
    Routing.in_order,
    proves={HERE + f"lowest_preference_comes_first[{row}]" for row in ("last", "middle", "by-number", "zero")}
    | {HERE + "exchangers_are_tried_in_order"},
)
def records_are_tried_as_they_come(
    clean: OfExchangers, routing: Routing, exchangers: list[Exchanger]
) -> list[Exchanger]:
    """Tries the exchangers in the order of the answer."""
    del clean, routing
    return exchangers


@defect(Routing.in_order, proves={HERE + "lowest_preference_comes_first[by-number]"})
def preferences_are_compared_as_text(
    clean: OfExchangers, routing: Routing, exchangers: list[Exchanger]
) -> list[Exchanger]:
    """Sorts preferences as text, 100 before 20."""
    del clean, routing
    return sorted(exchangers, key=lambda each: str(each.preference))


@defect(Routing.among_equals, varies={HERE + "equals_share_the_mail"})
def first_of_equals_gets_everything(
    clean: OfExchangers, routing: Routing, exchangers: list[Exchanger]
) -> list[Exchanger]:
    """Always begins with the same one of several equal exchangers."""
    del clean, routing
    return sorted(exchangers, key=attrgetter("host"))


@defect(
    Mailer.no_connection,
    proves={HERE + "next_exchanger_is_tried*", HERE + "next_address_of_a_host_is_tried"},
)
def first_dead_host_is_the_end(clean: Callable[[Copy, bytes], Sent], mailer: Mailer, copy: Copy, reason: bytes) -> Sent:
    """Gives a message back when the first address does not answer."""
    del clean, mailer
    return Sent(failed=tuple(Failed(each, reason) for each in copy.forward_paths))


@defect(Routing.implicit, proves={HERE + "host_of_the_domain_is_the_exchanger"})
def domain_without_mx_takes_no_mail(clean: OfDomain, routing: Routing, domain: str) -> list[Exchanger]:
    """Gives mail back for domains without MX records."""
    del clean, routing
    raise UnroutableError(b"550 No MX record for " + domain.encode("ascii"), lasting=True)


@defect(
    Routing.exchangers,
    proves={HERE + "address_beside_mx_records_is_not_used"},
    also={HERE + "unusable-mx-is-error", "rfc7505/1/no-delivery-attempt", "rfc7505/4.1/fails-at-once"},
)
def own_address_is_the_last_resort(clean: OfDomain, routing: Routing, domain: str) -> list[Exchanger]:
    """Tries the domain's own address behind those of its exchangers."""
    del routing
    return [*clean(domain), Exchanger(65535, domain)]


@defect(Routing.mx_records, proves={HERE + "alias_is_followed"}, varies={HERE + "alias_may_be_a_domain"})
def alias_has_no_exchangers(clean: OfDomain, routing: Routing, domain: str) -> list[Exchanger]:
    """Takes no MX records from behind an alias."""
    aliases = [record for record in routing.look_up(domain, "MX").rr if record.rtype == QTYPE.CNAME]
    return [] if aliases else clean(domain)


@defect(Routing.no_such_name, proves={HERE + "domain_that_does_not_exist_is_reported"})
def domain_that_does_not_exist_is_waited_for(clean: OfName, routing: Routing, name: str) -> DNSRecord:
    """Keeps mail for a domain that does not exist and tells nobody."""
    del clean, routing
    raise UnroutableError(b"450 No such domain yet: " + name.encode(), lasting=False)


@defect(
    Routing.addresses,
    proves={HERE + "domain_that_does_not_exist_is_in_no_command"},
    also={HERE + "no-such-domain"},
)
def domain_that_does_not_exist_goes_to_a_smart_host(clean: OfHost, routing: Routing, domain: str) -> list[str]:
    """Sends mail for a domain that does not exist to another host, which may know better."""
    del routing
    try:
        return clean(domain)
    except UnroutableError as error:
        if b"No such domain" not in error.reason:
            raise
    return [EXCHANGERS[0].rpartition(":")[0]]


@defect(Routing.no_answer, proves={HERE + "error_of_the_name_server_is_temporary"})
def error_of_the_name_server_is_for_good(clean: OfName, routing: Routing, name: str) -> DNSRecord:
    """Gives mail back when the name server has an error."""
    del clean, routing
    raise UnroutableError(b"550 No answer for " + name.encode(), lasting=True)


KEPT = b"450 No usable exchanger"


@defect(
    Routing.nothing_usable,
    name="mail-without-a-way-is-kept",
    proves={
        HERE + "exchangers_without_address_are_reported",
        HERE + "domain_without_address_is_reported",
        HERE + "relay_that_is_the_best_gives_mail_back[best]",
    },
    also={"rfc7505/4.1/fails-at-once"},
)
def _mail_without_a_way_is_kept(clean: OfHost, routing: Routing, domain: str) -> list[str]:
    """Keeps mail for which there is no usable host and tells nobody."""
    del clean, routing
    raise UnroutableError(KEPT + b" for " + domain.encode("ascii"), lasting=False)


@defect(Mailer.give_up, name="mail-without-a-way-is-kept")
def _mail_without_a_way_is_forgotten(
    clean: Callable[[Copy, list[Failed]], None], mailer: Mailer, copy: Copy, deferred: list[Failed]
) -> None:
    """Keeps mail for which there is no usable host and tells nobody."""
    del mailer
    if not all(each.reason.startswith(KEPT) for each in deferred):
        clean(copy, deferred)


@defect(
    Routing.without_ourselves,
    proves={HERE + "relay_that_is_the_best_gives_mail_back[looks-for-itself]"},
    also={"rfc5321/5.1/relay-drops-its-level-and-worse"},
)
def relay_does_not_look_for_itself(
    clean: OfExchangers, routing: Routing, exchangers: list[Exchanger]
) -> list[Exchanger]:
    """Treats its own MX record as any other."""
    del clean, routing
    return exchangers


@defect(
    Routing.without_ourselves,
    proves={HERE + "no_worse_exchanger_than_itself*", HERE + "relay_that_is_the_best_gives_mail_back[best]"},
)
def relay_drops_only_itself(clean: OfExchangers, routing: Routing, exchangers: list[Exchanger]) -> list[Exchanger]:
    """Leaves its own MX record out and keeps those that are no better."""
    del clean
    return [each for each in exchangers if not routing.is_ours(each.host)]


@defect(Routing.without_ourselves, proves={HERE + "no_worse_exchanger_than_itself[equal]"})
def relay_keeps_its_equals(clean: OfExchangers, routing: Routing, exchangers: list[Exchanger]) -> list[Exchanger]:
    """Keeps the exchangers of its own preference."""
    own = [each.preference for each in exchangers if routing.is_ours(each.host)]
    kept = [each for each in exchangers if own and each.preference == min(own) and not routing.is_ours(each.host)]
    return [*clean(exchangers), *kept]


@defect(
    Routing.without_ourselves,
    proves={HERE + "better_exchanger_than_itself_gets_the_mail"},
    varies={HERE + "exchanger_may_relay"},
)
def exchanger_relays_nothing(clean: OfExchangers, routing: Routing, exchangers: list[Exchanger]) -> list[Exchanger]:
    """Gives mail back for every domain of which it is an exchanger."""
    return [] if any(routing.is_ours(each.host) for each in exchangers) else clean(exchangers)


@defect(Routing.usable_addresses, varies={HERE + "exchanger_may_be_an_alias"})
def exchanger_that_is_an_alias_is_unusable(clean: OfHost, routing: Routing, host: str) -> list[str]:
    """Uses no exchanger whose name is an alias."""
    with suppress(UnroutableError):
        if any(record.rtype == QTYPE.CNAME for record in routing.look_up(host, "A").rr):
            return []
    return clean(host)


@defect(Routing.usable_addresses, varies={HERE + "addresses_of_a_host_are_tried_in_order"})
def addresses_are_ordered_anew(clean: OfHost, routing: Routing, host: str) -> list[str]:
    """Tries the addresses of a host in an order that its resolver makes."""
    del routing
    return sorted(clean(host), reverse=True)


@defect(Routing.addresses_at_most, varies={HERE + "number_of_addresses_may_have_a_limit"})
def two_addresses_are_enough(clean: Callable[[], int], routing: Routing) -> int:
    """Tries two addresses and no more."""
    del clean, routing
    return 2


@defect(Routing.usable_addresses, varies={"rfc5321/5.2/*"})
def host_with_an_ipv6_address_is_left_out(clean: OfHost, routing: Routing, host: str) -> list[str]:
    """Asks for IPv6 addresses too, which it can't reach, and leaves out the hosts that have one."""
    with suppress(UnroutableError):
        if any(record.rtype == QTYPE.AAAA for record in routing.look_up(host, "AAAA").rr):
            return []
    return clean(host)


PART = RELAY_DOMAIN.partition(b".")[0]
"""The relay domain without what it has in common with our own."""


def _is_partial(mailbox: Mailbox | None) -> bool:
    return mailbox is not None and mailbox.domain.lower() == PART


PARTIAL = "relay-completes-partial-names"


@defect(ServerSession.serves, name=PARTIAL, proves={HERE + "relay_completes_no_name"})
def partial_names_are_taken(clean: Callable[[Mailbox], bool], _: ServerSession, mailbox: Mailbox) -> bool:
    """Completes a name that is no full one with its own domain."""
    return _is_partial(mailbox) or clean(mailbox)


@defect(ServerSession.kept_forward_path, name=PARTIAL)
def partial_names_are_completed(clean: Callable[[Path], bytes], _: ServerSession, path: Path) -> bytes:
    """Completes a name that is no full one with its own domain."""
    kept = clean(path)
    return kept + b"." + HOST.partition(b".")[2] if _is_partial(path.mailbox) else kept


@defect(
    Routing.is_ours,
    proves={HERE + "exchanger_with_its_own_address_is_itself*"},
)
def relay_knows_itself_by_its_name_only(clean: Callable[[str], bool], routing: Routing, host: str) -> bool:
    """Looks for its own name among the exchangers, and not for its address."""
    del clean, routing
    return host.lower() == HOST.decode("ascii")


@defect(Routing.takes_no_mail, proves={"rfc5321/4.2.1/error_of_the_name_server_is_not_for_good"})
def domain_without_an_answer_takes_no_mail(clean: Callable[[str], bool], routing: Routing, domain: str) -> bool:
    """Refuses a recipient for good while the name server has an error."""
    try:
        routing.mx_records(domain)
    except UnroutableError as error:
        return not error.lasting
    return clean(domain)
