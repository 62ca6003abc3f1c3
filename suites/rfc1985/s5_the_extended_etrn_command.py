"""RFC 1985 5 - The extended ETRN command."""

from __future__ import annotations

from conformance import (
    At,
    Client,
    Held,
    Observation,
    Outcome,
    Reply,
    Unclear,
    accepted,
    not_refused_as,
    presume,
    recognised,
    row,
    scenario,
    took,
)

ANY_TIME = "rfc1985/5/any-time-but-in-a-transaction"
UNABLE = frozenset({458, 459})
"""The server understood and does nothing, for now or for this client: an answer like any other (196-211)."""


def _understood(outcome: Outcome) -> Observation:
    return Held(str(outcome)) if isinstance(outcome, Reply) and outcome.code in UNABLE else recognised(outcome)


def _in_order(outcome: Outcome) -> Observation:
    able = not (isinstance(outcome, Reply) and outcome.code in UNABLE)
    return not_refused_as(outcome, {503}) if able else Held(str(outcome))


@scenario("rfc1985/5/etrn-in-a-transaction-for-the-server-to-judge", start=(At.MAIL, At.RCPT), offers=["ETRN"])
async def etrn_within_a_transaction_may_be_served(smtp: Client, second: Client) -> Observation:
    """ETRN after MAIL or RCPT is refused, or served."""
    presume(_understood(await second.say(b"ETRN " + second.helo_name)))
    outcome = await smtp.say(b"ETRN " + smtp.helo_name)
    if not isinstance(outcome, Reply) or outcome.severity not in {2, 5}:
        return Unclear(str(outcome))
    return took("serves it" if outcome.severity == 2 else "refuses it", outcome)


@scenario(
    ANY_TIME,
    start=At.EHLO,
    offers=["ETRN"],
    before={"hello": b"", "rset": b"RSET", "noop": b"NOOP", "reset-transaction": row(b"RSET", start=At.RCPT)},
)
async def etrn_outside_a_transaction_is_in_order(before: bytes, smtp: Client) -> Observation:
    """ETRN where no transaction is open is not out of sequence."""
    if before:
        presume(accepted(await smtp.say(before)))
    return _in_order(await smtp.say(b"ETRN " + smtp.helo_name))


@scenario(ANY_TIME, start=At.EHLO, offers=["ETRN"])
async def etrn_after_a_message_is_in_order(smtp: Client) -> Observation:
    """ETRN after a delivered message is not out of sequence."""
    await smtp.deliver()
    return _in_order(await smtp.say(b"ETRN " + smtp.helo_name))


@scenario(ANY_TIME, start=At.EHLO, offers=["ETRN"])
async def session_goes_on_after_etrn(smtp: Client, second: Client) -> Observation:
    """A transaction can follow ETRN."""
    presume(accepted(await second.mail()))
    presume(_understood(await smtp.say(b"ETRN " + smtp.helo_name)))
    return accepted(await smtp.mail())
