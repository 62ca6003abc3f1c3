"""RFC 3461 4.5 - Restrictions on the use of Delivery Status Notification parameters."""

from __future__ import annotations

from conformance import At, Client, Observation, answered, row, scenario

TWICE_501 = {501}


@scenario(
    "rfc3461/4.5/mail-twice-501",
    start=At.EHLO,
    offers=["DSN"],
    parameters={
        "ret": b" RET=FULL RET=HDRS",
        "ret-same": b" RET=FULL RET=FULL",
        "envid": b" ENVID=a ENVID=b",
        "ret-envid-ret": b" RET=FULL ENVID=a RET=FULL",
    },
)
async def parameter_of_mail_twice_gets_501(parameters: bytes, smtp: Client) -> Observation:
    """RET or ENVID twice is answered with 501."""
    return answered(await smtp.mail(parameters=parameters), TWICE_501)


@scenario(
    "rfc3461/4.5/rcpt-twice-501",
    start=At.MAIL,
    offers=["DSN"],
    parameters={
        "notify": b" NOTIFY=NEVER NOTIFY=NEVER",
        "notify-differs": b" NOTIFY=SUCCESS NOTIFY=FAILURE",
        "orcpt": row(b" ORCPT=rfc822;a@example.com ORCPT=rfc822;b@example.com"),
        "notify-orcpt-notify": b" NOTIFY=NEVER ORCPT=rfc822;a@example.com NOTIFY=NEVER",
    },
)
async def parameter_of_rcpt_twice_gets_501(parameters: bytes, smtp: Client) -> Observation:
    """NOTIFY or ORCPT twice is answered with 501."""
    return answered(await smtp.rcpt(parameters=parameters), TWICE_501)
