"""RFC 5321 4.4 - Trace Information: what is said there of messages that reach some recipients only."""

from __future__ import annotations

from conformance import At, Client, Observation, accepted, presume, scenario, taken_like_any_other


@scenario("rfc5321/4.4/partial-failure-ok", start=At.RCPT, facts=["mailboxes", "sender", "fails_after_acceptance"])
async def message_that_fails_for_one_recipient_is_taken(smtp: Client, second: Client) -> Observation:
    """A message for a good recipient and for one whose delivery will fail is taken as a whole."""
    presume(accepted(await smtp.rcpt(b"<%b>" % (smtp.target.fails_after_acceptance or "").encode("ascii"))))
    presume(accepted(await smtp.say(b"DATA"), {354}))
    return await taken_like_any_other(smtp.message(), smtp, second)
