"""RFC 4954 5 - The AUTH Parameter to the MAIL FROM command."""

from __future__ import annotations

from conformance import At, Client, Observation, Reply, Unclear, accepted, presume, row, scenario, took

AS_XTEXT = "rfc4954/5/value-is-xtext"
VALID = {
    "empty": b"<>",
    "mailbox": b"sender@example.com",
    "equals-sign": row(b"e+3Dmc2@example.com", AS_XTEXT),
    "plus-sign": row(b"c+2B40d@example.com", AS_XTEXT),
    "every-octet-encoded": row(b"".join(b"+%02X" % octet for octet in b"a@example.com"), AS_XTEXT),
    "encoded-brackets": b"+3C+3E",
    "quoted-local-part": b"+22a+20b+22@example.com",
    "address-literal": b"sender@[192.0.2.1]",
}
NOT_VALID = {
    "no-value": b" AUTH",
    "no-octets": b" AUTH=",
    "bad-hexadecimal": b" AUTH=a+ZZb@example.com",
    "half-hexadecimal": b" AUTH=a@example.com+3",
    "bare-equals-sign": b" AUTH=e=mc2@example.com",
    "no-mailbox": b" AUTH=word",
    "no-local-part": b" AUTH=@example.com",
}


async def _plain_mail_is_taken(smtp: Client) -> None:
    """What is refused with the parameter has to be taken without it."""
    presume(accepted(await smtp.mail()))
    presume(accepted(await smtp.say(b"RSET")))


@scenario("rfc4954/5/parse-and-discard", start=At.EHLO, offers=["AUTH"], value=VALID)
async def valid_parameter_is_taken(value: bytes, smtp: Client, second: Client) -> Observation:
    """MAIL with a valid AUTH parameter is taken where MAIL without one is."""
    presume(accepted(await second.mail()))
    return accepted(await smtp.mail(parameters=b" AUTH=" + value))


@scenario(
    "rfc4954/5/supported-unauthenticated",
    start=At.UNAUTHENTICATED,
    offers=["AUTH"],
    facts=["not auth_required"],
    value={"empty": b"<>", "mailbox": b"sender@example.com", "encoded": b"e+3Dmc2@example.com"},
)
async def parameter_is_taken_from_the_unauthenticated(value: bytes, smtp: Client) -> Observation:
    """MAIL with the AUTH parameter is taken from a client that did not authenticate."""
    await _plain_mail_is_taken(smtp)
    return accepted(await smtp.mail(parameters=b" AUTH=" + value))


@scenario("rfc4954/5/parse-and-discard", start=At.EHLO, offers=["AUTH"])
async def parameter_is_taken_with_the_null_reverse_path(smtp: Client) -> Observation:
    """MAIL with the null reverse-path takes AUTH=<> too."""
    presume(accepted(await smtp.mail(b"<>")))
    presume(accepted(await smtp.say(b"RSET")))
    return accepted(await smtp.mail(b"<>", b" AUTH=<>"))


@scenario("rfc4954/5/parse-and-discard", start=At.EHLO, offers=["AUTH"])
async def transaction_with_the_parameter_goes_through(smtp: Client) -> Observation:
    """A message whose MAIL had AUTH=<> is taken like any other."""
    presume(accepted(await smtp.mail(parameters=b" AUTH=<>")))
    presume(accepted(await smtp.rcpt()))
    return accepted(await smtp.data())


@scenario("rfc4954/5/may-discard-any-value", start=At.EHLO, offers=["AUTH"], parameter=NOT_VALID)
async def parameter_that_is_not_valid_is_refused(parameter: bytes, smtp: Client) -> Observation:
    """MAIL with an AUTH parameter that is no xtext of a mailbox or of <> is refused, or taken as any other."""
    await _plain_mail_is_taken(smtp)
    outcome = await smtp.mail(parameters=parameter)
    if not isinstance(outcome, Reply) or outcome.severity not in {2, 5}:
        return Unclear(str(outcome))
    return took("takes it" if outcome.severity == 2 else "refuses it", outcome)
