"""RFC 5321 4.5.3.1.1 - Local-part."""

from __future__ import annotations

from conformance import At, Broken, Client, Observation, accepted, presume, scenario

LENGTHS = {"under": 63, "at": 64}


def _sender(local: bytes, smtp: Client) -> bytes:
    return b"<" + local + b"@" + smtp.target.sender_domains[0].encode("ascii") + b">"


@scenario("rfc5321/4.5.3.1.1/local-part-64", start=At.MAIL, facts=["long_mailbox"])
async def mailbox_of_64_octets_is_taken(smtp: Client) -> Observation:
    """A mailbox with a local-part of 64 octets, which the target is said to have, takes mail."""
    return accepted(await smtp.rcpt(b"<%b>" % (smtp.target.long_mailbox or "").encode("ascii")))


@scenario("rfc5321/4.5.3.1.1/local-part-64", start=At.EHLO, facts=["sender_domains"], length=LENGTHS)
async def sender_of_64_octets_is_taken(length: int, smtp: Client, second: Client) -> Observation:
    """A reverse-path with a local-part of 63 and of 64 octets is taken where one of few octets is."""
    seen = accepted(await smtp.mail(_sender(b"s" * length, smtp)))
    if isinstance(seen, Broken):
        presume(accepted(await second.mail(_sender(b"s", smtp))))
    return seen
