"""RFC 8314 3.3 - Implicit TLS for SMTP Submission."""

from __future__ import annotations

from conformance import (
    At,
    Broken,
    Client,
    Held,
    Observation,
    Reply,
    Unclear,
    accepted,
    answered,
    holds,
    not_refused_as,
    presume,
    scenario,
)


@scenario(
    "rfc8314/3.3/handshake-at-once",
    start=At.CLEAR,
    facts=["implicit_tls"],
    line={"nothing": b"", "ehlo": b"EHLO client.example.test\r\n", "quit": b"QUIT\r\n"},
    tags=["tls"],
)
async def client_that_begins_in_clear_is_not_served(line: bytes, smtp: Client) -> Observation:
    """On a port that begins with TLS nothing is greeted, taken or answered with success in clear."""
    if line:
        await smtp.raw(line)
    outcomes = await smtp.replies()
    served = [each for each in outcomes if isinstance(each, Reply) and each.severity in {2, 3}]
    if served:
        return Broken("TLS from the first octet", str(served[0]))
    return Held(" | ".join(map(str, outcomes)) or "nothing came", confirm=not outcomes)


@scenario(
    "rfc8314/3.3/rules-of-submission",
    start=At.UNAUTHENTICATED,
    facts=["implicit_tls", "credentials"],
    roles=["submission"],
    tags=["tls", "auth"],
)
async def auth_is_listed_on_a_submissions_port(smtp: Client) -> Observation:
    """A submission server lists AUTH where TLS began with the first octet."""
    return holds("AUTH" in smtp.offers, expected="AUTH in the list", seen=smtp.hello)


@scenario(
    "rfc8314/3.3/rules-of-submission",
    start=At.UNAUTHENTICATED,
    facts=["implicit_tls", "credentials"],
    roles=["submission"],
    tags=["tls", "auth"],
)
async def auth_is_taken_on_a_submissions_port(smtp: Client) -> Observation:
    """A user of a submission server can authenticate where TLS began with the first octet."""
    return answered(await smtp.try_authenticate(), {235})


@scenario("rfc8314/3.3/smtp-inside-tls", start=At.GREETING, facts=["implicit_tls"], tags=["tls"])
async def hello_is_taken_inside_tls(smtp: Client) -> Observation:
    """After the handshake and the greeting inside it, EHLO is taken."""
    return not_refused_as(await smtp.ehlo(), {530})


@scenario("rfc3207/4.2/starttls-not-listed-under-tls", start=At.GREETING, facts=["implicit_tls"], tags=["tls"])
async def starttls_is_not_listed_on_a_port_with_tls(smtp: Client) -> Observation:
    """Where TLS began with the first octet, the reply to EHLO does not list STARTTLS."""
    outcome = await smtp.ehlo()
    presume(accepted(outcome))
    return holds("STARTTLS" not in smtp.offers, expected="no STARTTLS in the list", seen=outcome)


@scenario("rfc3207/4.2/second-starttls-refused", start=At.EHLO, facts=["implicit_tls"], tags=["tls"])
async def starttls_is_refused_on_a_port_with_tls(smtp: Client) -> Observation:
    """Where TLS began with the first octet, STARTTLS is refused, with a 4yz or a 5yz."""
    outcome = await smtp.say(b"STARTTLS")
    if not isinstance(outcome, Reply) or outcome.code == 421:
        return Unclear(str(outcome))
    return holds(outcome.severity in {4, 5}, expected="a refusal", seen=outcome)
