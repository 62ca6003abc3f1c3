"""RFC 3865 2.4 - Error Reporting and Enhanced Mail Status Codes."""

from __future__ import annotations

import re

from conformance import (
    At,
    Client,
    NotReady,
    Observation,
    Reply,
    accepted,
    carries_status,
    holds,
    presume,
    scenario,
    took,
)

WORD = re.compile(rb"[A-Za-z][A-Za-z0-9._:-]*")
UNREAD = frozenset({500, 501, 502, 504, 555})
"""What says that SOLICIT was not understood, so that no class was the reason."""


async def _refusal(smtp: Client, second: Client) -> tuple[bytes, Reply]:
    """The first listed class, and the refusal that a message of this class gets.

    Raises:
        NotReady: the server lists no class, or takes the message.
    """
    listed = smtp.offers["NO-SOLICITING"].strip().split(b",")[0]
    if WORD.fullmatch(listed) is None:
        raise NotReady("EHLO", "NO-SOLICITING lists no class, or none that is one")
    presume(accepted(await second.mail(parameters=b" SOLICIT=com.example.suite:NONE")))
    presume(accepted(await second.rcpt()))
    outcome = await smtp.mail(parameters=b" SOLICIT=" + listed)
    if isinstance(outcome, Reply) and outcome.severity == 2:
        outcome = await smtp.rcpt()
    if isinstance(outcome, Reply) and outcome.severity == 2:
        outcome = await smtp.data(b"Solicitation: " + listed + b"\r\n" + smtp.message())
    if not (isinstance(outcome, Reply) and outcome.severity == 5) or outcome.code in UNREAD:
        raise NotReady("SOLICIT", outcome)
    return listed, outcome


@scenario("rfc3865/2.4/rejection-has-solicit", start=At.EHLO, offers=["NO-SOLICITING"])
async def refusal_for_a_class_says_solicit(smtp: Client, second: Client) -> Observation:
    """A message of a listed class that is refused is refused with SOLICIT= in the text."""
    _, reply = await _refusal(smtp, second)
    return holds(b"SOLICIT=" in reply.text.upper(), expected="SOLICIT= in the text", seen=reply)


@scenario("rfc3865/2.4/rejection-names-what-matched", start=At.EHLO, offers=["NO-SOLICITING"])
async def refusal_for_a_class_names_it(smtp: Client, second: Client) -> Observation:
    """The class that was the reason stands in the text of the refusal."""
    listed, reply = await _refusal(smtp, second)
    return holds(listed.lower() in reply.text.lower(), expected="the class in the text", seen=reply)


@scenario("rfc3865/2.3/rejection-echoes-classes", start=At.EHLO, offers=["NO-SOLICITING"])
async def refusal_for_a_class_echoes_what_is_in_effect(smtp: Client, second: Client) -> Observation:
    """A refusal on account of a class says at least one class that is in effect."""
    _, reply = await _refusal(smtp, second)
    classes = smtp.offers["NO-SOLICITING"].strip().lower().split(b",")
    return holds(any(each in reply.text.lower() for each in classes), expected="a class in effect", seen=reply)


@scenario("rfc3865/2.4/rejection-names-others", start=At.EHLO, offers=["NO-SOLICITING"])
async def refusal_for_a_class_may_name_others(smtp: Client, second: Client) -> Observation:
    """Whether the refusal names classes that were not the reason."""
    listed, reply = await _refusal(smtp, second)
    words = reply.text.upper().partition(b"SOLICIT=")[2].split(b" ")[0].split(b",")
    return took("names others" if [word for word in words if word and word != listed.upper()] else "names no others")


@scenario("rfc3865/2.4/status-5.7.1", start=At.EHLO, offers=["NO-SOLICITING", "ENHANCEDSTATUSCODES"])
async def refusal_for_a_class_says_5_7_1(smtp: Client, second: Client) -> Observation:
    """A 550 on account of a class carries 5.7.1."""
    _, reply = await _refusal(smtp, second)
    return carries_status(reply, 550, {"5.7.1"})
