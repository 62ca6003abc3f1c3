"""RFC 5321 4.5.4.1 - Sending Strategy."""

from __future__ import annotations

from conformance import At, Client, Observation, Reply, Unclear, scenario, took


@scenario("rfc5321/4.5.4.1/ehlo-answers-may-differ", start=At.EHLO)
async def second_ehlo_is_answered(smtp: Client) -> Observation:
    """A second EHLO is answered like the first, or otherwise."""
    first, again = smtp.hello, await smtp.ehlo()
    if not isinstance(first, Reply) or not isinstance(again, Reply) or again.severity == 4:
        return Unclear(str(again))
    return took("the same answer" if first.octets == again.octets else "another answer", again)
