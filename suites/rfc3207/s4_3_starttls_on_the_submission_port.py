"""RFC 3207 4.3 - STARTTLS on the Submission Port."""

from __future__ import annotations

from conformance import At, Client, Observation, Unclear, scenario, took


@scenario("rfc3207/4.3/valid-on-submission", roles=["submission"], start=At.UNAUTHENTICATED, facts=["not implicit_tls"])
async def submission_server_may_offer_starttls(smtp: Client) -> Observation:
    """A submission server offers STARTTLS, or does not."""
    if not smtp.extended:
        return Unclear("EHLO is not taken")
    if smtp.connection.secured:
        return took("offers STARTTLS", "the session is under TLS by it")
    return took("offers STARTTLS" if "STARTTLS" in smtp.offers else "does not offer STARTTLS", " ".join(smtp.offers))
