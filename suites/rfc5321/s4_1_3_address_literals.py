"""RFC 5321 4.1.3 - Address Literals."""

from __future__ import annotations

from collections.abc import Iterator

from conformance import At, Broken, Client, Observation, accepted, presume, read_as_valid, row, scenario

IPV4 = {
    "ordinary": b"192.0.2.1",
    "lowest": b"0.0.0.0",
    "highest": b"255.255.255.255",
    "three-digits-each": b"192.000.002.001",
    "one-digit-each": b"1.2.3.4",
}

GROUPS = [b"2001", b"db8", b"1", b"22", b"333", b"4444"]


def _compressed(most: int, tail: bytes = b"") -> Iterator[tuple[str, bytes]]:
    """Every way to write as many groups as ``most`` before and behind two colons."""
    for before in range(most + 1):
        for behind in range(most + 1 - before):
            last = [*GROUPS[before : before + behind], *([tail] if tail else [])]
            yield f"{before}-before-{behind}-behind", b":".join(GROUPS[:before]) + b"::" + b":".join(last)


IPV6_FULL = {
    "eight-groups": b"2001:db8:1:22:333:4444:5:6",
    "four-digits-each": b"2001:0db8:0001:0022:0333:4444:0005:0006",
    "one-digit-each": b"1:2:3:4:5:6:7:8",
    "zeros": b"0:0:0:0:0:0:0:0",
    "upper-case": b"2001:DB8:ABCD:EF:A:B:C:D",
    "mixed-case": b"2001:dB8:AbCd:eF:a:B:c:D",
}
IPV6_WITH_IPV4 = {
    "six-groups-and-ipv4": b"2001:db8:1:22:333:4444:192.0.2.1",
    **dict(_compressed(4, b"192.0.2.1")),
}


@scenario(
    "rfc5321/4.1.3/snum",
    start=At.GREETING,
    literal={
        **{f"ipv4-{name}": row(b"[%b]" % address) for name, address in IPV4.items()},
        **{
            f"full-{name}": row(b"[IPv6:%b]" % address, "rfc5321/4.1.3/ipv6-full")
            for name, address in IPV6_FULL.items()
        },
        **{
            f"compressed-{name}": row(b"[IPv6:%b]" % address, "rfc5321/4.1.3/ipv6-compressed")
            for name, address in _compressed(6)
        },
        **{
            f"with-ipv4-{name}": row(b"[IPv6:%b]" % address, "rfc5321/4.1.3/ipv6-with-ipv4")
            for name, address in IPV6_WITH_IPV4.items()
        },
        "tag": row(b"[IPv6:2001:db8::1]", "rfc5321/4.1.3/ipv6-literal"),
        "tag-in-upper-case": row(b"[IPV6:2001:db8::1]", "rfc5321/4.1.3/ipv6-literal"),
        "tag-in-lower-case": row(b"[ipv6:2001:db8::1]", "rfc5321/4.1.3/ipv6-literal"),
        "brackets": row(b"[192.0.2.1]", "rfc5321/4.1.3/ipv4-literal"),
    },
)
async def literal_in_ehlo_is_read(literal: bytes, smtp: Client) -> Observation:
    """An address literal of this form behind EHLO is no syntax error where our own name is taken."""
    seen = read_as_valid(await smtp.ehlo(literal))
    if isinstance(seen, Broken):
        presume(accepted(await smtp.ehlo()))
    return seen
