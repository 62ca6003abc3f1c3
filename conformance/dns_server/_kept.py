"""The names that are kept for tests and examples, for a server whose resolver asks us alone.

They (RFC 2606, RFC 6761) all exist, each an exchanger of its own at an address of loopback where nobody listens, so
that a server that looks up a sender's domain finds one and a stray notification stays on its host; what stands below
``nx.example.test`` and all other names don't. Nothing is forwarded.
"""

from __future__ import annotations

from dataclasses import dataclass

from dnslib import QTYPE, RCODE, RR, DNSRecord

from conformance.dns_server._zone import Zones

NOBODY = "127.0.0.25"
KEPT_FOR_TESTS = ("test", "example", "example.com", "example.net", "example.org")
MISSING = "nx.example.test"

RECORDS = """
localhost. A 127.0.0.1
mail.example.test. A 127.0.0.1
example.test. A 127.0.0.1
example.test. MX 10 mail.example.test.
account.example.test. A 127.0.0.4
submissions.example.test. A 127.0.0.6
1.0.0.127.in-addr.arpa. PTR localhost.
"""


@dataclass(slots=True, eq=False)
class KeptNames(Zones):
    """Zones in which every name that is kept for tests and has no records has those of a host.

    Below the domains of ``but`` there is what was added and nothing else.
    """

    but: tuple[str, ...] = ()

    def answer(self, question: DNSRecord) -> DNSRecord:
        """As zones do, but that such a name is found."""
        # Not super(): a dataclass with slots is another class than the one that the method was compiled for.
        reply = Zones.answer(self, question)
        name = str(question.q.qname).lower().rstrip(".")
        missing = reply.header.rcode == RCODE.NXDOMAIN
        if not missing or not _below(name, KEPT_FOR_TESTS) or _below(name, (MISSING, *self.but)):
            return reply
        reply = question.reply(ra=1, aa=1)
        for record in RR.fromZone(f"{name}. A {NOBODY}\n{name}. MX 10 {name}.", ttl=0):
            if question.q.qtype in {record.rtype, QTYPE.ANY}:
                reply.add_answer(record)
        return reply


def kept_names(but: tuple[str, ...] = ()) -> KeptNames:
    """The zones of a server's only resolver: the names kept for tests, our own host's, and our next hop's."""
    zones = KeptNames(but=tuple(domain.lower() for domain in but))
    zones.add(RECORDS)
    return zones


def _below(name: str, zones: tuple[str, ...]) -> bool:
    return any(name == zone or name.endswith(f".{zone}") for zone in zones)
