"""RFC 1870 6 - The extended MAIL command."""

from __future__ import annotations

from conformance import CRLF, At, Client, Observation, accepted, answered, one_message, presume, scenario, stuff


@scenario(
    "rfc1870/6/size-is-not-the-end",
    start=At.EHLO,
    offers=["SIZE"],
    declared={"one": 1, "within-the-header": 100, "one-short": 999, "exact": 1000},
    segments=["line-ends"],
)
async def smaller_size_does_not_end_mail_data(declared: int, smtp: Client) -> Observation:
    """Mail data go on beyond the declared size: one message in, one reply out."""
    presume(accepted(await smtp.mail(parameters=b" SIZE=%d" % declared)))
    presume(accepted(await smtp.rcpt()))
    presume(accepted(await smtp.say(b"DATA"), {354}))
    await smtp.raw(stuff(smtp.message_of(1000, b"." * 60 + CRLF)) + b"." + CRLF)
    return one_message(await smtp.replies_until_quit())


@scenario(
    "rfc1870/6/size-is-not-the-end",
    start=At.EHLO,
    offers=["SIZE"],
    declared={"one-more": 1001, "with-the-dot": 1003, "double": 2000, "many": 60000},
)
async def larger_size_does_not_hold_up_mail_data(declared: int, smtp: Client, second: Client) -> Observation:
    """Mail data end at their dot, and are answered, though more was declared."""
    await second.transaction()
    presume(answered(await second.data(second.message_of(1000))))
    presume(accepted(await smtp.mail(parameters=b" SIZE=%d" % declared)))
    presume(accepted(await smtp.rcpt()))
    return answered(await smtp.data(smtp.message_of(1000)))


@scenario("rfc1870/6/size-is-not-the-end", start=At.EHLO, offers=["SIZE"], declared={"one": 1, "many": 60000})
async def declared_size_does_not_spoil_the_next_transaction(declared: int, smtp: Client, second: Client) -> Observation:
    """A size that was declared and given up with RSET says nothing about the next message."""
    await second.deliver(second.message_of(1000))
    presume(accepted(await smtp.mail(parameters=b" SIZE=%d" % declared)))
    presume(accepted(await smtp.say(b"RSET")))
    await smtp.transaction()
    return accepted(await smtp.data(smtp.message_of(1000)))
