"""RFC 6409 5.1 - Enforce Address Syntax."""

from __future__ import annotations

from conformance import At, Client, Observation, Reply, accepted, answered, presume, refused, scenario

MALFORMED = {
    "two-ats": b"<user@@example.com>",
    "at-in-the-local-part": b"<user@name@example.com>",
    "no-local-part": b"<@example.com>",
    "no-domain": b"<user@>",
    "two-dots": b"<user..name@example.com>",
    "dot-first": b"<.user@example.com>",
    "dot-last": b"<user.@example.com>",
    "empty-label": b"<user@example..com>",
    "hyphen-first": b"<user@-example.com>",
    "space": b"<user name@example.com>",
    "comma": b"<user,name@example.com>",
    "unclosed": b"<user@example.com",
    "unclosed-quote": b'<"user@example.com>',
    "unclosed-literal": b"<user@[127.0.0.1>",
    "underscore": b"<user@exam_ple.com>",
}


@scenario("rfc6409/5.1/address-syntax-enforced", roles=["submission"], start=At.EHLO, path=MALFORMED)
async def malformed_sender_is_refused(path: bytes, smtp: Client, second: Client) -> Observation:
    """MAIL with a malformed address is refused, at the recipient at the latest (RFC 5321, 1039-1045)."""
    presume(accepted(await second.mail()))
    outcome = await smtp.mail(path)
    if isinstance(outcome, Reply) and outcome.severity == 2:
        outcome = await smtp.rcpt()
    return refused(outcome)


@scenario("rfc6409/5.1/address-syntax-enforced", roles=["submission"], start=At.MAIL, path=MALFORMED)
async def malformed_recipient_is_refused(path: bytes, smtp: Client, second: Client) -> Observation:
    """RCPT with a malformed address is refused."""
    presume(accepted(await second.mail()))
    presume(accepted(await second.rcpt()))
    return refused(await smtp.rcpt(path))


PLAIN = {name: MALFORMED[name] for name in ("two-ats", "no-domain", "unclosed", "empty-label")}


@scenario("rfc6409/5.1/501-for-addresses", roles=["submission"], start=At.EHLO, path=PLAIN)
async def malformed_sender_gets_501(path: bytes, smtp: Client, second: Client) -> Observation:
    """MAIL with an address that can't be one is answered with 501."""
    presume(accepted(await second.mail()))
    return answered(await smtp.mail(path), {501})


@scenario("rfc6409/5.1/501-for-addresses", roles=["submission"], start=At.MAIL, path=PLAIN)
async def malformed_recipient_gets_501(path: bytes, smtp: Client, second: Client) -> Observation:
    """RCPT with an address that can't be one is answered with 501."""
    presume(accepted(await second.mail()))
    presume(accepted(await second.rcpt()))
    return answered(await smtp.rcpt(path), {501})
