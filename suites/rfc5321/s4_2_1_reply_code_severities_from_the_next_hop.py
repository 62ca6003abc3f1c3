"""RFC 5321 4.2.1 - Reply Code Severities, for a server that passes mail on: failures for now and for good."""

from __future__ import annotations

from conformance import (
    At,
    Broken,
    Client,
    Fault,
    Held,
    Hop,
    Names,
    Observation,
    Outcome,
    Reply,
    Rule,
    Step,
    Transaction,
    Unclear,
    accepted,
    holds,
    new_token,
    presume,
    row,
    scenario,
    visible,
)

LONG = 3300.0
"""How long a second attempt is waited for, in seconds; a slow scenario may take an hour."""

Refusal = tuple[Step, int]


async def refused(refusal: Refusal, smtp: Client, hop: Hop, recipient: bytes, times: int | None = None) -> str:
    """Give the target a message that the next hop refuses so; returns the token of its sender."""
    step, code = refusal
    sender = new_token()
    hop.script(sender if step is Step.MAIL else recipient, Rule.answer(step, code, times=times))
    await smtp.deliver(smtp.message(), b"<%b>" % recipient, reverse_path=hop.path(sender))
    return sender


def from_sender(transactions: tuple[Transaction, ...], mailbox: bytes) -> list[Transaction]:
    """Those that are attempts at the message, and no notification about it."""
    return [each for each in transactions if each.reverse_path.lower() == mailbox.lower()]


async def offered(smtp: Client, forward_path: bytes, reverse_path: bytes) -> Outcome:
    """The reply to a message for this recipient: to its end, or to the command that was refused before."""
    presume(accepted(await smtp.say(b"RSET")))
    presume(accepted(await smtp.mail(reverse_path)))
    outcome = await smtp.rcpt(forward_path)
    return await smtp.data() if isinstance(accepted(outcome), Held) else outcome


def not_for_good(outcome: Outcome) -> Observation | None:
    """Held by what is taken or refused for now, ``None`` for a 5yz: then it remains to be seen what is taken still."""
    if not isinstance(outcome, Reply) or outcome.code == 421:
        return Unclear(str(outcome))
    return None if outcome.severity == 5 else Held(str(outcome))


STEPS = {
    "mail": (Step.MAIL, 450),
    "rcpt": (Step.RCPT, 450),
    "data": (Step.DATA, 451),
    "end-of-data": (Step.END_OF_DATA, 451),
}

FOR_NOW_OR_FOR_GOOD = "rfc5321/4.2.1/4yz-or-5yz"


@scenario(FOR_NOW_OR_FOR_GOOD, start=At.EHLO)
async def error_of_the_name_server_is_not_for_good(smtp: Client, hop: Hop, dns: Names) -> Observation:
    """A recipient whose domain the name server can't look up for now is not refused for good.

    Recipients in two more domains of this kind, for which it has an answer, are taken before and behind.
    """
    domains = [f"{each}-{dns.name()}" for each in ("first", "fails", "later")]
    dns.add("".join(f"{domain}. MX 10 {dns.name('host')}.\n" for domain in domains))
    dns.add(f"{dns.name('host')}. A {dns.exchangers[0]}\n")
    dns.fail(domains[1], Fault.SERVFAIL)
    first, fails, later = (b"<recipient@%b>" % domain.encode("ascii") for domain in domains)
    sender = hop.path(new_token())
    presume(accepted(await offered(smtp, first, sender)))
    outcome = await offered(smtp, fails, sender)
    held = not_for_good(outcome)
    if held is not None:
        return held
    asked = await dns.queries(domains[1])
    presume(holds(bool(asked), expected="a question about the domain", seen="none"))
    presume(accepted(await offered(smtp, later, sender)))
    return Broken("a refusal for now, or none", str(outcome))


@scenario(FOR_NOW_OR_FOR_GOOD, start=At.EHLO, refusal=STEPS)
async def refusal_for_now_is_not_made_one_for_good(refusal: Refusal, smtp: Client, hop: Hop) -> Observation:
    """A server that asks the next hop before it answers does not refuse for good what that refuses for now.

    Recipients whom the next hop takes are taken before and behind.
    """
    step, code = refusal
    sender, recipient = new_token(), new_token()
    presume(accepted(await offered(smtp, hop.path(new_token()), hop.path(new_token()))))
    hop.script(sender if step is Step.MAIL else hop.mailbox(recipient), Rule.answer(step, code))
    outcome = await offered(smtp, hop.path(recipient), hop.path(sender))
    held = not_for_good(outcome)
    if held is not None:
        return held
    tried = hop.connections(sender) or hop.connections(recipient)
    presume(holds(bool(tried), expected="an attempt at the next hop", seen="none"))
    presume(accepted(await offered(smtp, hop.path(new_token()), hop.path(new_token()))))
    return Broken("a refusal for now, or none", str(outcome))


NO_RETRY = "rfc5321/4.2.5/client-no-retry-after-5yz"
FOR_GOOD = {
    "mail": (Step.MAIL, 550),
    "rcpt": (Step.RCPT, 550),
    "data": (Step.DATA, 554),
    "end-of-data": row((Step.END_OF_DATA, 554), NO_RETRY),
    "end-of-data-550": row((Step.END_OF_DATA, 550), NO_RETRY),
}


@scenario("rfc5321/4.2.1/client-no-repeat-after-5yz", start=At.EHLO, refusal=FOR_GOOD)
async def refusal_for_good_is_not_tried_again(refusal: Refusal, smtp: Client, hop: Hop) -> Observation:
    """A message that the next hop refuses for good is given back after one attempt."""
    sender = await refused(refusal, smtp, hop, hop.mailbox())
    await hop.notification(sender)
    tried = from_sender(await hop.transactions(sender, at_least=2), hop.mailbox(sender))
    presume(holds(bool(tried), expected="an attempt", seen="none"))
    return holds(len(tried) == 1, expected="one attempt", seen=f"{len(tried)} attempts")


KEPT = {"554": 554, "550": 550, "552": 552, "571": 571}


@scenario("rfc5321/4.2.5/client-keeps-message-after-5yz", start=At.EHLO, facts=["delivery_within"], code=KEPT)
async def message_refused_at_its_end_is_given_back(code: int, smtp: Client, hop: Hop) -> Observation:
    """A relay whose message is refused for good after its end answers for it still: its sender is told."""
    sender = await refused((Step.END_OF_DATA, code), smtp, hop, hop.mailbox())
    presume(holds(bool(await hop.transactions(sender)), expected="an attempt", seen="none"))
    told = await hop.notification_arrival(sender)
    return holds(told is not None, expected="a notification to the reverse-path", seen="none came")


FOR_NOW = {"450": 450, "451": 451, "452": 452}


@scenario("rfc5321/4.2.1/client-returns-to-start-after-4yz", start=At.EHLO, facts=["bare_next_hop"], code=FOR_NOW)
async def refusal_for_now_ends_the_transaction(code: int, smtp: Client, hop: Hop) -> Observation:
    """Behind a 4yz to the only recipient neither the same RCPT nor DATA follows: the next attempt begins with MAIL."""
    sender = await refused((Step.RCPT, code), smtp, hop, hop.bare(), times=1)
    tried = from_sender(await hop.transactions(sender), hop.mailbox(sender))
    presume(holds(bool(tried), expected="an attempt", seen="none"))
    verbs = [command.verb for command in tried[0].commands]
    at = verbs.index(b"RCPT") if b"RCPT" in verbs else len(verbs)
    behind = [visible(verb) for verb in verbs[at + 1 :]]
    expected = "the end of the transaction"
    return holds(not {"RCPT", "DATA", "BDAT"} & {*behind}, expected=expected, seen=behind or "nothing more")


@scenario("rfc5321/4.2.1/client-tries-again-after-4yz", start=At.EHLO, facts=["delivery_within"], refusal=STEPS)
async def refusal_for_now_is_not_final(refusal: Refusal, smtp: Client, hop: Hop) -> Observation:
    """A message that the next hop refuses for now is not given back at once, though one refused for good is."""
    sender = await refused(refusal, smtp, hop, hop.mailbox())
    tried = from_sender(await hop.transactions(sender), hop.mailbox(sender))
    presume(holds(bool(tried), expected="an attempt", seen="none"))
    return await hop.no_notification(sender, after=await hop.refuses(smtp))


KEEPS = "rfc5321/4.2.5/client-keeps-message-after-4yz"


@scenario(
    "rfc5321/4.2.1/client-tries-again-after-4yz",
    start=At.EHLO,
    slow=True,
    refusal={**STEPS, "kept": row((Step.END_OF_DATA, 452), KEEPS)},
)
async def refusal_for_now_is_tried_again(refusal: Refusal, smtp: Client, hop: Hop) -> Observation:
    """A message that the next hop refuses for now comes again; behind its end it may also be given back (2961-2964)."""
    sender = await refused(refusal, smtp, hop, hop.mailbox(), times=1)
    seen = await hop.transactions(sender, at_least=2, within=LONG)
    tried = from_sender(seen, hop.mailbox(sender))
    if len(tried) > 1:
        return Held(f"tried again after {tried[1].began - tried[0].began:.0f} s")
    if not tried:
        return Unclear("no attempt came")
    given_back = len(seen) > 1
    if given_back and refusal[0] is Step.END_OF_DATA:
        return Held("given back")
    return Broken("a second attempt", "the message was given back" if given_back else f"none within {LONG:g} s")
