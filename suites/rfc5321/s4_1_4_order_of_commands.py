"""RFC 5321 4.1.4 - Order of Commands."""

from __future__ import annotations

from conformance import (
    At,
    Client,
    Observation,
    Reply,
    Unclear,
    accepted,
    answered,
    goes_on,
    holds,
    not_refused_as,
    presume,
    refused,
    scenario,
)

BAD_HELLOS = {"no-name": b"EHLO", "unclosed-literal": b"EHLO [192.0.2.1"}
BAD_MAILS = {
    "no-argument": b"MAIL",
    "no-path": b"MAIL FROM:",
    "wrong-word": b"MAIL TO:<sender@client.example.test>",
    "unclosed-path": b"MAIL FROM:<sender@client.example.test",
}


@scenario("rfc5321/4.1.4/refused-ehlo-code", start=At.GREETING, line=BAD_HELLOS)
async def bad_ehlo_is_refused_with_a_code_for_it(line: bytes, smtp: Client) -> Observation:
    """An EHLO that is refused gets 500, 501, 502 or 550, or the 504 of 4.3.2."""
    outcome = await smtp.say(line)
    if not isinstance(outcome, Reply) or outcome.severity in {2, 4}:
        return Unclear(f"not refused: {outcome}")
    return holds(outcome.code in {500, 501, 502, 504, 550}, expected="500, 501, 502, 504 or 550", seen=outcome)


@scenario("rfc5321/4.1.4/refused-ehlo-keeps-state", start=At.RCPT, line=BAD_HELLOS)
async def refused_ehlo_keeps_the_transaction(line: bytes, smtp: Client) -> Observation:
    """After a refused EHLO the open transaction can still go to DATA."""
    presume(refused(await smtp.say(line)))
    return goes_on(await smtp.say(b"DATA"))


@scenario("rfc5321/4.1.4/name-mismatch", start=At.GREETING)
async def name_need_not_match_the_address(smtp: Client) -> Observation:
    """A literal of another address in EHLO is no reason to refuse what our own literal may send."""
    presume(accepted(await smtp.ehlo(smtp.address_literal)))
    await smtp.transaction()
    presume(accepted(await smtp.say(b"RSET")))
    for outcome in (await smtp.ehlo(b"[192.0.2.1]"), await smtp.mail(), await smtp.rcpt()):
        if not (isinstance(outcome, Reply) and outcome.severity == 2):
            return goes_on(outcome)
    return goes_on(await smtp.say(b"DATA"))


@scenario(
    "rfc5321/4.1.4/any-time-commands",
    start=At.GREETING,
    line={
        "noop": b"NOOP",
        "help": b"HELP",
        "expn": b"EXPN postmaster",
        "vrfy": b"VRFY postmaster",
        "rset": b"RSET",
    },
    segments=["octets"],
)
async def command_before_ehlo_is_not_out_of_sequence(line: bytes, smtp: Client) -> Observation:
    """NOOP, HELP, EXPN, VRFY and RSET before EHLO get another reply than 503."""
    return not_refused_as(await smtp.say(line), {503})


@scenario("rfc5321/4.1.4/bad-mail-argument-501", start=At.EHLO, line=BAD_MAILS)
async def bad_argument_of_mail_is_refused(line: bytes, smtp: Client) -> Observation:
    """MAIL without a reverse-path that can be read is refused."""
    return refused(await smtp.say(line))


@scenario("rfc5321/4.1.4/bad-mail-keeps-state", start=At.EHLO, line=BAD_MAILS)
async def refused_mail_opens_no_transaction(line: bytes, smtp: Client) -> Observation:
    """After a refused MAIL a recipient is out of order."""
    presume(refused(await smtp.say(line)))
    return refused(await smtp.rcpt())


@scenario("rfc5321/4.1.4/bad-mail-keeps-state", start=At.EHLO)
async def refused_mail_leaves_the_session_usable(smtp: Client) -> Observation:
    """After a refused MAIL a good one is taken."""
    presume(refused(await smtp.say(b"MAIL FROM:<")))
    return not_refused_as(await smtp.mail(), {503})


@scenario("rfc5321/4.1.4/out-of-order-503", start=At.EHLO, before={"helo": b"HELO", "ehlo": b"EHLO"})
async def rcpt_after_a_new_hello_gets_503(before: bytes, smtp: Client) -> Observation:
    """A recipient behind a second EHLO or HELO has no transaction to go to."""
    presume(accepted(await smtp.mail()))
    presume(accepted(await smtp.say(before + b" " + smtp.helo_name)))
    return answered(await smtp.rcpt(), {503})


@scenario("rfc5321/4.1.4/out-of-order-keeps-state", start=At.EHLO)
async def rcpt_out_of_order_changes_nothing(smtp: Client) -> Observation:
    """After a 503 to RCPT a transaction can begin."""
    presume(refused(await smtp.rcpt(), {503}))
    return not_refused_as(await smtp.mail(), {503})


@scenario("rfc5321/4.1.4/out-of-order-keeps-state", start=At.MAIL)
async def data_out_of_order_changes_nothing(smtp: Client) -> Observation:
    """After a 503 to DATA without recipients one can still be given."""
    outcome = await smtp.say(b"DATA")
    if not (isinstance(outcome, Reply) and outcome.code == 503):
        return Unclear(f"no 503: {outcome}")
    return goes_on(await smtp.rcpt())


@scenario("rfc5321/4.1.4/out-of-order-keeps-state", start=At.RCPT)
async def nested_mail_refused_with_503_changes_nothing(smtp: Client) -> Observation:
    """After a 503 to a nested MAIL the open transaction can go to DATA."""
    outcome = await smtp.mail()
    if not (isinstance(outcome, Reply) and outcome.code == 503):
        return Unclear(f"no 503: {outcome}")
    return goes_on(await smtp.say(b"DATA"))
