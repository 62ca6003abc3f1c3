"""RFC 7293 5.1 - SMTP Extension Used."""

from __future__ import annotations

from conformance import At, Client, Observation, accepted, presume, scenario

OLD = b" RRVS=1990-01-01T00:00:00Z"
"""Before any mailbox had been given to anyone: a check of a mailbox that had another owner would fail."""


@scenario(
    "rfc7293/5.1/role-accounts-exempt",
    start=At.MAIL,
    offers=["RRVS"],
    path={"bare": b"<postmaster>", "capital": b"<Postmaster>"},
)
async def postmaster_is_exempt(path: bytes, smtp: Client, second: Client) -> Observation:
    """Postmaster is accepted whatever RRVS says."""
    presume(accepted(await second.mail()))
    presume(accepted(await second.rcpt(path)))
    return accepted(await smtp.rcpt(path, parameters=OLD))
