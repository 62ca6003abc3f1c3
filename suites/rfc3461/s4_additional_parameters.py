"""RFC 3461 4 - Additional parameters for RCPT and MAIL commands: what is taken."""

from __future__ import annotations

from conformance import At, Client, Observation, accepted, presume, refused, row, scenario

NOTIFY = {
    "never": row(b"NEVER", "rfc3461/4.1/notify-value"),
    "success": row(b"SUCCESS", "rfc3461/4.1/notify-value"),
    "failure": row(b"FAILURE", "rfc3461/4.1/notify-value"),
    "delay": row(b"DELAY", "rfc3461/4.1/notify-value"),
    "success-failure": row(b"SUCCESS,FAILURE", "rfc3461/4.1/notify-value"),
    "all-three": row(b"SUCCESS,FAILURE,DELAY", "rfc3461/4.1/notify-value"),
    "other-order": row(b"DELAY,SUCCESS", "rfc3461/4.1/notify-value"),
    "small-letters": row(b"never", "rfc3461/4.1/notify-case"),
    "mixed-letters": row(b"Success,fAILURE", "rfc3461/4.1/notify-case"),
}
ORIGINAL_RECIPIENT = {
    "rfc822": row(b"rfc822;someone@example.com", "rfc3461/4.2/orcpt-value"),
    "upper-case-type": row(b"RFC822;someone@example.com", "rfc3461/4.2/orcpt-value"),
    "plus-sign": row(b"rfc822;some+2Bone@example.com", "rfc3461/4/xtext"),
    "equals-sign": row(b"rfc822;some+3Done@example.com", "rfc3461/4/xtext"),
    "space": row(b"rfc822;+22some+20one+22@example.com", "rfc3461/4/xtext"),
    "every-octet-encoded": row(
        b"rfc822;" + b"".join(b"+%02X" % octet for octet in b"a@example.com"), "rfc3461/4/xtext"
    ),
    "parentheses": row(b'rfc822;"(someone)"@example.com', "rfc3461/4/xtext"),
    "no-rfc822-syntax": row(b"rfc822;anybody", "rfc3461/4.2/address-not-constrained"),
    "x400": row(b"x400;/C=XX/A=400NET/P=EX/S=SOMEONE/".replace(b"=", b"+3D"), "rfc3461/4.2/address-not-constrained"),
}
RETURN = {
    "full": row(b"FULL", "rfc3461/4.3/ret-value"),
    "hdrs": row(b"HDRS", "rfc3461/4.3/ret-value"),
    "small-letters": row(b"full", "rfc3461/4.3/ret-case"),
    "mixed-letters": row(b"HdRs", "rfc3461/4.3/ret-case"),
}
ENVELOPE_ID = {
    "word": row(b"QQ314159", "rfc3461/4.4/envid-value"),
    "one-character": row(b"1", "rfc3461/4.4/envid-value"),
    "digits-and-signs": row(b"2026-11-26T12:00:00/4711!#$", "rfc3461/4.4/no-meaning"),
    "like-an-address": row(b"<someone@example.com>", "rfc3461/4.4/no-meaning"),
    "plus-sign": row(b"a+2Bb", "rfc3461/4/xtext"),
    "equals-sign": row(b"a+3Db", "rfc3461/4/xtext"),
    "space": row(b"a+20b", "rfc3461/4/xtext"),
    "parentheses": row(b"(a)", "rfc3461/4/xtext"),
}


async def _taken(smtp: Client, verb: bytes, parameter: bytes) -> Observation:
    """Taken where the command without the parameter is taken."""
    if verb == b"MAIL":
        presume(accepted(await smtp.mail()))
        presume(accepted(await smtp.say(b"RSET")))
        return accepted(await smtp.mail(parameters=parameter))
    presume(accepted(await smtp.rcpt()))
    return accepted(await smtp.rcpt(parameters=parameter))


@scenario("rfc3461/4.1/notify-value", start=At.MAIL, offers=["DSN"], value=NOTIFY)
async def notify_is_taken(value: bytes, smtp: Client) -> Observation:
    """RCPT with a valid NOTIFY is taken."""
    return await _taken(smtp, b"RCPT", b" NOTIFY=" + value)


@scenario("rfc3461/4.2/orcpt-value", start=At.MAIL, offers=["DSN"], value=ORIGINAL_RECIPIENT)
async def original_recipient_is_taken(value: bytes, smtp: Client) -> Observation:
    """RCPT with a valid ORCPT is taken."""
    return await _taken(smtp, b"RCPT", b" ORCPT=" + value)


@scenario("rfc3461/4.3/ret-value", start=At.EHLO, offers=["DSN"], value=RETURN)
async def return_is_taken(value: bytes, smtp: Client) -> Observation:
    """MAIL with a valid RET is taken."""
    return await _taken(smtp, b"MAIL", b" RET=" + value)


@scenario("rfc3461/4.4/envid-value", start=At.EHLO, offers=["DSN"], value=ENVELOPE_ID)
async def envelope_id_is_taken(value: bytes, smtp: Client) -> Observation:
    """MAIL with a valid ENVID is taken."""
    return await _taken(smtp, b"MAIL", b" ENVID=" + value)


TOGETHER = {
    "ret-envid": (b"MAIL", b" RET=FULL ENVID=QQ314159"),
    "envid-ret": (b"MAIL", b" ENVID=QQ314159 RET=HDRS"),
    "small-keywords": (b"MAIL", b" ret=HDRS envid=QQ314159"),
    "notify-orcpt": (b"RCPT", b" NOTIFY=FAILURE ORCPT=rfc822;someone@example.com"),
    "orcpt-notify": (b"RCPT", b" ORCPT=rfc822;someone@example.com NOTIFY=NEVER"),
    "small-keywords-of-rcpt": (b"RCPT", b" notify=NEVER orcpt=rfc822;someone@example.com"),
}


@scenario("rfc3461/2/four-parameters", start=At.MAIL, offers=["DSN"], cell=TOGETHER)
async def parameters_are_taken_together(cell: tuple[bytes, bytes], smtp: Client) -> Observation:
    """Both parameters of a command are taken in any order."""
    verb, parameters = cell
    if verb == b"MAIL":
        presume(accepted(await smtp.say(b"RSET")))
    return await _taken(smtp, verb, parameters)


WITHOUT_VALUE = {
    "ret": row(b" RET", "rfc3461/4.3/ret-value"),
    "envid": row(b" ENVID", "rfc3461/4.4/envid-value"),
    "notify": row(b" NOTIFY", "rfc3461/4.1/notify-value", start=At.MAIL),
    "orcpt": row(b" ORCPT", "rfc3461/4.2/orcpt-value", start=At.MAIL),
}


@scenario("rfc3461/4.3/ret-value", start=At.EHLO, offers=["DSN"], parameter=WITHOUT_VALUE)
async def parameter_without_a_value_is_refused(parameter: bytes, smtp: Client) -> Observation:
    """Each of the four parameters is refused without a value, whatever the code."""
    of_mail = parameter in {b" RET", b" ENVID"}
    return refused(await (smtp.mail(parameters=parameter) if of_mail else smtp.rcpt(parameters=parameter)))


@scenario(
    "rfc3461/4.1/never-alone",
    start=At.MAIL,
    offers=["DSN"],
    value={"first": b"NEVER,SUCCESS", "last": b"FAILURE,NEVER", "between": b"SUCCESS,NEVER,DELAY"},
)
async def never_beside_other_words_is_refused(value: bytes, smtp: Client) -> Observation:
    """NOTIFY with NEVER and another word is refused, whatever the code."""
    presume(accepted(await smtp.rcpt(parameters=b" NOTIFY=NEVER")))
    return refused(await smtp.rcpt(smtp.other_forward_path, b" NOTIFY=" + value))
