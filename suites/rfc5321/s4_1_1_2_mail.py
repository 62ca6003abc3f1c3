"""RFC 5321 4.1.1.2 - MAIL."""

from __future__ import annotations

from conformance import (
    At,
    Client,
    Held,
    Observation,
    Reply,
    Unclear,
    accepted,
    not_refused_as,
    presume,
    refused,
    scenario,
    took,
)


@scenario("rfc5321/4.1.1.2/mail-clears", start=At.EHLO)
async def nested_mail_is_refused_or_clears(smtp: Client) -> Observation:
    """A second MAIL is refused, or it drops the recipients of the first."""
    presume(refused(await smtp.data()))  # else DATA tells nothing about the recipients
    await smtp.transaction()
    outcome = await smtp.mail()
    if isinstance(outcome, Reply) and outcome.severity == 5:
        return Held(str(outcome))
    if isinstance(outcome, Reply) and outcome.severity == 2:
        return refused(await smtp.data())
    return Unclear(str(outcome))


@scenario("rfc5321/4.1.1.2/null-reverse-path", start=At.EHLO)
async def null_reverse_path_may_be_given(smtp: Client) -> Observation:
    """MAIL with the null reverse-path is taken, or refused."""
    outcome = await smtp.mail(b"<>")
    if not isinstance(outcome, Reply) or outcome.severity not in {2, 5}:
        return Unclear(str(outcome))
    return took("takes it" if outcome.severity == 2 else "refuses it", outcome)


@scenario("rfc5321/4.1.4/mail-begins-transaction", start=At.EHLO, facts=["sender"])
async def null_reverse_path_begins_a_transaction(smtp: Client, second: Client) -> Observation:
    """Behind a null reverse-path that was accepted a recipient is in sequence, as it is behind another one."""
    await second.transaction()
    presume(accepted(await smtp.mail(b"<>")))
    return not_refused_as(await smtp.rcpt(), {503})


@scenario("rfc5321/4.1.1.2/parameters-when-negotiated", start=At.EHLO, offers=["8BITMIME"])
async def mail_may_have_parameters(smtp: Client) -> Observation:
    """MAIL with a parameter of an offered extension is taken, or refused."""
    outcome = await smtp.mail(parameters=b" BODY=8BITMIME")
    if not isinstance(outcome, Reply) or outcome.severity not in {2, 5}:
        return Unclear(str(outcome))
    return took("takes it" if outcome.severity == 2 else "refuses it", outcome)
