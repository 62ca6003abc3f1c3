"""RFC 5321 4.5.4.1 - Sending Strategy: what a client chooses, and how long it keeps at it."""

from __future__ import annotations

from conformance import (
    At,
    Broken,
    Client,
    Held,
    Hop,
    Names,
    Observation,
    Rule,
    Step,
    Unclear,
    new_token,
    scenario,
    took,
)

LONG = 3300.0
"""How long further attempts are waited for, in seconds; a slow scenario may take an hour."""

SOON = 60.0
"""Seconds within which mail goes out that did not wait for its time."""

MANY = 100
MESSAGES = 4
"""Messages for a dead host; each has a twin, and more than ten in a session are left in the queue by some."""
EVERY = 1000
"""More transactions than will come: all that come in the time are looked at."""


@scenario("rfc5321/4.5.4.1/limit-on-rcpt", start=At.EHLO, tags=["many-recipients"])
async def recipients_of_a_transaction_may_have_a_limit(smtp: Client, hop: Hop) -> Observation:
    """A message for a hundred recipients at one host is sent there in one transaction, or in several."""
    await smtp.deliver(smtp.message(), *(hop.path(local=b"r%d-%%b" % each) for each in range(MANY)))
    came = await hop.messages(at_least=1)
    served = 0
    while came and served < (served := sum(len(each.forward_paths) for each in came)) < MANY:
        came = await hop.messages(at_least=len(came) + 1)
    if not came:
        return Unclear("nothing came")
    most = max(len(each.forward_paths) for each in came)
    return took("has no limit up to 100" if len(came) == 1 else "has a limit", f"{len(came)} messages, {most} at most")


@scenario("rfc5321/4.5.4.1/concurrent-sending", start=At.EHLO)
async def messages_may_go_out_at_the_same_time(smtp: Client, hop: Hop) -> Observation:
    """Of two messages the second is sent while the first waits for its reply, or afterwards."""
    tokens = new_token(), new_token()
    for token in tokens:
        hop.script(token, Rule.late(Step.RCPT, 3, times=1))
    for token in tokens:
        await smtp.deliver(smtp.message(token=token), hop.path(token))
    found = [(await hop.transactions(token))[:1] for token in tokens]
    if not all(found):
        return Unclear("one of them did not come")
    (first,), (second,) = found
    together = max(first.began, second.began) < min(first.ended or 0.0, second.ended or 0.0)
    return took("at the same time" if together else "one after the other")


@scenario("rfc5321/4.5.4.1/send-on-contact", start=At.EHLO, slow=True)
async def waiting_mail_may_go_out_on_contact(smtp: Client, hop: Hop) -> Observation:
    """What waits for a host is tried anew when mail comes from there, which is where we are, or when its time comes."""
    hop.script(smtp.token, Rule.answer(Step.RCPT, 450, times=1))
    await smtp.deliver(smtp.message(), hop.path())
    if not await hop.transactions():
        return Unclear("no first attempt came")
    later = new_token()
    await smtp.deliver(smtp.message(token=later), hop.path(later))
    await hop.message(later)
    tried = await hop.transactions(at_least=2, within=SOON)
    return took("tries it on contact" if len(tried) > 1 else "waits for its time", f"{len(tried)} attempts")


@scenario("rfc5321/4.5.4.1/fewer-retries-for-notifications", start=At.EHLO, slow=True)
async def notifications_may_be_tried_less_often(smtp: Client, hop: Hop) -> Observation:
    """Mail with the null reverse-path that is refused for now is tried as often as other mail, or less often."""
    null, plain = new_token(), new_token()
    for token, reverse_path in ((null, b"<>"), (plain, hop.path(new_token()))):
        hop.script(token, Rule.answer(Step.RCPT, 450))
        await smtp.deliver(smtp.message(token=token), hop.path(token), reverse_path=reverse_path)
    others, number = (
        sum(any(to.forward_path == hop.mailbox(token) for to in each.recipients) for each in transactions)
        for token, transactions in (
            (plain, await hop.transactions(plain, at_least=EVERY, within=LONG)),
            (null, await hop.transactions(null)),
        )
    )
    if not number or not others:
        return Unclear("one of them did not come")
    return took("less often" if number < others else "as often", f"{number} attempts, and {others} of other mail")


@scenario("rfc5321/4.5.4.1/gives-up-after-days", start=At.EHLO, facts=["timers"], slow=True)
async def mail_is_not_given_up_within_the_hour(smtp: Client, hop: Hop) -> Observation:
    """Mail that is refused for now does not come back within the first hour: 4 or 5 days are longer."""
    if smtp.target.timers != "default":
        return Unclear("the target's timers are not the defaults")
    sender, recipient = new_token(), new_token()
    hop.script(hop.mailbox(recipient), Rule.answer(Step.RCPT, 450))
    await smtp.deliver(smtp.message(token=recipient), hop.path(recipient), reverse_path=hop.path(sender))
    if not await hop.transactions(recipient):
        return Unclear("no attempt came")
    told = await hop.notification_arrival(sender, within=LONG)
    if told is not None and b"action: failed" in told.content.lower():
        return Broken("the message in the queue", "it was given back")
    return Held(f"it was not given back within {LONG:g} s")


@scenario("rfc5321/4.5.4.1/list-of-dead-hosts", start=At.EHLO, alone=True)
async def dead_host_is_remembered(smtp: Client, hop: Hop, dns: Names) -> Observation:
    """Of four messages in a row for a host that closes each connection at once not every one makes an attempt.

    Where each does nobody knows why: the host was reached, and we see no attempt at one that can't be.
    """
    address = dns.exchangers[-1]
    dns.add(f"{dns.name()}. MX 10 {dns.name('dead')}.\n{dns.name('dead')}. A {address}\n")
    before = {each.number for each in hop.server.connections()}
    hop.server.script(address, Rule.close(Step.CONNECT))
    try:
        for _ in range(MESSAGES):
            twin = new_token()
            await smtp.deliver(smtp.message(), b"<recipient@%b>" % dns.name().encode("ascii"))
            await smtp.deliver(smtp.message(token=twin), hop.path(twin))
            await hop.message(twin)
    finally:
        hop.server.unscript(address)
    there = [each for each in hop.server.connections() if each.local.startswith(f"{address}:")]
    tried = sum(each.number not in before for each in there)
    seen = f"{tried} attempts for {MESSAGES} messages"
    return Held(seen) if 0 < tried < MESSAGES else Unclear(seen)
