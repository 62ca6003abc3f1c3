"""RFC 1870 4 - The Message Size Declaration service extension."""

from __future__ import annotations

from collections.abc import Callable

from conformance import (
    At,
    Client,
    Observation,
    Reply,
    Unclear,
    accepted,
    answered,
    holds,
    not_refused_as,
    presume,
    refused,
    row,
    scenario,
    took,
)

Above = Callable[[int], int]

BIGGEST = 64 * 1024 * 1024
"""Octets that we are ready to send for one scenario."""


def _limit(smtp: Client) -> int:
    """The fixed limit that the server tells, where it is one that we can reach."""
    given = smtp.offers["SIZE"].strip()
    known = given.isdigit() and 0 < int(given) <= BIGGEST
    presume(holds(known, expected="a limit that can be reached", seen=f"SIZE {given.decode('ascii', 'replace')}"))
    return int(given)


@scenario("rfc1870/4/may-have-limit", start=At.EHLO, offers=["SIZE"])
async def server_may_tell_a_limit(smtp: Client) -> Observation:
    """SIZE tells a limit, or 0, or nothing."""
    given = smtp.offers["SIZE"].strip()
    if not given:
        return took("tells nothing")
    return took("has no limit" if given.strip(b"0") == b"" else "has a limit", given.decode("ascii", "replace"))


SIZES = {
    "small": b" SIZE=1000",
    "one": b" SIZE=1",
    "zero": b" SIZE=0",
    "20-digits": b" SIZE=00000000000000001000",
    "lower-case": b" size=1000",
    "mixed-case": b" Size=1000",
    "before-body": row(b" SIZE=1000 BODY=8BITMIME", offers=["8BITMIME"]),
    "behind-body": row(b" BODY=7BIT SIZE=1000", offers=["8BITMIME"]),
}


@scenario("rfc1870/4/extended-mail-accepted", start=At.EHLO, offers=["SIZE"], parameter=SIZES)
async def size_is_taken(parameter: bytes, smtp: Client) -> Observation:
    """MAIL with a size within the limit is taken as MAIL without one is."""
    presume(accepted(await smtp.mail()))
    presume(accepted(await smtp.say(b"RSET")))
    return accepted(await smtp.mail(parameters=parameter))


@scenario("rfc1870/4/extended-mail-accepted", start=At.EHLO, offers=["SIZE"])
async def size_is_taken_with_the_null_reverse_path(smtp: Client, second: Client) -> Observation:
    """A notification declares its size as any other message does."""
    presume(accepted(await second.mail(b"<>")))
    return accepted(await smtp.mail(b"<>", b" SIZE=1000"))


@scenario("rfc1870/4/keyword-means-support", start=At.EHLO, offers=["SIZE"])
async def message_of_the_declared_size_is_taken(smtp: Client, second: Client) -> Observation:
    """A message whose size was declared is taken as one without is."""
    await second.deliver(second.message_of(1000))
    presume(accepted(await smtp.mail(parameters=b" SIZE=1000")))
    presume(accepted(await smtp.rcpt()))
    return accepted(await smtp.data(smtp.message_of(1000)))


@scenario("rfc1870/4/limit-is-the-largest", start=At.EHLO, offers=["SIZE"])
async def limit_can_be_declared(smtp: Client) -> Observation:
    """A size that is the limit itself is not above it."""
    return not_refused_as(await smtp.mail(parameters=b" SIZE=%d" % _limit(smtp)), {552})


ABOVE = {"by-a-page": lambda limit: limit + 4096, "by-an-eighth": lambda limit: limit + limit // 8}
"""Some servers count otherwise than RFC 1870 §5 and find the first within their limit; nobody finds the second."""


@scenario("rfc1870/4/larger-gets-552", start=At.EHLO, offers=["SIZE"], above=ABOVE, slow=True)
async def undeclared_message_above_the_limit_gets_552(above: Above, smtp: Client) -> Observation:
    """A message above the limit whose size was not declared is refused with 552 behind its end."""
    size = above(_limit(smtp))
    await smtp.transaction()
    return answered(await smtp.data(smtp.message_of(size)), {552})


@scenario("rfc1870/4/larger-gets-552", start=At.EHLO, offers=["SIZE"], above=ABOVE, slow=True)
async def message_above_the_limit_gets_552_whatever_was_declared(above: Above, smtp: Client) -> Observation:
    """A message above the limit is refused with 552 though a small size was declared."""
    size = above(_limit(smtp))
    presume(accepted(await smtp.mail(parameters=b" SIZE=1000")))
    presume(accepted(await smtp.rcpt()))
    return answered(await smtp.data(smtp.message_of(size)), {552})


@scenario("rfc5321/4.2.1/5yz-not-done", start=At.EHLO, offers=["SIZE"], slow=True)
async def message_above_the_limit_leaves_the_session_usable(smtp: Client) -> Observation:
    """After a message was refused for its size the next transaction can begin."""
    limit = _limit(smtp)
    await smtp.transaction()
    presume(refused(await smtp.data(smtp.message_of(limit + limit // 8))))
    return not_refused_as(await smtp.mail(), {503, 552})


@scenario("rfc1870/4/may-refuse-early", start=At.EHLO, offers=["SIZE"])
async def size_above_the_limit_may_be_refused_at_once(smtp: Client) -> Observation:
    """MAIL with a size above the limit is refused, or taken."""
    limit = _limit(smtp)
    presume(accepted(await smtp.mail()))
    presume(accepted(await smtp.say(b"RSET")))
    outcome = await smtp.mail(parameters=b" SIZE=%d" % (limit + limit // 8))
    if not isinstance(outcome, Reply) or outcome.severity not in {2, 5}:
        return Unclear(str(outcome))
    return took("refuses MAIL" if outcome.severity == 5 else "takes MAIL", outcome)
