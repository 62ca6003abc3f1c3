"""RFC 6409 3.1 - Submission Identification."""

from __future__ import annotations

from conformance import At, Client, Observation, accepted, scenario


@scenario("rfc6409/3.1/esmtp-on-587", roles=["submission"], start=At.GREETING)
async def submission_speaks_esmtp(smtp: Client) -> Observation:
    """A submission server takes EHLO."""
    return accepted(await smtp.ehlo(), {250})
