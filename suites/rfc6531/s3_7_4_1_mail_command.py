"""RFC 6531 3.7.4.1 - UTF-8 Strings in Replies: MAIL Command."""

from __future__ import annotations

from conformance import (
    At,
    Broken,
    Client,
    Held,
    Hop,
    Observation,
    Outcome,
    Reply,
    Rule,
    Step,
    Unclear,
    accepted,
    holds,
    new_token,
    presume,
    row,
    scenario,
)

NEW_ADDRESS = "User not local; will forward to <dörte@elsewhere.example.org>".encode()

BEFORE = {"first": "nothing", "after-one-that-had": "a transaction with the parameter"}


async def _asked(smtp: Client, parameters: bytes) -> Outcome:
    """The reply to RCPT for who moved to an address outside ASCII."""
    presume(accepted(await smtp.mail(parameters=parameters)))
    outcome = await smtp.rcpt(b"<%b>" % (smtp.target.moved_to_utf8 or "").encode("ascii"))
    presume(accepted(await smtp.say(b"RSET")))
    return outcome


@scenario(
    "rfc6531/3.7.4.1/no-utf-8-in-251-and-551",
    start=At.EHLO,
    offers=["SMTPUTF8"],
    facts=["moved_to_utf8"],
    before=BEFORE,
)
async def new_address_is_not_told_unasked(before: str, smtp: Client) -> Observation:
    """Without SMTPUTF8 in MAIL no 251 and no 551 has the new address, which is outside ASCII."""
    if before == BEFORE["after-one-that-had"]:
        await _asked(smtp, b" SMTPUTF8")
    outcome = await _asked(smtp, b"")
    if not isinstance(outcome, Reply):
        return Unclear(str(outcome))
    if outcome.code not in {251, 551}:
        return Held(str(outcome))
    return holds(outcome.octets.isascii(), expected="ASCII", seen=outcome)


@scenario(
    "rfc6531/3.7.4.1/transformed",
    start=At.EHLO,
    offers=["SMTPUTF8"],
    facts=["moved_to_utf8"],
    before=BEFORE,
)
async def reply_becomes_250_or_550(before: str, smtp: Client, second: Client) -> Observation:
    """What is 251 or 551 with an address outside ASCII under SMTPUTF8 is 250 or 550 without."""
    told = await _asked(second, b" SMTPUTF8")
    if not isinstance(told, Reply) or told.code not in {251, 551} or told.octets.isascii():
        return Unclear(f"no new address to be told: {told}")
    if before == BEFORE["after-one-that-had"]:
        await _asked(smtp, b" SMTPUTF8")
    outcome = await _asked(smtp, b"")
    if isinstance(outcome, Reply) and outcome.code in {250, 550}:
        return holds(outcome.octets.isascii(), expected="ASCII", seen=outcome)
    if isinstance(outcome, Reply) and outcome.code in {251, 551}:
        return Broken("250 or 550", str(outcome))
    return Unclear(str(outcome))


@scenario(
    "rfc6531/3.7.4.1/utf-8-in-251-and-551",
    start=At.EHLO,
    offers=["SMTPUTF8"],
    facts=["delivery_within", "extended_next_hop"],
    code={"251": row(251), "551": row(551)},
)
async def relay_takes_a_new_address_in_utf_8(code: int, smtp: Client, hop: Hop) -> Observation:
    """A relay that gave SMTPUTF8 sends the message after a 251 with UTF-8, and gives it back after such a 551."""
    sender = new_token()
    hop.script(hop.extended(), Rule.answer(Step.RCPT, code, NEW_ADDRESS))
    message = smtp.message(before="X-Gruss: Grüße\r\n".encode())
    reverse_path = b"<%b>" % hop.extended(sender)
    await smtp.deliver(message, b"<%b>" % hop.extended(), reverse_path=reverse_path, parameters=b" SMTPUTF8")
    if code == 251 and await hop.arrival() is not None:
        return Held("the message came")
    returned = await hop.notification_arrival(sender)
    seen = await hop.transactions(at_least=2)
    ours = [each for each in seen if b"SMTPUTF8" in each.parameters.upper().split()]
    if seen and not ours:
        return Unclear("it came without SMTPUTF8, and so need not take UTF-8")
    tried = len(ours)
    if returned is not None:
        return Held("a notification came") if code == 551 else Broken("the message", "a notification")
    if not tried:
        return Unclear("neither the message nor a notification came")
    return Broken("the message" if code == 251 else "a notification", f"{tried} attempts, and nothing")
