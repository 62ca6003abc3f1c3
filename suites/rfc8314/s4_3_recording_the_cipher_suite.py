"""RFC 8314 4.3 - Recording TLS Ciphersuite in "Received" Header Field."""

from __future__ import annotations

import re
from collections.abc import Callable
from ssl import TLSVersion

from conformance import (
    At,
    CipherSuite,
    Client,
    NotReady,
    Observation,
    Secured,
    StampClause,
    Store,
    Unclear,
    answered,
    fields_named,
    holds,
    presume,
    row,
    scenario,
    split_message,
    time_stamp,
    took,
    visible,
)

SUBMISSION = ["submission"]
_HEXADECIMAL = re.compile(rb"0x[0-9A-Fa-f]{4}")

Judge = Callable[[bytes, CipherSuite], Observation]


def names_the_suite(body: bytes, suite: CipherSuite) -> Observation:
    """Whether the suite stands anywhere in the field, by one of its names or by its number."""
    names = (suite.name, suite.openssl, suite.hexadecimal)
    named = any(name.lower() in body.lower() for name in names)
    return holds(named, expected=f"{suite.name.decode()} in it", seen=body)


def clause_of(body: bytes) -> StampClause | None:
    """The TLS clause of the field, if it has one that says something."""
    found = time_stamp(body).clause("TLS")
    return found if found is not None and found.words else None


def has_the_clause(body: bytes, suite: CipherSuite) -> Observation:
    """Whether the field has a TLS clause."""
    del suite
    return holds(clause_of(body) is not None, expected="a clause that begins with tls", seen=body)


def has_the_registered_name(body: bytes, suite: CipherSuite) -> Observation:
    """Whether the clause has the suite's name; a number in its place is said to be for who does not know the name."""
    found = clause_of(body)
    if found is None:
        return Unclear(f"no TLS clause: {visible(body)}")
    if _HEXADECIMAL.fullmatch(found.words[0]):
        return Unclear(f"a number: {visible(found.words[0])}")
    return holds(found.words[0] == suite.name, expected=f"tls {suite.name.decode()}", seen=body)


def says_how(body: bytes, suite: CipherSuite) -> Observation:
    """Whether the clause has a name or a number."""
    del suite
    found = clause_of(body)
    if found is None:
        return Unclear(f"no TLS clause: {visible(body)}")
    return took("a number" if _HEXADECIMAL.fullmatch(found.words[0]) else "a name", visible(found.words[0]))


def says_the_group(body: bytes, suite: CipherSuite) -> Observation:
    """Whether a group stands behind the suite."""
    del suite
    found = clause_of(body)
    if found is None:
        return Unclear(f"no TLS clause: {visible(body)}")
    group = time_stamp(body).clause("GROUP")
    return took("names the group" if group is not None else "names no group", visible(body))


JUDGES = {
    "suite": row((names_the_suite, None), "rfc8314/4/cipher-in-received"),
    "suite-of-1.2": row((names_the_suite, TLSVersion.TLSv1_2), "rfc8314/4/cipher-in-received"),
    "clause": (has_the_clause, None),
    "clause-of-1.2": (has_the_clause, TLSVersion.TLSv1_2),
    "name": row((has_the_registered_name, None), "rfc8314/4.3/registered-name"),
    "name-of-1.2": row((has_the_registered_name, TLSVersion.TLSv1_2), "rfc8314/4.3/registered-name"),
    "name-or-number": row((says_how, None), "rfc8314/4.3/hexadecimal-name"),
    "group": row((says_the_group, None), "rfc8314/4.3/group"),
}


async def judged(judge: Judge, smtp: Client, store: Store) -> Observation:
    """What the judge says of the field that the server adds to a message that we submit in this session.

    We send none, so the last one is that of the server that we talk to.
    """
    if smtp.target.auth_required:
        await smtp.authenticate()
    suite = smtp.connection.cipher_suite
    if suite is None:
        raise NotReady("TLS", "no cipher suite of which we know the names")
    await smtp.deliver()
    fields = fields_named(split_message((await store.message()).content)[0], "Received")
    if not fields:
        raise NotReady("store", "the message has no Received field")
    return judge(fields[-1].body, suite)


@scenario(
    "rfc8314/4.3/tls-clause",
    start=At.UNAUTHENTICATED,
    offers=["STARTTLS"],
    roles=SUBMISSION,
    judge=JUDGES,
    tags=["tls", "starttls"],
)
async def received_field_after_starttls(
    judge: tuple[Judge, TLSVersion | None], smtp: Client, store: Store
) -> Observation:
    """The Received field of a message that was submitted behind STARTTLS says the cipher suite."""
    await smtp.starttls(only=judge[1])
    await smtp.introduce()
    return await judged(judge[0], smtp, store)


@scenario(
    "rfc8314/4.3/tls-clause", start=At.CLEAR, facts=["implicit_tls"], roles=SUBMISSION, judge=JUDGES, tags=["tls"]
)
async def received_field_of_a_port_with_tls(
    judge: tuple[Judge, TLSVersion | None], smtp: Client, store: Store
) -> Observation:
    """The Received field of a message that came under TLS from the first octet says the cipher suite."""
    outcome = await smtp.try_implicit_tls(judge[1])
    presume(holds(isinstance(outcome, Secured), expected="a TLS handshake", seen=outcome))
    presume(answered(await smtp.reply(), {220}))
    await smtp.introduce()
    return await judged(judge[0], smtp, store)
