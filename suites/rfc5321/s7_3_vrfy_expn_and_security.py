"""RFC 5321 7.3 - VRFY, EXPN, and Security."""

from __future__ import annotations

from conformance import (
    At,
    Broken,
    Client,
    Held,
    Observation,
    Reply,
    Unclear,
    accepted,
    answered,
    holds,
    not_refused_as,
    presume,
    recognised,
    refused,
    row,
    scenario,
    took,
)

VERBS = {"vrfy": b"VRFY ", "expn": b"EXPN "}
VERIFIED = {250}


async def _refuses(address: bytes, second: Client) -> None:
    """The control: mail for this address is refused indeed."""
    await second.mail()
    presume(refused(await second.rcpt(b"<" + address + b">")))


@scenario(
    "rfc5321/7.3/no-pretended-verification",
    start=At.EHLO,
    facts=["refused"],
    verb={"vrfy": b"VRFY ", "expn": row(b"EXPN ", offers=["EXPN"])},
)
async def refused_address_does_not_look_verified(verb: bytes, smtp: Client, second: Client) -> Observation:
    """VRFY and EXPN of an address whose mail is refused are not answered with 250."""
    address = (smtp.target.refused or "").encode("ascii")
    seen = not_refused_as(await smtp.say(verb + address), VERIFIED)
    if isinstance(seen, Broken):
        await _refuses(address, second)
    return seen


@scenario("rfc5321/7.3/no-250-for-syntax", start=At.EHLO)
async def address_that_nobody_can_verify_does_not_look_verified(smtp: Client) -> Observation:
    """VRFY of an address in a domain that can't exist (RFC 2606) is not answered with 250."""
    return not_refused_as(await smtp.say(b"VRFY somebody@somewhere.invalid"), VERIFIED)


@scenario("rfc5321/7.3/252-when-disabled", start=At.EHLO, facts=["disabled"])
async def command_that_is_turned_off_gets_252(smtp: Client) -> Observation:
    """VRFY and EXPN are answered with 252 where the target is said to have turned them off."""
    asked = [verb for verb in ("VRFY", "EXPN") if verb in smtp.target.disabled]
    if not asked:
        return Unclear("neither VRFY nor EXPN is turned off")
    for verb in asked:
        seen = answered(await smtp.say(verb.encode() + b" " + smtp.forward_path.strip(b"<>")), {252})
        if not isinstance(seen, Held):
            return seen
    return seen


@scenario("rfc5321/7.3/no-550-for-all", start=At.EHLO, facts=["mailboxes"])
async def not_every_mailbox_is_denied(smtp: Client, second: Client) -> Observation:
    """VRFY does not answer 550 for each of the mailboxes that take mail."""
    outcomes = [await smtp.say(b"VRFY " + mailbox.encode("ascii")) for mailbox in smtp.target.mailboxes]
    seen = " | ".join(str(outcome) for outcome in outcomes)
    replies = [outcome for outcome in outcomes if isinstance(outcome, Reply)]
    if len(replies) < len(outcomes) or replies[-1].code == 421:
        return Unclear(seen)
    if any(reply.code != 550 for reply in replies):
        return Held(seen)
    await second.transaction()
    return Broken("another answer than 550 for a mailbox that takes mail", seen)


@scenario("rfc5321/7.3/may-disable", start=At.EHLO, verb=VERBS)
async def command_is_served_or_turned_off(verb: bytes, smtp: Client) -> Observation:
    """How VRFY and EXPN are answered."""
    outcome = await smtp.say(verb + b"postmaster")
    if not isinstance(outcome, Reply) or outcome.severity not in {2, 5}:
        return Unclear(str(outcome))
    return took(f"answers {outcome.code}", outcome)


@scenario("rfc5321/7.3/may-ask-for-authentication", start=At.EHLO, verb=VERBS)
async def command_is_kept_for_known_clients_or_not(verb: bytes, smtp: Client) -> Observation:
    """VRFY and EXPN ask for authentication (RFC 4954 §6), or are answered without."""
    outcome = await smtp.say(verb + b"postmaster")
    if not isinstance(outcome, Reply) or outcome.severity not in {2, 5}:
        return Unclear(str(outcome))
    return took("asks for authentication" if outcome.code == 530 else "answers without", outcome)


@scenario("rfc5321/7.3/expn-supported", start=At.EHLO)
async def expn_is_supported(smtp: Client) -> Observation:
    """EXPN is not answered as unknown or not implemented, unless the site is said to have turned it off."""
    if "EXPN" in smtp.target.disabled:
        return Unclear("the site has turned EXPN off")
    return recognised(await smtp.say(b"EXPN postmaster"))


@scenario("rfc5321/7.3/vrfy-tries", start=At.EHLO, facts=["mailboxes", "refused"])
async def vrfy_tells_a_mailbox_from_none(smtp: Client, second: Client) -> Observation:
    """VRFY does not answer alike for a mailbox and for none, unless it answers 252 or does not serve at all."""
    good, bad = smtp.forward_path.strip(b"<>"), (smtp.target.refused or "").encode("ascii")
    of_good, of_bad = await smtp.say(b"VRFY " + good), await smtp.say(b"VRFY " + bad)
    seen = f"{of_good} | {of_bad}"
    if not (isinstance(of_good, Reply) and isinstance(of_bad, Reply)) or 4 in {of_good.severity, of_bad.severity}:
        return Unclear(seen)
    alike = of_good.severity == of_bad.severity
    if alike and {of_good.code, of_bad.code} & {252, 500, 501, 502, 504, 530}:
        return Unclear(f"not verified, and nobody knows why: {seen}")
    if alike:
        presume(accepted(await second.mail()))
        presume(accepted(await second.rcpt()))
        presume(refused(await second.rcpt(b"<" + bad + b">")))
    return holds(not alike, expected="an answer of another kind for the address that is refused", seen=seen)
