"""RFC 3461 6.2 - Contents of the DSN."""

from __future__ import annotations

from conformance import (
    At,
    Client,
    Hop,
    NotReady,
    Observation,
    Rule,
    Step,
    delivery_report,
    holds,
    new_token,
    row,
    scenario,
    split_message,
    took,
    value_of,
    visible,
)

MARK = b"The line that only the whole message has."
LINE = b"y" * 70 + b"\r\n"
LONG = 1500
"""Lines of a message that some servers do not give back whole: 108,000 octets."""


async def came_back(smtp: Client, hop: Hop, parameters: bytes, *, refused: bool = True, lines: int = 1) -> bytes:
    """What comes back of a message with these parameters of MAIL.

    It is refused at the next hop, or relayed there under SUCCESS.

    Raises:
        NotReady: no notification came, or nothing of the message is in it.
    """
    sender = new_token()
    if refused:
        hop.script(hop.mailbox(), Rule.answer(Step.RCPT, 550))
    asked = b"" if refused else b" NOTIFY=SUCCESS"
    content = smtp.message(body=MARK + b"\r\n" + LINE * lines)
    await smtp.deliver(content, hop.path() + asked, reverse_path=hop.path(sender), parameters=parameters)
    returned = (await hop.report(sender)).returned
    if returned is None:
        raise NotReady("notification", "nothing of the message is in it")
    return returned.body


@scenario("rfc3461/6.2/multipart-report", start=At.EHLO, offers=["DSN"])
async def notification_is_a_multipart_report(smtp: Client, hop: Hop) -> Observation:
    """A notification is a multipart/report with report-type=delivery-status whose second part is for programs."""
    told = await hop.notification(await hop.refuses(smtp))
    said = value_of(split_message(told.content)[0], "Content-Type")
    words = said.lower().replace(b'"', b"").replace(b" ", b"")
    found = delivery_report(told.content)
    second = found is not None and found.parts[1:2] == (found.status,)
    good = words.startswith(b"multipart/report") and b"report-type=delivery-status" in words and second
    seen = f"{visible(said, 200)}, {'with' if second else 'without'} a second part for programs"
    return holds(good, expected="multipart/report; report-type=delivery-status", seen=seen)


@scenario("rfc3461/6.2/full-on-failure", start=At.EHLO, offers=["DSN"])
async def whole_message_comes_back_where_it_was_asked_for(smtp: Client, hop: Hop) -> Observation:
    """Under RET=FULL a notification of failure holds the whole message."""
    seen = await came_back(smtp, hop, b" RET=FULL")
    return holds(MARK in seen, expected="the whole message", seen=seen[:300])


@scenario(
    "rfc3461/6.2/success-headers-only",
    start=At.EHLO,
    offers=["DSN"],
    ret={"full": row(b" RET=FULL"), "none": row(b""), "restated": row(b"", "rfc3461/4.3/headers-on-success")},
)
async def success_brings_the_header_only(ret: bytes, smtp: Client, hop: Hop) -> Observation:
    """A notification of success holds the header of the message, and not its text."""
    seen = await came_back(smtp, hop, ret, refused=False)
    return holds(MARK not in seen, expected="the header only", seen=seen[-300:])


@scenario(
    "rfc3461/6.2/long-headers-only",
    start=At.EHLO,
    offers=["DSN"],
    case={
        "long-full": row((b" RET=FULL", LONG)),
        "no-ret": row((b"", 1), "rfc3461/4.3/either-without-ret"),
    },
)
async def whole_message_may_come_back(case: tuple[bytes, int], smtp: Client, hop: Hop) -> Observation:
    """Of a long message, or without RET, a notification of failure holds the whole message or its header."""
    parameters, lines = case
    seen = await came_back(smtp, hop, parameters, lines=lines)
    whole = MARK in seen and seen.count(LINE.strip()) >= lines
    return took("the whole message" if whole else "some of it" if MARK in seen else "the header")


@scenario("rfc3461/4.3/headers-when-asked", start=At.EHLO, offers=["DSN"])
async def header_alone_comes_back_where_it_was_asked_for(smtp: Client, hop: Hop) -> Observation:
    """Under RET=HDRS a notification of failure does not hold the text of the message."""
    seen = await came_back(smtp, hop, b" RET=HDRS")
    return holds(MARK not in seen, expected="the header only", seen=seen[-300:])
