"""RFC 5321 4.1.4 - Order of Commands."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from conformance import (
    At,
    Broken,
    Client,
    Closed,
    Held,
    Observation,
    Outcome,
    Reply,
    Reset,
    Unclear,
    accepted,
    answered,
    goes_on,
    holds,
    not_refused_as,
    presume,
    refused,
    scenario,
    took,
)

REFUSED_SENDERS = (
    b"<-user@client.example.test>",
    b"<sender@-host.client.example.test>",
    b"<sender@host..client.example.test>",
    b"<sender",
)
"""Senders that one server or the other refuses, some of them only the host behind a server that passes MAIL on."""

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
async def name_need_not_match_the_address(smtp: Client, second: Client) -> Observation:
    """A literal of another address in EHLO is no reason to refuse what our own literal may send."""
    presume(accepted(await second.ehlo(second.address_literal)))
    if second.target.auth_required:
        await second.authenticate()
    await second.transaction()
    presume(goes_on(await second.say(b"DATA")))
    hello = await smtp.ehlo(b"[192.0.2.1]")
    if smtp.target.auth_required and smtp.offers:
        await smtp.authenticate()
    for outcome in (hello, await smtp.mail(), await smtp.rcpt()):
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
async def refused_mail_opens_no_transaction(line: bytes, smtp: Client, second: Client) -> Observation:
    """After a refused MAIL a recipient is out of order."""
    presume(refused(await second.rcpt()))  # who takes recipients without MAIL needs no transaction for them
    presume(refused(await smtp.say(line)))
    return refused(await smtp.rcpt())


@scenario("rfc5321/4.1.4/bad-mail-keeps-state", start=At.EHLO)
async def refused_mail_leaves_the_session_usable(smtp: Client) -> Observation:
    """After a refused MAIL a good one is taken."""
    presume(refused(await smtp.say(b"MAIL FROM:<")))
    return not_refused_as(await smtp.mail(), {503})


@scenario("rfc5321/4.1.4/bad-mail-keeps-state", start=At.EHLO)
async def session_outlives_a_refused_sender(smtp: Client, another: Callable[[], Awaitable[Client]]) -> Observation:
    """MAIL with a sender that is refused, the first error of its session, does not end it without a word."""
    presume(accepted(await smtp.mail()))
    presume(accepted(await smtp.say(b"RSET")))
    presume(accepted(await smtp.mail()))
    refusals = []
    for path in REFUSED_SENDERS:
        session = await another()
        await session.climb(At.EHLO)
        refusal = await session.mail(path)
        if not (isinstance(refusal, Reply) and refusal.severity == 5):
            continue
        outcome = await session.mail()
        if isinstance(outcome, Closed | Reset):
            return Broken("a reply to the MAIL behind the refused one", f"{refusal} | {outcome}")
        refusals.append(str(refusal))
    return Held(" | ".join(refusals)) if refusals else Unclear("no sender was refused")


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
    """After a refusal of DATA without recipients one can still be given."""
    outcome = await smtp.say(b"DATA")
    if not (isinstance(outcome, Reply) and outcome.code in {503, 554}):
        return Unclear(f"neither 503 nor 554: {outcome}")
    seen = goes_on(await smtp.rcpt())
    if outcome.code == 554 and isinstance(seen, Broken):
        return Unclear(f"the state is promised behind a 503: {outcome} | {seen.seen}")
    return seen


@scenario("rfc5321/4.1.4/out-of-order-keeps-state", start=At.RCPT)
async def nested_mail_refused_with_503_changes_nothing(smtp: Client) -> Observation:
    """After a 503 to a nested MAIL the open transaction can go to DATA."""
    outcome = await smtp.mail()
    if not (isinstance(outcome, Reply) and outcome.code == 503):
        return Unclear(f"no 503: {outcome}")
    return goes_on(await smtp.say(b"DATA"))


@scenario("rfc5321/4.1.4/mail-before-ehlo", start=At.GREETING)
async def mail_without_ehlo_may_be_served(smtp: Client) -> Observation:
    """MAIL in a session without EHLO is taken, or refused."""
    outcome = await smtp.mail()
    if not isinstance(outcome, Reply) or outcome.severity not in {2, 5}:
        return Unclear(str(outcome))
    return took("takes it" if outcome.severity == 2 else "refuses it", outcome)


@scenario("rfc5321/4.1.4/may-repeat-ehlo", start=At.EHLO)
async def ehlo_may_be_repeated(smtp: Client) -> Observation:
    """A second EHLO is taken, or refused."""
    outcome = await smtp.ehlo()
    if not isinstance(outcome, Reply) or outcome.severity not in {2, 5}:
        return Unclear(str(outcome))
    return took("takes it" if outcome.severity == 2 else "refuses it", outcome)


@scenario(
    "rfc5321/4.1.4/client-may-send-any-time",
    start=(At.GREETING, At.MAIL),
    line={
        "help": b"HELP",
        "help-argument": b"HELP MAIL",
        "expn": b"EXPN postmaster",
        "expn-alone": b"EXPN",
        "vrfy": b"VRFY postmaster",
        "vrfy-alone": b"VRFY",
    },
)
async def command_for_any_time_gets(line: bytes, smtp: Client) -> Observation:
    """Which code HELP, EXPN and VRFY get before EHLO and in a transaction, with and without an argument."""
    outcome = await smtp.say(line)
    if not isinstance(outcome, Reply) or outcome.severity not in {2, 5}:
        return Unclear(str(outcome))
    return took(f"answers {outcome.code}", outcome)


@scenario("rfc5321/4.1.4/no-550-to-expn-for-want-of-ehlo", start=At.GREETING)
async def expn_is_not_denied_for_want_of_ehlo(smtp: Client, second: Client) -> Observation:
    """EXPN that is not denied with 550 behind EHLO is not denied with 550 before it."""
    known = smtp.target.mailing_list
    line = b"EXPN " + (known.address if known else smtp.target.mailbox).encode("ascii")
    presume(accepted(await second.ehlo()))
    presume(not_refused_as(await second.say(line), {550}))
    return not_refused_as(await smtp.say(line), {550})


async def _in_sequence(*steps: Callable[[], Awaitable[Outcome]]) -> Observation:
    """Whether none of these steps, each accepted before the next is taken, is answered with 503."""
    seen: Observation = Held()
    for step in steps:
        outcome = await step()
        seen = not_refused_as(outcome, {503})
        if isinstance(seen, Broken):
            return seen
        presume(accepted(outcome))
    return seen


@scenario("rfc5321/4.1.4/transaction-order", start=At.EHLO, facts=["mailboxes", "sender"])
async def several_recipients_are_in_sequence(smtp: Client) -> Observation:
    """MAIL, RCPT more than once and DATA, in that order, are not out of sequence."""
    return await _in_sequence(smtp.mail, smtp.rcpt, lambda: smtp.rcpt(smtp.other_forward_path), smtp.data)


@scenario("rfc5321/4.1.4/several-transactions", start=At.EHLO)
async def three_transactions_are_in_sequence(smtp: Client) -> Observation:
    """The second and the third transaction of a session are no more out of sequence than the first."""
    await smtp.deliver()
    return await _in_sequence(smtp.mail, smtp.rcpt, smtp.data, smtp.mail, smtp.rcpt, smtp.data)
