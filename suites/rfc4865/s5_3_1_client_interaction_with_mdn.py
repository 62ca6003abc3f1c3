"""RFC 4865 5.3.1 - SMTP Client Interaction with MDN."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from conformance import Agent, At, NotReady, Observation, holds, scenario, visible

LONGEST, HOLD = 3600, 600
EDGE = b"edge-of-the-parts"
FIELDS = (
    b"MIME-Version: 1.0\r\n"
    b'Content-Type: multipart/report; report-type=disposition-notification; boundary="%b"\r\n' % EDGE
)
BODY = (
    b"--%b\r\n\r\nThe message was displayed.\r\n"
    b"--%b\r\nContent-Type: message/disposition-notification\r\n\r\n"
    b"Final-Recipient: rfc822; reader@example.test\r\n"
    b"Disposition: manual-action/MDN-sent-manually; displayed\r\n\r\n--%b--\r\n"
) % (EDGE, EDGE, EDGE)


async def _sent(agent: Agent, message: bytes) -> bytes:
    """The MAIL of a message that is to be held; empty where none was sent."""
    until = (datetime.now(UTC) + timedelta(seconds=LONGEST)).strftime("%Y-%m-%dT%H:%M:%SZ").encode("ascii")
    offers = [b"FUTURERELEASE %d %b" % (LONGEST, until)]
    used = await agent.use("hold_for", message=message, offers=offers, seconds=str(HOLD))
    return used.mail[0].octets.strip() if used.mail else b""


@scenario("rfc4865/5.3.1/no-hold-for-mdn", start=At.CONNECT, facts=["user_agent.hold_for"])
async def disposition_report_is_not_put_on_hold(agent: Agent) -> Observation:
    """A report on the disposition of a message goes without a hold, or does not go."""
    usual = await _sent(agent, agent.message())
    if b"HOLDFOR=" not in usual.upper():
        raise NotReady("control", f"it has no message held: {visible(usual)}")
    mail = await _sent(agent, agent.message(body=BODY, before=FIELDS))
    held = b"HOLDFOR=" in mail.upper() or b"HOLDUNTIL=" in mail.upper()
    return holds(not held, expected="no hold", seen=visible(mail) or "nothing was sent")
