"""RFC 8314 3.4 - Implicit TLS Connection Closure for POP, IMAP, and SMTP Submission."""

from __future__ import annotations

from conformance import At, Client, Closed, Observation, Unclear, holds, scenario


@scenario(
    "rfc8314/3.4/close-notify-first",
    start=(At.GREETING, At.EHLO, At.MAIL),
    facts=["implicit_tls"],
    tags=["tls"],
)
async def server_says_that_it_closes(smtp: Client) -> Observation:
    """After QUIT the server sends the close alert of TLS before it closes the connection."""
    outcomes = await smtp.quit()
    end = outcomes[-1]
    if not isinstance(end, Closed) or end.close_notify is None:
        return Unclear(" | ".join(str(outcome) for outcome in outcomes))
    return holds(end.close_notify, expected="the close alert, then the close", seen=end)
