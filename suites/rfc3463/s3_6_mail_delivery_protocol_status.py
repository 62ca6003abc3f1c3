"""RFC 3463 3.6 - Mail Delivery Protocol Status."""

from __future__ import annotations

from conformance import (
    At,
    Client,
    Observation,
    Outcome,
    Reply,
    Unclear,
    accepted,
    carries_none_of,
    holds,
    presume,
    row,
    scenario,
)

MOST = 2000
"""A limit of recipients above this is not tried: so many commands are a burden by themselves."""


def _about_the_protocol(outcome: Outcome, codes: set[int]) -> Observation:
    """Held by a code of the protocol (or of policy, or of nothing in particular), broken by one of something else."""
    if not isinstance(outcome, Reply) or outcome.code not in codes or not outcome.status:
        return Unclear(f"no status code of such a refusal: {outcome}")
    subject = outcome.status.split(".")[1]
    return holds(subject in {"0", "5", "7"}, expected="a code of subject 5", seen=outcome)


@scenario(
    "rfc3463/3.6/x-5-1-invalid-command",
    start=At.EHLO,
    offers=["ENHANCEDSTATUSCODES"],
    line={
        "rcpt-without-mail": b"RCPT TO:<postmaster>",
        "data-without-mail": b"DATA",
        "data-without-recipients": row(b"DATA", start=At.MAIL),
    },
)
async def command_out_of_order_has_a_code_of_the_protocol(line: bytes, smtp: Client) -> Observation:
    """503 or 554 goes with a code that is about the protocol."""
    return _about_the_protocol(await smtp.say(line), {503, 554})


@scenario(
    "rfc3463/3.6/x-5-2-syntax-error",
    start=At.EHLO,
    offers=["ENHANCEDSTATUSCODES"],
    line={"unknown": b"BOGUS", "empty": b"", "unknown-with-argument": b"BOGUS argument"},
)
async def unknown_command_has_a_code_of_the_protocol(line: bytes, smtp: Client) -> Observation:
    """500 and 502 for a command that is not known go with a code that is about the protocol."""
    return _about_the_protocol(await smtp.say(line), {500, 502})


@scenario(
    "rfc3463/3.6/x-5-4-invalid-arguments",
    start=At.EHLO,
    offers=["ENHANCEDSTATUSCODES"],
    line={"unknown-parameter": b"MAIL FROM:<> XBOGUS=1", "bad-value": b"MAIL FROM:<> XBOGUS"},
)
async def unknown_parameter_has_a_code_of_the_protocol(line: bytes, smtp: Client) -> Observation:
    """The refusal of a parameter goes with a code that is about the protocol."""
    return _about_the_protocol(await smtp.say(line), {501, 503, 504, 555})


@scenario(
    "rfc3463/3.6/x-5-3-too-many",
    start=At.MAIL,
    offers=["ENHANCEDSTATUSCODES"],
    facts=["mailboxes", "limits.recipients"],
)
async def one_recipient_too_many_is_not_a_bad_one(smtp: Client) -> Observation:
    """The code for the recipient above the stated limit is not about its address, its mailbox or the content."""
    limit = smtp.target.limits.recipients or 0
    presume(holds(0 < limit <= MOST, expected=f"a limit of {MOST} at most", seen=limit))
    mailboxes = [mailbox.encode("ascii") for mailbox in smtp.target.mailboxes]
    for number in range(limit):
        presume(accepted(await smtp.rcpt(b"<%b>" % mailboxes[number % len(mailboxes)])))
    outcome = await smtp.rcpt()
    presume(holds(isinstance(outcome, Reply) and outcome.severity in {4, 5}, expected="a refusal", seen=outcome))
    return carries_none_of(outcome, {"1.", "2.", "6."})
