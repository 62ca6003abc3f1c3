"""RFC 5321 4.1.1.2 - MAIL."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from conformance import (
    At,
    Client,
    Held,
    Observation,
    Reply,
    Store,
    Unclear,
    accepted,
    fields_named,
    holds,
    new_token,
    not_refused_as,
    presume,
    refused,
    scenario,
    split_message,
    took,
    visible,
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


async def _delivered(smtp: Client) -> None:
    await smtp.deliver(smtp.message(token=new_token()), reverse_path=b"<>")


async def _reset(smtp: Client) -> None:
    await smtp.transaction(reverse_path=b"<>")
    presume(accepted(await smtp.say(b"RSET")))


async def _hello_again(smtp: Client) -> None:
    await smtp.transaction(reverse_path=b"<>")
    presume(accepted(await smtp.ehlo()))


async def _return_path(store: Store, token: str) -> bytes:
    """What Return-Path says of a message in the mailbox; nothing where there is none."""
    there = fields_named(split_message((await store.message(token)).content)[0], "Return-Path")
    return there[0].body.strip() if there else b""


Before = Callable[[Client], Awaitable[None]]


@scenario(
    "rfc5321/4.1.1.2/mail-sets-reverse-path",
    start=At.EHLO,
    facts=["sender"],
    before={"delivered": _delivered, "reset": _reset, "ehlo": _hello_again},
)
async def message_has_the_reverse_path_of_its_own_mail(
    before: Before, smtp: Client, second: Client, store: Store
) -> Observation:
    """A message has its own reverse-path in the mailbox, where one before it in the session had the null one."""
    alone, wanted = new_token(), smtp.reverse_path[1:-1]
    await second.deliver(second.message(token=alone))
    if wanted not in await _return_path(store, alone):
        return Unclear("a message that stands alone has another Return-Path, or none")
    await before(smtp)
    await smtp.deliver(smtp.message())
    seen = await _return_path(store, smtp.token)
    return holds(wanted in seen, expected=visible(wanted), seen=visible(seen))
