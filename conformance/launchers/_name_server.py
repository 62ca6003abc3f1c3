"""Our name server as a server asks it: run as a module with a host and a port, says when it listens.

The names that are kept for tests and examples (RFC 2606, RFC 6761) all exist, each an exchanger of its own at an
address of loopback where nobody listens, so that a server that looks up a sender's domain finds one and a stray
notification stays here; what stands below ``nx.example.test`` and all other names don't. Nothing is forwarded.
"""

from __future__ import annotations

import sys

import trio
from dnslib import QTYPE, RCODE, RR, DNSRecord

from conformance.dns_server import NameServer, Zones

NOBODY = "127.0.0.25"
KEPT_FOR_TESTS = ("test", "example", "example.com", "example.net", "example.org")
MISSING = "nx.example.test"

RECORDS = """
localhost. A 127.0.0.1
mail.example.test. A 127.0.0.1
example.test. A 127.0.0.1
example.test. MX 10 mail.example.test.
1.0.0.127.in-addr.arpa. PTR localhost.
"""


class KeptNames(Zones):
    """Zones in which every name that is kept for tests and has no records has those of a host."""

    def answer(self, question: DNSRecord) -> DNSRecord:
        """As zones do, but that such a name is found."""
        reply = super().answer(question)
        name = str(question.q.qname).lower().rstrip(".")
        if reply.header.rcode != RCODE.NXDOMAIN or not _below(name, KEPT_FOR_TESTS) or _below(name, (MISSING,)):
            return reply
        reply = question.reply(ra=1, aa=1)
        for record in RR.fromZone(f"{name}. A {NOBODY}\n{name}. MX 10 {name}.", ttl=0):
            if question.q.qtype in {record.rtype, QTYPE.ANY}:
                reply.add_answer(record)
        return reply


def _below(name: str, zones: tuple[str, ...]) -> bool:
    return any(name == zone or name.endswith(f".{zone}") for zone in zones)


async def serve(host: str, port: int) -> None:
    """Serve until we are killed."""
    async with trio.open_nursery() as nursery:
        zones = KeptNames()
        zones.add(RECORDS)
        port = await NameServer(nursery, zones).listen(host, port)
        sys.stdout.write(f"{port}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    trio.run(serve, sys.argv[1], int(sys.argv[2]))
