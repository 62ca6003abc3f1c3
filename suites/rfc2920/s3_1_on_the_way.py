"""RFC 2920 3.1 - Client use of pipelining: what a relay sends to the next hop, and how it reads the replies."""

from __future__ import annotations

from dataclasses import dataclass

from conformance import (
    At,
    Broken,
    Client,
    Held,
    Hop,
    NotReady,
    Observation,
    Received,
    Rule,
    Step,
    Unclear,
    accepted,
    delivery_report,
    holds,
    new_token,
    presume,
    reply_octets,
    row,
    scenario,
    visible,
)

ALWAYS_LAST = frozenset({b"EHLO", b"DATA", b"VRFY", b"EXPN", b"TURN", b"QUIT", b"NOOP"})

EVERY = 100
"""More messages than will come: all that come in the time are looked at."""

SEVERAL = 3
"""Recipients that make a group worth while."""


def _shown(hop: Hop, token: str) -> str:
    """The commands of the connections with the token, those with a star that came before the reply before them."""
    commands = [each for connection in hop.connections(token) for each in connection.commands]
    return ", ".join(f"{'*' * each.early}{visible(each.octets.strip(), 40)}" for each in commands)


async def _send(smtp: Client, *paths: bytes, sender: bytes) -> None:
    await smtp.deliver(smtp.message(), *paths, reverse_path=sender)


async def _over(hop: Hop, token: str) -> None:
    """Wait until the transactions with the token, and their connections, are over.

    Raises:
        NotReady: nothing came, or the client keeps its connection open.
    """
    seen = await hop.transactions(token)
    if not seen:
        raise NotReady("next hop", "nothing came")
    for each in seen:
        await hop.ended(each)


@scenario(
    "rfc2920/3.1/only-where-listed",
    start=At.EHLO,
    facts=["bare_next_hop"],
    number={"one-recipient": 1, "several-recipients": SEVERAL, "many-recipients": 20},
)
async def no_group_where_pipelining_is_not_listed(number: int, smtp: Client, hop: Hop) -> Observation:
    """A next hop that does not list PIPELINING gets each command after the reply to the one before."""
    paths = [b"<%b>" % hop.bare(local=b"r%d-%%b" % each) for each in range(number)]
    hop.script(hop.token, Rule.late(Step.RCPT, 0.2))
    await _send(smtp, *paths, sender=hop.path(new_token()))
    await _over(hop, hop.token)
    early = [each for connection in hop.connections() for each in connection.commands if each.early]
    return holds(not early, expected="each command after a reply", seen=_shown(hop, hop.token))


@scenario(
    "rfc2920/3.1/last-in-a-group",
    start=At.EHLO,
    data={"taken": None, "refused": Rule.answer(Step.DATA, 554, delay=0.5)},
)
async def nothing_goes_out_behind_what_ends_a_group(data: Rule | None, smtp: Client, hop: Hop) -> Observation:
    """Behind EHLO, DATA, NOOP and their like nothing comes before their reply has gone out."""
    paths = [hop.path(local=b"r%d-%%b" % each) for each in range(SEVERAL)]
    if data is not None:
        hop.script(hop.token, data)
    await _send(smtp, *paths, sender=hop.path(new_token()))
    await _over(hop, hop.token)
    for connection in hop.connections():
        before = None
        for command in connection.commands:
            # Behind a 354 the content comes first, and what follows it can go with it (RFC 2920, 154-158).
            ends = before is not None and before.verb in ALWAYS_LAST and not before.reply.startswith(b"354")
            if ends and command.early:
                return Broken("each of these last in its group", _shown(hop, hop.token))
            before = command
    return Held(_shown(hop, hop.token))


@dataclass(frozen=True, slots=True)
class Replies:
    """What the next hop answers to three recipients, and which of them it takes so."""

    octets: tuple[bytes, bytes, bytes]
    taken: tuple[bool, bool, bool]


def _replies(*codes: int) -> Replies:
    octets = tuple(reply_octets(code, "OK" if code < 400 else "No") for code in codes)
    return Replies((octets[0], octets[1], octets[2]), (codes[0] < 400, codes[1] < 400, codes[2] < 400))


LINES = ("first of several lines", "not the last of them", "the last")

READ = {
    "first-refused": row(_replies(550, 250, 250), "rfc2920/3.1/check-all-statuses"),
    "second-refused": row(_replies(250, 550, 250), "rfc2920/3.1/check-all-statuses"),
    "last-refused": row(_replies(250, 250, 550), "rfc2920/3.1/check-all-statuses"),
    "two-refused": row(_replies(550, 250, 553), "rfc2920/3.1/count-replies"),
    "several-codes": row(_replies(251, 552, 250), "rfc2920/3.1/count-replies"),
    "several-lines-of-success": row(
        Replies((reply_octets(250, *LINES), reply_octets(550, "No"), reply_octets(250, "OK")), (True, False, True)),
        "rfc2920/3.1/multiline-replies",
    ),
    "several-lines-of-refusal": row(
        Replies(
            (reply_octets(250, "OK"), reply_octets(550, "no", "250 it seems", "no"), reply_octets(250, "OK")),
            (True, False, True),
        ),
        "rfc2920/3.1/multiline-replies",
    ),
    "one-code-for-all": row(_replies(250, 250, 250), "rfc2920/3.1/no-confusion"),
    "one-code-for-two": row(_replies(550, 550, 250), "rfc2920/3.1/no-confusion"),
    "texts-of-the-others": row(
        Replies(
            (
                reply_octets(250, "OK", "r1 is refused"),
                reply_octets(550, "recipient r0 is not known"),
                reply_octets(250, "OK, r0 was taken"),
            ),
            (True, False, True),
        ),
        "rfc2920/3.1/no-matching-by-code",
    ),
    "code-of-data": row(
        Replies(
            (reply_octets(250, "OK"), reply_octets(554, "No valid recipients"), reply_octets(250, "OK")),
            (True, False, True),
        ),
        "rfc2920/3.1/no-matching-by-code",
    ),
}


def _tells_no_failure(received: Received) -> bool:
    """Whether it is a report of something else: of success, for one, which may be told too."""
    found = delivery_report(received.content)
    actions = set(found.actions) if found is not None else set[str]()
    return bool(actions) and actions <= {"relayed", "delivered", "expanded", "delayed"}


@scenario("rfc2920/3.1/check-all-statuses", start=At.EHLO, facts=["delivery_within"], replies=READ)
async def each_reply_is_taken_for_its_own_recipient(replies: Replies, smtp: Client, hop: Hop) -> Observation:
    """Of three recipients those that the next hop refuses are reported, and those that it takes get the message."""
    sender = new_token()
    mailboxes = [hop.mailbox(local=b"r%d-%%b" % each) for each in range(SEVERAL)]
    for mailbox, reply in zip(mailboxes, replies.octets, strict=True):
        hop.script(mailbox, Rule(Step.RCPT, reply))
    await _send(smtp, *(b"<%b>" % each for each in mailboxes), sender=hop.path(sender))
    refused = [each for each, taken in zip(mailboxes, replies.taken, strict=True) if not taken]
    wanted = [each for each, taken in zip(mailboxes, replies.taken, strict=True) if taken]
    await hop.message()
    came = [path for each in await hop.messages(at_least=1) for path in each.forward_paths]
    lacking = [each for each in wanted if each not in came]
    if lacking:
        return Broken("the message to each who was taken", f"none to {_names(lacking)}; {_shown(hop, hop.token)}")
    told = await hop.notification_arrival(sender)
    if told is not None and _tells_no_failure(told):
        told = await hop.notification_saying(sender, "failed")
    if not refused:
        return holds(told is None, expected="no notification", seen="none" if told is None else told.content[:300])
    text = told.content.lower() if told is not None else b""
    if any(each.lower() not in text for each in refused):
        # Each recipient may have a notification of its own.
        more = await hop.messages(sender, at_least=EVERY)
        text = b"".join(
            each.content.lower()
            for each in more
            if hop.mailbox(sender) in each.forward_paths and not _tells_no_failure(each)
        )
    unsaid = [each for each in refused if each.lower() not in text]
    blamed = [each for each in wanted if b"final-recipient: rfc822; " + each.lower() in text.replace(b";r", b"; r")]
    if unsaid or blamed:
        return Broken(
            f"a report about {_names(refused)}", f"about others: {_names(blamed)}, not about {_names(unsaid)}"
        )
    return Held(_shown(hop, hop.token))


def _names(mailboxes: list[bytes]) -> str:
    return b", ".join(mailboxes).decode("ascii", "replace") or "none"


@scenario(
    "rfc2920/3.1/lone-dot",
    start=At.EHLO,
    look={"lone-dot": "dot", "at-the-reply": row("reply", "rfc2920/3.1/look-at-the-reply-to-data")},
)
async def nobody_gets_nothing_after_a_354(look: str, smtp: Client, hop: Hop) -> Observation:
    """Where all recipients are refused and DATA gets 354, a dot alone follows, and no command in its place."""
    mailboxes = [hop.mailbox(local=b"r%d-%%b" % each) for each in range(SEVERAL)]
    for mailbox in mailboxes:
        hop.script(mailbox, Rule.answer(Step.RCPT, 550))
    hop.script(hop.token, Rule.answer(Step.DATA, 354))
    await _send(smtp, *(b"<%b>" % each for each in mailboxes), sender=hop.path(new_token()))
    await _over(hop, hop.token)
    for transaction in await hop.transactions():
        ours = any(each.forward_path in mailboxes for each in transaction.recipients)  # and not a notification of it
        if not ours or b"DATA" not in [each.verb for each in transaction.commands]:
            continue
        data = transaction.message.data if transaction.message is not None else transaction.unfinished
        seen = f"{visible(data, 200)}; {_shown(hop, hop.token)}"
        if look == "reply":
            good = transaction.message is not None and b"QUIT\r\n" not in data and b"RSET\r\n" not in data
            return holds(good, expected="mail data that end", seen=seen)
        return holds(data == b".\r\n", expected="a dot alone", seen=seen)
    return Held("DATA was not sent") if hop.connections() else Unclear("nothing came")


ONE_ROUND = frozenset({b"PLAIN", b"EXTERNAL"})
"""The mechanisms whose only response may have commands behind it, which their extension says (RFC 4954 §3)."""


@scenario(
    "rfc2920/3.1/other-commands-last",
    start=At.EHLO,
    facts=["account_domain", "account_next_hop"],
    alone=True,
    verb={"auth": b"AUTH", "starttls": b"STARTTLS"},
)
async def command_of_another_extension_is_the_last_of_its_group(verb: bytes, smtp: Client, hop: Hop) -> Observation:
    """Behind AUTH and STARTTLS nothing comes before their reply from a next hop that lists PIPELINING too."""
    hop.offer_account(b"PIPELINING", b"AUTH PLAIN LOGIN CRAM-MD5")
    hop.script_account(*(Rule.late(step, 0.5) for step in (Step.STARTTLS, Step.AUTH, Step.RESPONSE)))
    await smtp.deliver(smtp.message(), b"<%b>" % hop.account())
    for session in await hop.account_sessions():
        if verb == b"STARTTLS" and session.secured:
            return holds(not session.leftover, expected="nothing behind STARTTLS", seen=session.leftover or b"nothing")
        if verb == b"AUTH" and session.authentications:
            grouped = [
                visible(each.mechanism)
                for each in session.authentications
                if each.pipelined and not (each.mechanism in ONE_ROUND and each.initial is not None)
            ]
            return holds(not grouped, expected="nothing behind AUTH", seen=", ".join(grouped) or "nothing")
    raise NotReady("next hop", f"the target said no {verb.decode('ascii')} there")


MANY = 100
"""Recipients that every server takes (RFC 5321 §4.5.3.1.8)."""

LONG_ADDRESS = b"y" * 60 + b"@" + (b"y" * 60 + b".") * 3 + b"example.test"
"""What makes a command long, where it has room for it."""

LONG_REPLY = reply_octets(250, *("x" * 450 for _ in range(2)), "OK")
"""The reply to a recipient, of which a few fill a window."""


@scenario("rfc2920/3.1/window", start=At.EHLO, facts=["own_network", "extended_next_hop"], alone=True)
async def group_larger_than_a_window_gets_through(smtp: Client, hop: Hop) -> Observation:
    """Where windows are small and replies are long, a message for many recipients gets through."""
    filling = b"-" + b"x" * 40
    paths = [b"<%b>" % hop.extended(local=b"r%d-%%b" % each + filling) for each in range(MANY)]
    hop.script(hop.token, Rule(Step.RCPT, LONG_REPLY))
    original = b" ORCPT=rfc822;" + LONG_ADDRESS if "DSN" in smtp.offers else b""
    async with hop.narrow(smtp.target.extended_next_hop or ""):
        presume(accepted(await smtp.mail(hop.path(new_token()))))
        for path in paths:
            presume(accepted(await smtp.rcpt(path, original)))
        presume(accepted(await smtp.data()))
        seen = await hop.transactions()
        if not seen:
            raise NotReady("next hop", "nothing came")
        await hop.ended(seen[0])
    connection = seen[0].connection
    told = f"the first session had {len(seen[0].recipients)} of {MANY} recipients"
    if connection.stuck:
        told += "; it was stuck: the client wrote and took no reply, so that we could take none of its commands"
    return holds(not connection.stuck, expected="replies taken meanwhile, or a group that fits", seen=told)
