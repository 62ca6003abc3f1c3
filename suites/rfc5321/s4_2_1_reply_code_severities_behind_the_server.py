"""RFC 5321 4.2.1 - Reply Code Severities and Theory: what was answered with 2yz has been done."""

from __future__ import annotations

from conformance import At, Client, Hop, Observation, accepted, holds, new_token, presume, scenario


@scenario("rfc5321/4.2.1/2yz-completed", start=At.EHLO, facts=["delivery_within"])
async def what_gets_2yz_is_done(smtp: Client, hop: Hop) -> Observation:
    """After a RSET with 2yz the recipient before it gets nothing, and those with 2yz behind it get the message."""
    dropped, first, second = new_token(), new_token(), new_token()
    await smtp.transaction(hop.path(dropped))
    presume(accepted(await smtp.say(b"RSET")))
    await smtp.deliver(smtp.message(token=first), hop.path(first), hop.path(second))
    served = [token for token in (first, second) if await hop.arrival(token) is not None]
    if served == [first, second]:
        return await hop.none(dropped, after=first)
    return holds(False, expected="the message for both recipients", seen=f"for {len(served)} of them")
