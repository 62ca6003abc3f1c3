"""RFC 5321 4.5.3.1.2 - Domain."""

from __future__ import annotations

from conformance import At, Broken, Client, Observation, accepted, not_refused_as, presume, scenario

HELLO = {"ehlo": b"EHLO ", "helo": b"HELO "}
LENGTHS = {"under": 252, "at": 253}
"""The DNS has no name of more than 253 characters, so that no host has one."""


def _name(length: int) -> bytes:
    """A name of this many octets, in labels of at most 63."""
    rest, labels = length - len(b".client.example.test"), []
    while rest > 0:
        label = min(rest, 63) if rest != 64 else 62
        labels.append(b"d" * label)
        rest -= label + 1
    return b".".join(labels) + b".client.example.test"


@scenario(
    "rfc5321/4.5.3.1.2/domain-255",
    start=At.GREETING,
    hello={f"{verb}-{label}": (octets, length) for verb, octets in HELLO.items() for label, length in LENGTHS.items()},
)
async def long_domain_is_taken_in_the_greeting_of_a_client(
    hello: tuple[bytes, int], smtp: Client, second: Client
) -> Observation:
    """EHLO and HELO with a domain of 252 and of 253 octets are no syntax errors where a short one is taken."""
    verb, length = hello
    seen = not_refused_as(await smtp.say(verb + _name(length)), {500, 501, 553})
    if isinstance(seen, Broken):
        presume(accepted(await second.say(verb + _name(30))))
    return seen
