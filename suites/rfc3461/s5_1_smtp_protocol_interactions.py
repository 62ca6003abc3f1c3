"""RFC 3461 5.1 - SMTP protocol interactions."""

from __future__ import annotations

from conformance import (
    At,
    Client,
    Observation,
    Reply,
    Unclear,
    accepted,
    answered,
    holds,
    presume,
    scenario,
)

BAD_MAIL = {
    "ret-no-octets": b" RET=",
    "ret-other-word": b" RET=BODY",
    "ret-both": b" RET=FULL,HDRS",
    "envid-bad-hexadecimal": b" ENVID=a+ZZ",
    "envid-half-hexadecimal": b" ENVID=a+2",
    "envid-bare-plus": b" ENVID=a+b",
    "envid-equals-sign": b" ENVID=a=b",
}
BAD_RCPT = {
    "notify-no-octets": b" NOTIFY=",
    "notify-other-word": b" NOTIFY=ALWAYS",
    "notify-never-and-more": b" NOTIFY=NEVER,SUCCESS",
    "notify-more-and-never": b" NOTIFY=FAILURE,NEVER",
    "notify-known-and-unknown": b" NOTIFY=SUCCESS,ALWAYS",
    "notify-semicolon": b" NOTIFY=SUCCESS;FAILURE",
    "orcpt-no-type": b" ORCPT=someone@example.com",
    "orcpt-empty-type": b" ORCPT=;someone@example.com",
    "orcpt-bad-hexadecimal": b" ORCPT=rfc822;a+ZZ@example.com",
    "orcpt-half-hexadecimal": b" ORCPT=rfc822;a@example.com+4",
    "orcpt-equals-sign": b" ORCPT=rfc822;a=b@example.com",
}


def _codes(parameter: bytes) -> set[int]:
    """501; where an equals sign ends the value, as the grammar of ESMTP has it, what follows is unknown (555) too."""
    return {501, 555} if parameter.count(b"=") > 1 else {501}


@scenario("rfc3461/5.1/mail-invalid-501", start=At.EHLO, offers=["DSN"], parameter=BAD_MAIL)
async def invalid_parameter_of_mail_gets_501(parameter: bytes, smtp: Client) -> Observation:
    """MAIL with an ENVID that is not valid is answered with 501, with such a RET also as with one not implemented.

    The lines say of what is not valid that it has characters that it may not have; a RET that is another word has none.
    """
    codes = {501, 555} if parameter.startswith(b" RET") else _codes(parameter)
    return answered(await smtp.mail(parameters=parameter), codes)


@scenario("rfc3461/5.1/rcpt-invalid-501", start=At.MAIL, offers=["DSN"], parameter=BAD_RCPT)
async def invalid_parameter_of_rcpt_gets_501(parameter: bytes, smtp: Client) -> Observation:
    """RCPT with a NOTIFY or ORCPT that is not valid is answered with 501."""
    return answered(await smtp.rcpt(parameters=parameter), _codes(parameter))


@scenario(
    "rfc3461/5.1/mail-same-code",
    start=At.EHLO,
    offers=["DSN"],
    parameters={"ret": b" RET=FULL", "envid": b" ENVID=QQ314159", "both": b" RET=HDRS ENVID=QQ314159"},
)
async def mail_gets_the_same_code_with_parameters(parameters: bytes, smtp: Client) -> Observation:
    """MAIL with RET and ENVID gets the code that it gets without them."""
    without = await smtp.mail()
    presume(accepted(without))
    presume(accepted(await smtp.say(b"RSET")))
    outcome = await smtp.mail(parameters=parameters)
    if not isinstance(outcome, Reply) or outcome.severity == 4 or not isinstance(without, Reply):
        return Unclear(str(outcome))
    return holds(outcome.code == without.code, expected=f"{without.code}, as without them", seen=outcome)


@scenario(
    "rfc3461/5.1/rcpt-same-code",
    start=At.MAIL,
    offers=["DSN"],
    facts=["refused"],
    parameters={
        "notify": b" NOTIFY=NEVER",
        "orcpt": b" ORCPT=rfc822;someone@example.com",
        "both": b" NOTIFY=SUCCESS ORCPT=rfc822;someone@example.com",
    },
)
async def refused_recipient_gets_the_same_code_with_parameters(parameters: bytes, smtp: Client) -> Observation:
    """RCPT for a mailbox that is not there gets the code that it gets without NOTIFY and ORCPT."""
    path = b"<%b>" % (smtp.target.refused or "").encode("ascii")
    without = await smtp.rcpt(path)
    if not isinstance(without, Reply) or without.severity != 5:
        return Unclear(str(without))
    outcome = await smtp.rcpt(path, parameters)
    if not isinstance(outcome, Reply) or outcome.severity == 4:
        return Unclear(str(outcome))
    return holds(outcome.code == without.code, expected=f"{without.code}, as without them", seen=outcome)


@scenario(
    "rfc3461/5.1/mail-not-refused",
    start=At.EHLO,
    offers=["DSN"],
    parameters={"ret": b" RET=FULL", "envid": b" ENVID=a"},
)
async def null_reverse_path_takes_parameters(parameters: bytes, smtp: Client) -> Observation:
    """MAIL with the null reverse-path takes RET and ENVID."""
    presume(accepted(await smtp.mail(b"<>")))
    presume(accepted(await smtp.say(b"RSET")))
    return accepted(await smtp.mail(b"<>", parameters))


@scenario("rfc3461/5.1/rcpt-not-refused", start=At.EHLO, offers=["DSN"])
async def message_with_all_parameters_goes_through(smtp: Client) -> Observation:
    """A message with all four parameters is taken like any other."""
    presume(accepted(await smtp.mail(parameters=b" RET=HDRS ENVID=QQ314159")))
    presume(accepted(await smtp.rcpt(parameters=b" NOTIFY=NEVER ORCPT=rfc822;someone@example.com")))
    return accepted(await smtp.data())


@scenario("rfc3461/5.1/rcpt-not-refused", start=At.MAIL, offers=["DSN"])
async def recipients_differ_in_their_parameters(smtp: Client) -> Observation:
    """A transaction takes recipients with other parameters each, and with none."""
    presume(accepted(await smtp.rcpt()))
    presume(accepted(await smtp.rcpt(smtp.other_forward_path)))
    presume(accepted(await smtp.rcpt(parameters=b" NOTIFY=NEVER")))
    return accepted(await smtp.rcpt(smtp.other_forward_path, b" NOTIFY=SUCCESS,DELAY"))
