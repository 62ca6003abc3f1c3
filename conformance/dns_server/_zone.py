"""What our name server says: records as a master file has them, faults by name, nothing of the network."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field

from dnslib import QTYPE, RCODE, RR, SOA, DNSError, DNSHeader, DNSLabel, DNSRecord

TTL = 0
"""Seconds that our answers may be kept: none, as the next scenario may want another."""

CHAIN = 16
"""The longest chain of CNAMEs that we follow."""


class ZoneError(Exception):
    """The records are none; the text is one line that says what is wrong with them."""


class Fault(enum.Enum):
    """What can be wrong with the answer for a name."""

    NXDOMAIN = "NXDOMAIN"
    SERVFAIL = "SERVFAIL"
    REFUSED = "REFUSED"
    TRUNCATED = "truncated"
    """Over UDP nothing but the TC bit (RFC 1035 §4.1.1); over TCP the whole answer."""
    DROPPED = "dropped"
    """No answer at all."""


@dataclass(slots=True, eq=False)
class _Failing:
    fault: Fault
    type: str | None
    left: int | None


@dataclass(slots=True, eq=False)
class Zones:
    """All records and faults, by name; names have no case (RFC 1035 §2.3.3)."""

    _records: dict[str, list[RR]] = field(default_factory=dict)
    _faults: dict[str, list[_Failing]] = field(default_factory=dict)
    _vouched: set[str] = field(default_factory=set)

    def add(self, records: str) -> None:
        """Add records in the form of a master file, full names with a dot at their end (RFC 1035 §5.1).

        Raises:
            ZoneError: they are none.
        """
        try:
            read = list(RR.fromZone(records, ttl=TTL))
        except (DNSError, ValueError, IndexError, KeyError, StopIteration, TypeError) as error:
            raise ZoneError(
                f"no records: {records.strip().splitlines()[0] if records.strip() else ''}: {error}"
            ) from error
        for record in read:
            self._records.setdefault(_key(record.rname), []).append(record)

    def vouch(self, name: str) -> None:
        """Set the AD bit in answers for the name: a resolver's word that DNSSEC vouches for them (RFC 4035 §3.2.3)."""
        self._vouched.add(_key(name))

    def has(self, name: str) -> bool:
        """Whether the name has records."""
        return _key(name) in self._records

    def has_address(self, name: str) -> bool:
        """Whether a question for addresses of the name has an answer."""
        types = ("A", "AAAA")
        answers = [self.answer(DNSRecord.question(name, type_)) for type_ in types]
        return any(QTYPE.get(record.rtype) in types for answer in answers for record in answer.rr)

    def fail(self, name: str, fault: Fault, *, type_: str | None = None, times: int | None = None) -> None:
        """Answer for the name with a fault, for one type or for all, so many times or always."""
        self._faults.setdefault(_key(name), []).append(_Failing(fault, type_, times))

    def forget(self, token: str) -> None:
        """Drop all that stands under a name with the token."""
        for kept in (self._records, self._faults):
            for name in [name for name in kept if token in name]:
                del kept[name]
        self._vouched = {name for name in self._vouched if token not in name}

    def fault(self, name: str, type_: str) -> Fault | None:
        """The fault for this question, if there is one that has not been used up."""
        for failing in self._faults.get(_key(name), ()):
            if failing.type in {None, type_} and failing.left != 0:
                if failing.left is not None:
                    failing.left -= 1
                return failing.fault
        return None

    def answer(self, question: DNSRecord) -> DNSRecord:
        """The whole answer, faults apart: records, the chain of CNAMEs before them, or that there are none.

        A name without records of the type gets an empty answer, one that does not exist and has nothing below it
        NXDOMAIN (RFC 2308 §2, RFC 8020 §2).
        """
        header = DNSHeader(id=question.header.id, qr=1, aa=1, rd=question.header.rd, ra=1)
        header.ad = int(_key(question.q.qname) in self._vouched)
        reply = DNSRecord(header, q=question.q)
        name, type_ = _key(question.q.qname), question.q.qtype
        for _ in range(CHAIN):
            here = self._records.get(name, [])
            found = [record for record in here if type_ in {record.rtype, QTYPE.ANY}]
            aliases = [record for record in here if record.rtype == QTYPE.CNAME and not found]
            reply.add_answer(*found, *aliases)
            if not aliases:
                break
            name = _key(aliases[0].rdata.label)
        if not found:
            reply.add_auth(
                RR(question.q.qname, QTYPE.SOA, ttl=TTL, rdata=SOA("ns.test.", "hostmaster.test.", (1,) * 5))
            )
            if not here and not any(known.endswith("." + name) for known in self._records):
                reply.header.rcode = RCODE.NXDOMAIN
        return reply


def _key(name: str | DNSLabel) -> str:
    return str(name).lower().rstrip(".") + "."
