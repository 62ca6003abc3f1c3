"""RFC 1870 6.1 - Server action on receipt of the extended MAIL command."""

from __future__ import annotations

from conformance import (
    At,
    Client,
    Held,
    Observation,
    Reply,
    Unclear,
    accepted,
    answered,
    holds,
    presume,
    refused,
    row,
    scenario,
    took,
)


def _limit(smtp: Client) -> int:
    given = smtp.offers["SIZE"].strip()
    presume(holds(given.isdigit() and int(given) > 0, expected="a limit", seen=given))
    return int(given)


TOO_BIG = {
    "limit-and-one": lambda limit: limit + 1,
    "limit-doubled": lambda limit: limit * 2,
    "above-32-bits": lambda limit: limit + 2**32,
    "2-to-63": lambda _: 2**63,
    "2-to-64": lambda _: 2**64,
    "20-nines": lambda _: 10**20 - 1,
}


@scenario("rfc1870/6.1/552-for-good", start=At.EHLO, offers=["SIZE"], size=TOO_BIG)
async def size_above_the_limit_gets_552(size: object, smtp: Client) -> Observation:
    """MAIL with a size above the limit is answered with 552."""
    assert callable(size)
    presume(accepted(await smtp.mail()))
    presume(accepted(await smtp.say(b"RSET")))
    return answered(await smtp.mail(parameters=b" SIZE=%d" % size(_limit(smtp))), {552})


@scenario(
    "rfc1870/6.1/compare-with-limit",
    start=At.EHLO,
    offers=["SIZE"],
    parameters={
        "before-body": row(b" SIZE=%d BODY=8BITMIME", offers=["8BITMIME"]),
        "behind-body": row(b" BODY=8BITMIME SIZE=%d", offers=["8BITMIME"]),
        "lower-case": b" size=%d",
    },
)
async def size_above_the_limit_is_seen_among_others(parameters: bytes, smtp: Client) -> Observation:
    """A size above the limit is refused wherever it stands among the parameters."""
    return refused(await smtp.mail(parameters=parameters % (_limit(smtp) * 2)))


@scenario("rfc5321/4.2.1/5yz-not-done", start=At.EHLO, offers=["SIZE"])
async def refused_size_opens_no_transaction(smtp: Client, second: Client) -> Observation:
    """After a MAIL that was refused for its size a recipient has no sender."""
    presume(refused(await second.rcpt()))
    presume(refused(await smtp.mail(parameters=b" SIZE=%d" % (_limit(smtp) * 2))))
    return refused(await smtp.rcpt())


@scenario("rfc5321/4.1.4/bad-mail-keeps-state", start=At.EHLO, offers=["SIZE"])
async def smaller_size_is_taken_after_a_refusal(smtp: Client) -> Observation:
    """After a MAIL that was refused for its size one with a small size is taken."""
    presume(refused(await smtp.mail(parameters=b" SIZE=%d" % (_limit(smtp) * 2))))
    return accepted(await smtp.mail(parameters=b" SIZE=1000"))


@scenario("rfc1870/6.1/may-take-more-than-declared", start=At.EHLO, offers=["SIZE"], declared={"one": 1, "half": 500})
async def server_may_take_more_than_declared(declared: int, smtp: Client) -> Observation:
    """A message that is larger than declared is taken, or refused behind its end."""
    presume(accepted(await smtp.mail(parameters=b" SIZE=%d" % declared)))
    presume(accepted(await smtp.rcpt()))
    outcome = await smtp.data(smtp.message_of(1000))
    if not isinstance(outcome, Reply) or outcome.severity == 4:
        return Unclear(str(outcome))
    return took("takes it" if outcome.severity == 2 else "refuses it", outcome)


@scenario("rfc1870/6.1/codes-of-mail", start=At.EHLO, offers=["SIZE"])
async def size_above_the_limit_may_get_any_code_of_mail(smtp: Client) -> Observation:
    """Which code refuses MAIL with a size above the limit, if any does."""
    presume(accepted(await smtp.mail()))
    presume(accepted(await smtp.say(b"RSET")))
    outcome = await smtp.mail(parameters=b" SIZE=%d" % (_limit(smtp) * 2))
    if not isinstance(outcome, Reply) or outcome.code == 421:
        return Unclear(str(outcome))
    return took("takes it" if outcome.severity == 2 else f"answers {outcome.code}", outcome)


@scenario(
    "rfc1870/6.1/452-for-now",
    start=At.EHLO,
    offers=["SIZE"],
    size={"limit": lambda limit: limit, "half": lambda limit: limit // 2},
)
async def size_within_the_limit_is_put_off_with_452(size: object, smtp: Client) -> Observation:
    """MAIL with a size within the limit that is put off, though MAIL without one is taken, gets 452."""
    assert callable(size)
    presume(accepted(await smtp.mail()))
    presume(accepted(await smtp.say(b"RSET")))
    outcome = await smtp.mail(parameters=b" SIZE=%d" % size(_limit(smtp)))
    if not isinstance(outcome, Reply) or outcome.code == 421:
        return Unclear(str(outcome))
    if outcome.severity == 2:
        return Held(f"there is room: {outcome}")
    if outcome.severity == 5:
        return Unclear(f"not put off: {outcome}")
    return holds(outcome.code == 452, expected="452", seen=outcome)
