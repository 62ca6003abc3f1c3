"""Where the reference server sends mail for domains that it looks up: exchangers, their order and their addresses."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from itertools import groupby
from operator import attrgetter
from typing import Literal

import trio
from dnslib import QTYPE, RCODE, DNSLabel, DNSRecord

from conformance.reference._decision import Decisions, decision
from conformance.reference._internationalized import in_a_labels
from conformance.reference._site import HOST

Ask = Callable[[bytes, Literal["udp", "tcp"]], bytes]
"""Puts the octets of a question to the name server; no octets are no answer."""

DialAddress = Callable[[str], Awaitable[trio.abc.Stream]]
"""Opens one stream to port 25 of an IP address; raises ``OSError`` when it can't."""

OWN_ADDRESSES = frozenset({"127.0.0.1"})


class UnroutableError(Exception):
    """There is no host for the domain; ``lasting`` says that there will be none in a while either."""

    def __init__(self, reason: bytes, *, lasting: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.lasting = lasting


@dataclass(frozen=True, slots=True)
class Exchanger:
    """A host that takes mail for a domain, as an MX record names it."""

    preference: int
    host: str


@dataclass(slots=True, eq=False)
class Routing:
    """Looks domains up (RFC 5321 §5.1); every choice is a decision point.

    ``ask`` reaches the name server and ``dial`` the hosts that it names.
    """

    decisions: Decisions
    ask: Ask
    dial: DialAddress
    chance: random.Random = field(default_factory=lambda: random.Random(1))  # noqa: S311 - which host, not a secret

    @decision
    def addresses(self, domain: str) -> list[str]:
        """The IP addresses to try for the domain, in order.

        Raises:
            UnroutableError: there are none, for good or for now.
        """
        domain = self.name_to_look_up(domain)
        exchangers = self.without_ourselves(self.in_order(self.exchangers(domain)))
        found = [address for each in exchangers for address in self.usable_addresses(each.host)]
        if not found:
            return self.nothing_usable(domain)
        return found[: self.addresses_at_most()]

    @decision
    def takes_no_mail(self, domain: str) -> bool:
        """Whether the domain has a null MX, and says so now (RFC 7505 §3)."""
        try:
            return [each.host for each in self.mx_records(domain)] == [""]
        except UnroutableError:
            return False

    @decision
    def is_vouched_for(self, domain: str) -> bool:
        """Whether DNSSEC vouches for the exchangers, by the word of our name server (RFC 8689 §4.2.1)."""
        try:
            return bool(self.look_up(domain, "MX").header.ad)
        except UnroutableError:
            return False

    @decision
    def host_at(self, domain: str, address: str) -> str:
        """The name of the exchanger that has this address."""
        try:
            return next(each.host for each in self.exchangers(domain) if address in self.usable_addresses(each.host))
        except (StopIteration, UnroutableError):
            return domain

    @decision
    def name_to_look_up(self, domain: str) -> str:
        """The domain as the DNS has it: in A-labels (RFC 6531 §3.2)."""
        return in_a_labels(domain)

    @decision
    def exchangers(self, domain: str) -> list[Exchanger]:
        """The MX records of the domain, or the domain itself where it has none (§5.1)."""
        found = self.mx_records(domain)
        return found or self.implicit(domain)

    @decision
    def mx_records(self, domain: str) -> list[Exchanger]:
        """What the name server says of exchangers of this very name, aliases followed (§5.1)."""
        reply = self.look_up(domain, "MX")
        found = [record.rdata for record in reply.rr if record.rtype == QTYPE.MX]
        return [Exchanger(each.preference, str(DNSLabel(each.label)).rstrip(".")) for each in found]

    @decision
    def implicit(self, domain: str) -> list[Exchanger]:
        """Without MX records the domain's own host is the exchanger (§5.1)."""
        return [Exchanger(0, domain)]

    @decision
    def in_order(self, exchangers: list[Exchanger]) -> list[Exchanger]:
        """The lowest preference first, and chance among equals (§5.1)."""
        ordered: list[Exchanger] = []
        for _, group in groupby(sorted(exchangers, key=attrgetter("preference")), attrgetter("preference")):
            ordered += self.among_equals(list(group))
        return ordered

    @decision
    def among_equals(self, exchangers: list[Exchanger]) -> list[Exchanger]:
        """Hosts of one preference in random order (§5.1)."""
        return self.chance.sample(exchangers, len(exchangers))

    @decision
    def without_ourselves(self, exchangers: list[Exchanger]) -> list[Exchanger]:
        """Those that are better than we are, where we are one of them (§5.1)."""
        own = min((each.preference for each in exchangers if self.is_ours(each.host)), default=None)
        return [each for each in exchangers if own is None or each.preference < own]

    @decision
    def is_ours(self, host: str) -> bool:
        """Whether the name or one of its addresses is ours."""
        return host.lower() == HOST.decode("ascii") or not OWN_ADDRESSES.isdisjoint(self.usable_addresses(host))

    @decision
    def usable_addresses(self, host: str) -> list[str]:
        """The IPv4 addresses of a host; none where it has none."""
        try:
            reply = self.look_up(host, "A") if host else None
        except UnroutableError:
            return []
        return [str(record.rdata) for record in reply.rr if record.rtype == QTYPE.A] if reply else []

    @decision
    def addresses_at_most(self) -> int:
        """How many addresses are tried (§5.1)."""
        return 10

    @decision
    def nothing_usable(self, domain: str) -> list[str]:
        """What is done with mail for a domain whose exchangers are of no use: it is given back (§5.1)."""
        raise UnroutableError(b"550 5.4.4 No usable exchanger for " + domain.encode(), lasting=True)

    @decision
    def name_in_question(self, name: str) -> DNSLabel:
        """The name as a question to the name server has it."""
        return DNSLabel(name)

    def look_up(self, name: str, type_: str) -> DNSRecord:
        """Ask for the records of a name, over TCP too where the answer was cut.

        Raises:
            UnroutableError: the name does not exist, or nobody can say for now.
        """
        self.decisions.act()
        question = DNSRecord.question(name, type_)
        question.q.qname = self.name_in_question(name)
        octets = self.ask(question.pack(), "udp")
        reply = DNSRecord.parse(octets) if octets else None
        if reply is not None and reply.header.tc:
            reply = DNSRecord.parse(self.ask(question.pack(), "tcp"))
        if reply is not None and reply.header.rcode == RCODE.NOERROR:
            return reply
        if reply is not None and reply.header.rcode == RCODE.NXDOMAIN:
            return self.no_such_name(name)
        return self.no_answer(name)

    @decision
    def no_such_name(self, name: str) -> DNSRecord:
        """A domain that does not exist is an error for good (§5.1)."""
        raise UnroutableError(b"550 5.1.2 No such domain: " + name.encode(), lasting=True)

    @decision
    def no_answer(self, name: str) -> DNSRecord:
        """An error of the name server is one for now (§5.1)."""
        raise UnroutableError(b"450 4.4.3 No answer for " + name.encode(), lasting=False)
